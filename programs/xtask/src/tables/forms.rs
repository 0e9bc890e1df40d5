//! The fields of upstream's internal types as Go declares them: in this order and under these names a message shows a
//! value of them.

use super::folder;
use crate::{Failure, failure, go_source};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Where a package's internal types are declared.
const HOMES: &[(&str, &str)] = &[
    ("admissionregistration.v1", "kubernetes@v1.35.4/pkg/apis/admissionregistration"),
    ("apiextensions.v1", "apiextensions-apiserver@v0.35.4/pkg/apis/apiextensions"),
    ("apiregistration.v1", "kube-aggregator@v0.35.4/pkg/apis/apiregistration"),
    ("apps.v1", "kubernetes@v1.35.4/pkg/apis/apps"),
    ("authentication.v1", "kubernetes@v1.35.4/pkg/apis/authentication"),
    ("authorization.v1", "kubernetes@v1.35.4/pkg/apis/authorization"),
    ("autoscaling.v2", "kubernetes@v1.35.4/pkg/apis/autoscaling"),
    ("batch.v1", "kubernetes@v1.35.4/pkg/apis/batch"),
    ("certificates.v1", "kubernetes@v1.35.4/pkg/apis/certificates"),
    ("coordination.v1", "kubernetes@v1.35.4/pkg/apis/coordination"),
    ("core.v1", "kubernetes@v1.35.4/pkg/apis/core"),
    ("discovery.v1", "kubernetes@v1.35.4/pkg/apis/discovery"),
    ("events.v1", "kubernetes@v1.35.4/pkg/apis/core"),
    ("flowcontrol.v1", "kubernetes@v1.35.4/pkg/apis/flowcontrol"),
    ("meta.v1", "apimachinery@v0.35.4/pkg/apis/meta/v1"),
    ("networking.v1", "kubernetes@v1.35.4/pkg/apis/networking"),
    ("node.v1", "kubernetes@v1.35.4/pkg/apis/node"),
    ("policy.v1", "kubernetes@v1.35.4/pkg/apis/policy"),
    ("rbac.v1", "kubernetes@v1.35.4/pkg/apis/rbac"),
    ("resource.v1", "kubernetes@v1.35.4/pkg/apis/resource"),
    ("scheduling.v1", "kubernetes@v1.35.4/pkg/apis/scheduling"),
    ("storage.v1", "kubernetes@v1.35.4/pkg/apis/storage"),
];

/// `core.v1.Volume Name +VolumeSource`: `+` before what is embedded, `?` after what may be nil; a name in lower case
/// is JSON's own.
pub fn write() -> Result<(), Failure> {
    let mut text = String::new();
    for (package, home) in HOMES {
        let source = failure::read(&go_source::modules().join("k8s.io").join(home).join("types.go"))?;
        let told = failure::read(&folder().join(format!("types/{package}.txt")))?;
        let served = |name: &str| told.lines().any(|line| line.split(' ').take(2).eq(["type", name]));
        let (structs, others) = declarations(&source);
        let within: BTreeSet<&str> = structs.iter().filter(|(name, _)| served(name)).flat_map(embedded).collect();
        for (name, fields) in structs.iter().filter(|(name, _)| served(name) || within.contains(*name)) {
            let words: Vec<String> = fields.iter().filter_map(|line| word(line, &others)).collect();
            writeln!(text, "{package}.{name} {}", words.join(" ")).expect("a String takes all");
        }
    }
    failure::write(&folder().join("forms.txt"), &text)
}

type Structs<'s> = BTreeMap<&'s str, Vec<&'s str>>;

/// The lines of every struct, and what other types are made of.
fn declarations(source: &str) -> (Structs<'_>, BTreeMap<&str, &str>) {
    let (mut structs, mut others, mut open) = (Structs::new(), BTreeMap::new(), None);
    for line in source.lines() {
        match (open, line.strip_prefix("type ").and_then(|rest| rest.split_once(' '))) {
            (Some(_), _) if line == "}" => open = None,
            (Some(name), _) => structs.entry(name).or_default().push(line.trim()),
            (None, Some((name, "struct {"))) => open = Some(name),
            (None, Some((name, other))) => _ = others.insert(name, other),
            _ => {}
        }
    }
    (structs, others)
}

/// Some types stand inside others only, and JSON does not know their names.
fn embedded<'s>((_, fields): (&&'s str, &Vec<&'s str>)) -> impl Iterator<Item = &'s str> {
    fields.clone().into_iter().filter(|line| !line.contains(' '))
}

fn word(line: &str, others: &BTreeMap<&str, &str>) -> Option<String> {
    let (declared, tags) = line.split_once('`').unwrap_or((line, ""));
    let declared = declared.split("//").next().unwrap_or_default();
    let mut words = declared.split_whitespace();
    let first = words.next().filter(|first| !first.ends_with("TypeMeta"))?;
    let Some(of) = words.next() else { return Some(format!("+{}", first.rsplit('.').next().unwrap_or(first))) };
    let tagged = tags.split("json:\"").nth(1).and_then(|rest| rest.split(['"', ',']).next());
    let nil = |of: &str| ["*", "[]", "map["].iter().any(|sign| of.starts_with(sign));
    let may_be_nil = nil(of) || others.get(of).is_some_and(|other| nil(other));
    let name = tagged.filter(|name| !name.is_empty()).unwrap_or(first);
    Some(format!("{name}{}", if may_be_nil { "?" } else { "" }))
}
