//! A conversion webhook: asked once for all objects of an answer; what it may not touch is put back.

use crate::engine::Api;
use crate::outbound::Peer;
use crate::rows::Row;
use meta::{GroupVersion, Status, Value, value};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Converter {
    peer: Result<Peer, String>,
    review_version: Option<&'static str>,
}

impl Converter {
    /// None: objects of all versions have one form.
    pub fn of(conversion: &Value) -> Option<Converter> {
        if conversion.str("strategy") != "Webhook" {
            return None;
        }
        let webhook = conversion.get("webhook");
        let accepted = webhook.items("conversionReviewVersions").iter().filter_map(Value::as_str);
        let known = accepted.filter_map(|version| ["v1", "v1beta1"].into_iter().find(|known| *known == version));
        let peer = Peer::of(webhook.get("clientConfig"));
        Some(Converter { peer, review_version: known.into_iter().next() })
    }

    pub(crate) async fn convert(
        &self,
        api: &Api,
        row: &Row,
        values: Vec<Value>,
        to: &str,
    ) -> Result<Vec<Value>, Status> {
        let wanted: Vec<Value> = values.iter().filter(|value| value.str("apiVersion") != to).cloned().collect();
        let Some(first) = wanted.first() else { return Ok(values) };
        let from = first.str("apiVersion").to_string();
        let failed = |why: String| failure(&from, &row.def.names.kind, &why);
        let converted = self.ask(api, &wanted, to).await.map_err(&failed)?;
        let mut converted = converted.into_iter();
        let mut out = Vec::with_capacity(values.len());
        for value in values {
            if value.str("apiVersion") == to {
                out.push(value);
                continue;
            }
            let new = converted.next().ok_or_else(|| failed("an object is missing in its answer".into()))?;
            out.push(settled(row, &value, new, to).map_err(&failed)?);
        }
        Ok(out)
    }

    async fn ask(&self, api: &Api, objects: &[Value], to: &str) -> Result<Vec<Value>, String> {
        let peer = self.peer.as_ref().map_err(Clone::clone)?;
        let version = self.review_version.ok_or("it accepts no known version of ConversionReview")?;
        let uid = api.clock.uuid();
        let question = value!({
            "kind": "ConversionReview",
            "apiVersion": (format!("apiextensions.k8s.io/{version}")),
            "request": {"uid": (&uid), "desiredAPIVersion": to, "objects": (Value::List(objects.to_vec()))},
        });
        let answer = peer.post(api, question.to_json().into(), PATIENCE).await?;
        read(&answer, &uid, objects.len())
    }
}

fn failure(from: &str, kind: &str, why: &str) -> Status {
    let message = format!("conversion webhook for {from}, Kind={kind} failed: {why}");
    Status { status: "Failure".into(), message, code: 500, ..Status::default() }
}

fn read(answer: &Value, uid: &str, wanted: usize) -> Result<Vec<Value>, String> {
    let response = answer.get("response");
    if response.is_null() {
        return Err("no response provided".into());
    }
    if response.str("uid") != uid {
        return Err(format!("expected response.uid={uid:?}, got {:?}", response.str("uid")));
    }
    match response.str("result.status") {
        "Success" => {}
        "Failure" if !response.str("result.message").is_empty() => return Err(response.str("result.message").into()),
        "Failure" => return Err("unknown status".into()),
        other => return Err(format!("response.result.status should be either 'Success' or 'Failure', got {other:?}")),
    }
    let objects = response.items("convertedObjects");
    match objects.len() == wanted {
        true => Ok(objects.to_vec()),
        false => Err(format!("expected {wanted} converted objects, got {}", objects.len())),
    }
}

/// The converted object with the metadata that it had, but for labels and annotations, as its schema keeps it.
fn settled(row: &Row, before: &Value, mut new: Value, to: &str) -> Result<Value, String> {
    if new.str("apiVersion") != to || new.str("kind") != before.str("kind") {
        let (version, kind) = (new.str("apiVersion"), new.str("kind"));
        return Err(format!(
            "invalid converted object: expected {to}, Kind={}, got {version}, Kind={kind}",
            before.str("kind")
        ));
    }
    for field in ["name", "namespace", "uid"] {
        let (old, own) = (before.get("metadata").get(field), new.get("metadata").get(field));
        if !own.is_null() && old != own {
            return Err(format!("invalid metadata in converted object: {field} must not change"));
        }
    }
    let mut metadata = before.get("metadata").clone();
    for field in ["labels", "annotations"] {
        match new.get("metadata").get(field) {
            Value::Null => drop(metadata.remove(field)),
            own => metadata.set(field, own.clone()),
        }
    }
    new.set("metadata", metadata);
    let version = GroupVersion::parse(to).and_then(|parsed| row.def.version(&parsed.version).cloned());
    let schema = version.ok_or("the version is not known")?.schema;
    let mut kept = schema.decode_value(new).map_err(|error| error.to_string())?.value;
    schema.default(&mut kept);
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        for (response, expect) in [
            (value!({"uid": "u", "result": {"status": "Success"}, "convertedObjects": [{}]}), Ok(1)),
            (value!({"uid": "u", "result": {"status": "Success"}}), Err("expected 1 converted objects, got 0")),
            (value!({"uid": "u", "result": {"status": "Failure", "message": "no"}}), Err("no")),
            (value!({"uid": "x"}), Err("expected response.uid=\"u\", got \"x\"")),
            (value!(null), Err("no response provided")),
        ] {
            let found = read(&value!({"response": response}), "u", 1).map(|objects| objects.len());
            assert_eq!(found, expect.map_err(String::from));
        }
    }

    #[test]
    fn only_webhooks_are_asked() {
        assert!(Converter::of(&value!({"strategy": "None"})).is_none());
        assert!(Converter::of(&value!({"strategy": "Webhook"})).is_some());
    }
}
