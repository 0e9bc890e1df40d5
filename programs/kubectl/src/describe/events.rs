//! The events at the end of a page.

use super::Asker;
use super::page::Page;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, page: &mut Page) {
    // Events are an extra: who may not read them is shown the rest, as upstream does.
    let Ok(mut events) = find(asker) else { return };
    if events.is_empty() {
        page.field(0, "Events", "<none>");
        return;
    }
    page.flush();
    events.sort_by_key(|event| (event.str("lastTimestamp").to_string(), event.str("metadata.name").to_string()));
    page.line(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage");
    page.line(1, "----\t------\t----\t----\t-------");
    for event in &events {
        page.line(1, line(asker, event));
    }
}

fn find(asker: &Asker<'_, '_>) -> Result<Vec<Value>, crate::failure::Failure> {
    let object = &asker.target.object;
    let namespaced = asker.target.resource.namespaced;
    let path = match namespaced {
        true => format!("/api/v1/namespaces/{}/events", asker.target.namespace),
        false => "/api/v1/events".into(),
    };
    let mut fields = vec![format!("involvedObject.name={}", asker.target.name)];
    if namespaced {
        fields.push(format!("involvedObject.namespace={}", asker.target.namespace));
    }
    if asker.target.resource.kind != "Pod" {
        fields.push(format!("involvedObject.kind={}", asker.target.resource.kind));
    }
    let uid = |uid: &str| {
        let mut fields = fields.clone();
        fields.push(format!("involvedObject.uid={uid}"));
        asker.list(path.clone(), "", &fields.join(","))
    };
    let mut events = uid(object.str("metadata.uid"))?;
    if asker.target.resource.is("", "Node") {
        events.extend(uid(&asker.target.name)?); // a kubelet names its node by name where others use the uid
    }
    Ok(events)
}

fn line(asker: &Asker<'_, '_>, event: &Value) -> String {
    let first = if event.get("eventTime").is_null() { "firstTimestamp" } else { "eventTime" };
    let first = asker.age(event.get(first));
    let count = event.int("count");
    let age = if !event.get("series").is_null() {
        let last = asker.age(event.at("series.lastObservedTime"));
        format!("{last} (x{} over {first})", event.int("series.count"))
    } else if count > 1 {
        format!("{} (x{count} over {first})", asker.age(event.get("lastTimestamp")))
    } else {
        first
    };
    let source = super::page::or(event.str("source.component"), event.str("reportingComponent"));
    let mut message = event.str("message").trim().to_string();
    let place = event.str("involvedObject.fieldPath");
    if !place.is_empty() {
        message = format!("{place}: {message}");
    }
    format!("{}\t{}\t{age}\t{source}\t{message}", event.str("type"), event.str("reason"))
}
