//! A URL's query to options, with upstream's complaints.

use client::{DeleteOptions, ListOptions, VersionMatch, WriteOptions};
use meta::{ErrorList, FieldError, Gvk, Path, Status, Value};
use percent_encoding::percent_decode_str;
use plan::Propagation;

/// The pairs of a query, decoded.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: Option<&str>) -> Query {
        let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = text.unwrap_or("").split('&').filter(|pair| !pair.is_empty());
        Query(
            pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decode(k), decode(v))).collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or("").to_string()
    }

    /// As Go's option decoding reads a flag: present and not false.
    pub fn flag(&self, name: &str) -> bool {
        self.optional_flag(name).unwrap_or(false)
    }

    pub fn optional_flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| !matches!(value, "false" | "0"))
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Status> {
        match self.get(name) {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))),
        }
    }

    pub fn list_options(&self) -> Result<ListOptions, Status> {
        let version_match = match self.get("resourceVersionMatch") {
            None | Some("") => None,
            Some("Exact") => Some(VersionMatch::Exact),
            Some("NotOlderThan") => Some(VersionMatch::NotOlderThan),
            Some(other) => return Err(self.unsupported_match(other)),
        };
        let options = ListOptions {
            label_selector: self.text("labelSelector"),
            field_selector: self.text("fieldSelector"),
            // Upstream takes a limit below nothing for none.
            limit: self.number("limit")?.map_or(0, |limit: i64| limit.max(0).cast_unsigned()),
            continue_token: self.text("continue"),
            resource_version: self.text("resourceVersion"),
            version_match,
            timeout_seconds: self.number("timeoutSeconds")?,
            bookmarks: self.flag("allowWatchBookmarks"),
            send_initial_events: self.optional_flag("sendInitialEvents"),
        };
        if !self.flag("watch") {
            check_list(&options)?;
        }
        Ok(options)
    }

    pub fn write_options(&self, kind: &str) -> Result<WriteOptions, Status> {
        Ok(WriteOptions {
            dry_run: self.dry_run(kind)?,
            field_manager: self.field_manager(kind)?.into(),
            field_validation: self.text("fieldValidation").into(),
            force: self.flag("force"),
        })
    }

    fn dry_run(&self, kind: &str) -> Result<bool, Status> {
        let stages = self.all("dryRun");
        if stages.iter().all(|stage| *stage == "All") {
            return Ok(!stages.is_empty());
        }
        let value = Value::List(stages.into_iter().map(Value::from).collect());
        let error = FieldError::not_supported(&Path::new("dryRun"), value, ["All"]);
        Err(Status::invalid(&Gvk::new("meta.k8s.io", "", kind), "", &ErrorList(vec![error])))
    }

    fn field_manager(&self, kind: &str) -> Result<String, Status> {
        let manager = self.text("fieldManager");
        let path = Path::new("fieldManager");
        let hidden = manager.char_indices().find(|(_, c)| c.is_control());
        let error = match hidden {
            _ if manager.len() > 128 => FieldError::too_long(&path, 128),
            Some((position, c)) => {
                let why = format!("invalid character U+{:04X} (at position {position})", c as u32);
                FieldError::invalid(&path, manager, why)
            }
            None => return Ok(manager),
        };
        Err(Status::invalid(&Gvk::new("meta.k8s.io", "", kind), "", &ErrorList(vec![error])))
    }

    /// Of a word that means no match, and of what it would need besides.
    fn unsupported_match(&self, word: &str) -> Status {
        let path = Path::new("resourceVersionMatch");
        let mut errors = ErrorList::default();
        if self.text("resourceVersion").is_empty() {
            errors.push(FieldError::forbidden(&path, VERSION_NEEDED));
        }
        errors.push(FieldError::not_supported(&path, word, ["Exact", "NotOlderThan", ""]));
        Status::invalid(&Gvk::new("meta.k8s.io", "", "ListOptions"), "", &errors)
    }

    /// The options of a deletion: those of the body where it has one, else those of the query.
    pub fn delete_options(&self, body: &Value) -> Result<DeleteOptions, Status> {
        if body.as_map().is_some_and(|map| !map.is_empty()) {
            return delete_body(body);
        }
        Ok(DeleteOptions {
            grace_seconds: self.number("gracePeriodSeconds")?,
            propagation: self.get("propagationPolicy").map(propagation).transpose()?,
            orphan_dependents: self.optional_flag("orphanDependents"),
            ..DeleteOptions::default()
        })
    }
}

pub(crate) fn delete_body(body: &Value) -> Result<DeleteOptions, Status> {
    let text = |path: &str| body.at(path).as_str().filter(|text| !text.is_empty());
    let stages = body.get("dryRun");
    if body.items("dryRun").iter().any(|stage| stage.as_str() != Some("All")) {
        let error = FieldError::not_supported(&Path::new("dryRun"), stages.clone(), ["All"]);
        return Err(Status::invalid(&Gvk::new("meta.k8s.io", "", "DeleteOptions"), "", &ErrorList(vec![error])));
    }
    Ok(DeleteOptions {
        grace_seconds: body.get("gracePeriodSeconds").as_int(),
        propagation: text("propagationPolicy").map(propagation).transpose()?,
        uid: text("preconditions.uid").map(Into::into),
        resource_version: text("preconditions.resourceVersion").map(Into::into),
        orphan_dependents: body.get("orphanDependents").as_bool(),
    })
}

fn propagation(word: &str) -> Result<Propagation, Status> {
    match word {
        "Orphan" => Ok(Propagation::Orphan),
        "Background" => Ok(Propagation::Background),
        "Foreground" => Ok(Propagation::Foreground),
        other => {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            let error = FieldError::not_supported(&Path::new("propagationPolicy"), other, supported);
            Err(Status::invalid(&Gvk::new("meta.k8s.io", "", "DeleteOptions"), "", &ErrorList(vec![error])))
        }
    }
}

const VERSION_NEEDED: &str = "resourceVersionMatch is forbidden unless resourceVersion is provided";

fn list_invalid(error: FieldError) -> Status {
    Status::invalid(&Gvk::new("meta.k8s.io", "", "ListOptions"), "", &ErrorList(vec![error]))
}

/// What a watch may ask for is judged where it begins.
fn check_list(options: &ListOptions) -> Result<(), Status> {
    if options.send_initial_events.is_some() {
        let path = Path::new("sendInitialEvents");
        return Err(list_invalid(FieldError::forbidden(&path, "sendInitialEvents is forbidden for list")));
    }
    if options.version_match.is_none() {
        return Ok(());
    }
    let path = Path::new("resourceVersionMatch");
    let forbidden = |why: &str| Err(list_invalid(FieldError::forbidden(&path, why)));
    if options.resource_version.is_empty() {
        return forbidden(VERSION_NEEDED);
    }
    if !options.continue_token.is_empty() {
        return forbidden("resourceVersionMatch is forbidden when continue is provided");
    }
    if options.version_match == Some(VersionMatch::Exact) && options.resource_version == "0" {
        return forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse(Some("labelSelector=a%3Db%2Cc+in+%28d%29&watch=true&limit=5&x"));
        assert_eq!(query.get("labelSelector"), Some("a=b,c in (d)"));
        assert!(query.flag("watch") && query.flag("x") && !query.flag("y"));
        assert_eq!(query.list_options().unwrap().limit, 5);
        for broken in [
            "limit=x",
            "limit=",
            "sendInitialEvents=true",
            "resourceVersionMatch=Foo",
            "resourceVersionMatch=Exact",
            "resourceVersion=0&resourceVersionMatch=Exact",
        ] {
            assert!(Query::parse(Some(broken)).list_options().is_err(), "{broken}");
        }
    }
}
