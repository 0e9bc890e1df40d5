//! Whom a token stands for, asked by those who were shown one.

use super::self_subject::user_info;
use super::{Answering, Told, Virtual, answered, body, own};
use crate::authn::{self, Verified};
use crate::engine::{Api, Call, Outcome};
use meta::{Status, Value, value};

const TYPE: &str = "authentication.v1.TokenReview";

pub(super) struct TokenReview;

impl Virtual for TokenReview {
    fn of(&self) -> (&'static str, &'static str, &'static str) {
        ("authentication.k8s.io", "tokenreviews", "")
    }

    fn answer<'a>(&'a self, api: &'a Api, call: &'a Call, told: &'a mut Told) -> Answering<'a> {
        Box::pin(review(api, call, told))
    }
}

async fn review(api: &Api, call: &Call, told: &mut Told) -> Result<Outcome, Status> {
    let mut review = body(call, told, TYPE, &["authentication.k8s.io/v1"])?;
    let token = review.str("spec.token");
    if token.is_empty() {
        return Err(Status::bad_request("token is required for TokenReview in authentication"));
    }
    let mut audiences: Vec<String> =
        review.items("spec.audiences").iter().filter_map(Value::as_str).map(Into::into).collect();
    if audiences.is_empty() {
        audiences = api.tokens.audiences();
    }
    let status = match authn::verify(api, token, &audiences).await {
        Ok(Some(Verified { identity, audiences })) => {
            value!({"authenticated": true, "audiences": audiences, "user": (user_info(&identity))})
        }
        Ok(None) => refused("invalid bearer token".into()),
        Err(why) => refused(format!("[invalid bearer token, {why}]")),
    };
    review.set("apiVersion", "authentication.k8s.io/v1");
    review.set("kind", "TokenReview");
    own(api, call, TYPE, &mut review)?;
    review.set("status", status);
    answered(review)
}

fn refused(error: String) -> Value {
    value!({"error": error, "user": {}})
}
