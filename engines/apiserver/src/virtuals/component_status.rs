//! The health of what the API stands on, asked for at each reading. Parts that run elsewhere tell of themselves by their
//! leases; here only the store can be asked.

use super::{Answering, Told, Virtual};
use crate::engine::{Api, Call, Outcome};
use client::Answer;
use kinds::Verb;
use meta::{Gvr, Object, Status, Value, value};
use std::sync::Arc;

/// The name that clients know the store by.
const STORE: &str = "etcd-0";
const DEPRECATED: &str = "v1 ComponentStatus is deprecated in v1.19+";

pub(super) struct ComponentStatus(pub Verb);

impl Virtual for ComponentStatus {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        ("", "componentstatuses", "")
    }

    fn verb(&self) -> Verb {
        self.0
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a> {
        Box::pin(async move {
            let store = Arc::new(Object::from_value(&store(api).await).map_err(Status::internal)?);
            let name = &call.request.key.name;
            let answer = match self.0 {
                Verb::Get if name != STORE => return Err(unknown(name)),
                Verb::Get => Answer::Object(store),
                _ => Answer::List {
                    resource_version: 0,
                    continue_token: String::new(),
                    remaining: None,
                    items: vec![store],
                },
            };
            told.push(DEPRECATED.into());
            Ok(Outcome::of(answer))
        })
    }
}

async fn store(api: &Api) -> Value {
    let condition = match api.store.revision().await {
        Ok(_) => value!({"type": "Healthy", "status": "True", "message": "ok"}),
        Err(why) => value!({"type": "Healthy", "status": "False", "message": (why.to_string())}),
    };
    value!({"apiVersion": "v1", "kind": "ComponentStatus", "metadata": {"name": STORE}, "conditions": [condition]})
}

/// Upstream names the kind in the singular here, and nowhere else.
fn unknown(name: &str) -> Status {
    let unknown = Status::not_found(&Gvr::new("", "v1", "componentstatus"), name);
    Status { warnings: [DEPRECATED.into()].into(), ..unknown }
}
