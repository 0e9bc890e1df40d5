//! How methods are named, worded and asked: tables of what documents say.

use super::operation::{BOOLEAN, INTEGER, STRING};
use kinds::Verb;

pub const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
pub const WATCH_EVENT: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent";
pub const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
pub const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

/// A query parameter and its type.
type Query = (&'static str, &'static str);

const LIST: &[Query] = &[
    ("allowWatchBookmarks", BOOLEAN),
    ("continue", STRING),
    ("fieldSelector", STRING),
    ("labelSelector", STRING),
    ("limit", INTEGER),
    ("resourceVersion", STRING),
    ("resourceVersionMatch", STRING),
    ("sendInitialEvents", BOOLEAN),
    ("timeoutSeconds", INTEGER),
    ("watch", BOOLEAN),
];
const WRITTEN: &[Query] = &[("dryRun", STRING), ("fieldManager", STRING), ("fieldValidation", STRING)];
const PATCHED: &[Query] =
    &[("dryRun", STRING), ("fieldManager", STRING), ("fieldValidation", STRING), ("force", BOOLEAN)];
const DELETED: &[Query] = &[
    ("dryRun", STRING),
    ("gracePeriodSeconds", INTEGER),
    ("ignoreStoreReadErrorWithClusterBreakingPotential", BOOLEAN),
    ("orphanDependents", BOOLEAN),
    ("propagationPolicy", STRING),
];
const COLLECTION_DELETED: &[Query] = &[
    ("continue", STRING),
    ("dryRun", STRING),
    ("fieldSelector", STRING),
    ("gracePeriodSeconds", INTEGER),
    ("ignoreStoreReadErrorWithClusterBreakingPotential", BOOLEAN),
    ("labelSelector", STRING),
    ("limit", INTEGER),
    ("orphanDependents", BOOLEAN),
    ("propagationPolicy", STRING),
    ("resourceVersion", STRING),
    ("resourceVersionMatch", STRING),
    ("sendInitialEvents", BOOLEAN),
    ("timeoutSeconds", INTEGER),
];

/// One method of a path.
pub struct Method {
    pub verb: Verb,
    pub http: &'static str,
    pub action: &'static str,
    /// Begins the operation's id.
    pub word: &'static str,
    /// Stands in the id before what is named.
    pub middle: &'static str,
    /// Begins the description; the kind follows, then what comes after it.
    pub phrase: &'static str,
    pub after: &'static str,
    pub parameters: &'static [Query],
}

const fn method(verb: Verb, [http, action, word, phrase]: [&'static str; 4], parameters: &'static [Query]) -> Method {
    Method { verb, http, action, word, middle: "", phrase, after: "", parameters }
}

pub const COLLECTION: &[Method] = &[
    method(Verb::List, ["get", "list", "list", "list objects of kind"], LIST),
    method(Verb::Create, ["post", "post", "create", "create"], WRITTEN),
    Method {
        middle: "Collection",
        ..method(
            Verb::DeleteCollection,
            ["delete", "deletecollection", "delete", "delete collection of"],
            COLLECTION_DELETED,
        )
    },
];
const GET: Method = method(Verb::Get, ["get", "get", "read", "read the specified"], &[]);
const UPDATE: Method = method(Verb::Update, ["put", "put", "replace", "replace the specified"], WRITTEN);
const CHANGE: Method = method(Verb::Patch, ["patch", "patch", "patch", "partially update the specified"], PATCHED);
pub const ITEM: &[Method] =
    &[GET, UPDATE, CHANGE, method(Verb::Delete, ["delete", "delete", "delete", "delete"], DELETED)];
pub const PART: &[Method] = &[GET, method(Verb::Create, ["post", "post", "create", "create"], WRITTEN), UPDATE, CHANGE];
pub const WATCH: Method = Method {
    after: ". deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the \
            'fieldSelector' parameter.",
    ..method(Verb::Watch, ["get", "watch", "watch", "watch changes to an object of kind"], LIST)
};
pub const WATCH_LIST: Method = Method {
    after: ". deprecated: use the 'watch' parameter with a list operation instead.",
    ..method(Verb::Watch, ["get", "watchlist", "watch", "watch individual changes to a list of"], LIST)
};

pub const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
pub const ANY: &[&str] = &["*/*"];
pub const ANSWERS: &[&str] = &[JSON, YAML, PROTOBUF];
pub const LOGS: &[&str] = &["text/plain", JSON, YAML, PROTOBUF];

/// The media types of an answer; a watch streams those that can be framed.
pub fn produces(custom: bool, watched: bool) -> &'static [&'static str] {
    const STREAMED: &[&str] =
        &[JSON, YAML, PROTOBUF, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
    match (custom, watched) {
        (true, _) => &[JSON, YAML],
        (false, true) => STREAMED,
        (false, false) => ANSWERS,
    }
}

/// Custom kinds know no strategic merge.
pub fn patches(custom: bool) -> &'static [&'static str] {
    const ALL: &[&str] = &[
        "application/apply-patch+yaml",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ];
    if custom { &ALL[..3] } else { ALL }
}

pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `scheduling.k8s.io` is `Scheduling`, the legacy group `Core`, any other all of its words.
pub fn group_word(group: &str) -> String {
    match group {
        "" => "Core".into(),
        other => other.trim_end_matches(".k8s.io").split('.').map(capital).collect(),
    }
}

/// The word by which documents gather a group's operations.
pub fn tag(group: &str) -> String {
    let word = group_word(group);
    let mut chars = word.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// ` a Pod`, ` an Ingress`, `Endpoints` after a blank: a plural has no article.
pub fn with_article(kind: &str) -> String {
    if kind.ends_with('s') && !kind.ends_with("ss") {
        return format!(" {kind}");
    }
    let vowel = kind.starts_with(['A', 'E', 'I', 'O', 'U']);
    format!(" {} {kind}", if vowel { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_articles() {
        for (kind, expect) in [
            ("Pod", " a Pod"),
            ("Ingress", " an Ingress"),
            ("Endpoints", " Endpoints"),
            ("IngressClass", " an IngressClass"),
        ] {
            assert_eq!(with_article(kind), expect);
        }
    }

    #[test]
    fn groups_have_words() {
        for (group, word, own) in [
            ("", "Core", "core"),
            ("apps", "Apps", "apps"),
            ("scheduling.k8s.io", "Scheduling", "scheduling"),
            ("flowcontrol.apiserver.k8s.io", "FlowcontrolApiserver", "flowcontrolApiserver"),
            ("stable.example.com", "StableExampleCom", "stableExampleCom"),
        ] {
            assert_eq!((group_word(group).as_str(), tag(group).as_str()), (word, own));
        }
    }
}
