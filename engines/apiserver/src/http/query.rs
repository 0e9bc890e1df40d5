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

    /// Of a list's options, the reader of one object has only this.
    pub fn get_options(&self) -> ListOptions {
        ListOptions { resource_version: self.text("resourceVersion"), ..ListOptions::default() }
    }

    pub fn list_options(&self) -> Result<ListOptions, Status> {
        let word = self.text("resourceVersionMatch");
        let version_match = match word.as_str() {
            "Exact" => Some(VersionMatch::Exact),
            "NotOlderThan" => Some(VersionMatch::NotOlderThan),
            _ => None,
        };
        let unknown = version_match.is_none() && !word.is_empty();
        if unknown || !self.flag("watch") {
            self.check_list(&word)?;
        }
        Ok(ListOptions {
            label_selector: self.text("labelSelector"),
            field_selector: self.text("fieldSelector"),
            // Upstream takes a limit below nothing for none.
            limit: self.number("limit")?.map_or(0, |limit: i64| limit.max(0).cast_unsigned()),
            continue_token: self.text("continue"),
            resource_version: self.text("resourceVersion"),
            version_match,
            // As with the limit, a time below nothing is none.
            timeout_seconds: self.number("timeoutSeconds")?.and_then(|seconds: i64| u64::try_from(seconds).ok()),
            bookmarks: self.flag("allowWatchBookmarks"),
            send_initial_events: self.optional_flag("sendInitialEvents"),
        })
    }

    /// What a watch may ask for is judged where it begins, but for a word that means no match at all.
    fn check_list(&self, word: &str) -> Result<(), Status> {
        if self.get("sendInitialEvents").is_some() && !self.flag("watch") {
            let path = Path::new("sendInitialEvents");
            return Err(list_invalid(vec![FieldError::forbidden(&path, "sendInitialEvents is forbidden for list")]));
        }
        let errors = if word.is_empty() { Vec::new() } else { self.match_errors(word) };
        if errors.is_empty() { Ok(()) } else { Err(list_invalid(errors)) }
    }

    fn match_errors(&self, word: &str) -> Vec<FieldError> {
        let path = Path::new("resourceVersionMatch");
        let forbidden = |when: bool, why: &str| when.then(|| FieldError::forbidden(&path, why));
        let unknown = !matches!(word, "Exact" | "NotOlderThan");
        let of_anything = word == "Exact" && self.get("resourceVersion") == Some("0");
        let all = [
            forbidden(self.text("resourceVersion").is_empty(), VERSION_NEEDED),
            forbidden(!self.text("continue").is_empty(), "resourceVersionMatch is forbidden when continue is provided"),
            unknown.then(|| FieldError::not_supported(&path, word, ["Exact", "NotOlderThan", ""])),
            forbidden(of_anything, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""),
        ];
        all.into_iter().flatten().collect()
    }

    /// To take fields from their owners is for an apply alone.
    pub fn check_not_forced(&self) -> Result<(), Status> {
        let Some(_) = self.get("force") else { return Ok(()) };
        let error = FieldError::forbidden(&Path::new("force"), "may not be specified for non-apply patch");
        Err(Status::invalid(&Gvk::new("meta.k8s.io", "", "PatchOptions"), "", &ErrorList(vec![error])))
    }

    /// What a Table's rows may carry of their objects.
    pub fn check_included(&self) -> Result<(), Status> {
        match self.get("includeObject") {
            None | Some("" | "None" | "Metadata" | "Object") => Ok(()),
            Some(other) => Err(Status::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
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
    // An empty text is a value like another: no object has it, and no policy is called so.
    let text = |path: &str| body.at(path).as_str();
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

fn list_invalid(errors: Vec<FieldError>) -> Status {
    Status::invalid(&Gvk::new("meta.k8s.io", "", "ListOptions"), "", &ErrorList(errors))
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
