//! `kubectl api-resources` and `kubectl api-versions`.

use crate::command::Command;
use crate::discovery::Resource;
use crate::failure::Failure;
use crate::flags::{self, Flag, Kind};
use crate::print::tabs;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    flags::text("api-group"),
    Flag::of(Kind::Bool, "namespaced", "true"),
    flags::list("verbs"),
    flags::list("categories"),
    flags::switch("no-headers"),
    flags::switch("cached"),
    flags::text("sort-by"),
    flags::text("output").short('o'),
];

pub const RESOURCES: Command =
    Command::new("api-resources", "List what the server serves", "").flags(&[FLAGS]).run(resources);
pub const VERSIONS: Command = Command::new("api-versions", "List groups and versions", "").run(versions);

fn resources(session: &Session<'_>) -> Result<(), Failure> {
    let flags = &session.flags;
    check(session)?;
    let discovery = session.discovery()?;
    let mut shown: Vec<&Resource> = Vec::new();
    for resource in &discovery.resources {
        // Of each resource the version that its group prefers, which comes first.
        let known = shown.iter().any(|other| other.group == resource.group && other.plural == resource.plural);
        if !known && wanted(session, resource) {
            shown.push(resource);
        }
    }
    shown.sort_by(|a, b| match flags.text("sort-by") {
        "name" => a.plural.cmp(&b.plural),
        "kind" => a.kind.cmp(&b.kind),
        _ => (&a.group, &a.plural).cmp(&(&b.group, &b.plural)),
    });
    if flags.text("output") == "name" {
        shown.iter().for_each(|resource| session.say(resource.qualified()));
        return Ok(());
    }
    let wide = flags.text("output") == "wide";
    let mut table = String::new();
    if !flags.has("no-headers") {
        table.push_str("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND");
        table.push_str(if wide { "\tVERBS\tCATEGORIES\n" } else { "\n" });
    }
    shown.iter().for_each(|resource| table.push_str(&line(resource, wide)));
    session.console.print(&tabs::align(&table, tabs::TABLE));
    Ok(())
}

fn check(session: &Session<'_>) -> Result<(), Failure> {
    if !matches!(session.flags.text("sort-by"), "" | "name" | "kind") {
        return Err(Failure::text("--sort-by accepts only name or kind"));
    }
    if !session.arguments().is_empty() {
        return Err(session.usage(format!("unexpected arguments: [{}]", session.arguments().join(" "))));
    }
    match session.flags.text("output") {
        "" | "wide" | "name" => Ok(()),
        other => Err(Failure::text(format!(
            "unable to match a printer suitable for the output format {}, allowed formats are: json,kyaml,name,wide,yaml",
            meta::quote(other)
        ))),
    }
}

fn wanted(session: &Session<'_>, resource: &Resource) -> bool {
    let flags = &session.flags;
    let all = |flag: &str, have: &[String]| flags.list(flag).iter().all(|word| have.contains(word));
    let group = !flags.changed("api-group") || resource.group == flags.text("api-group");
    let scope = !flags.changed("namespaced") || resource.namespaced == flags.has("namespaced");
    group
        && scope
        && !resource.verbs.is_empty()
        && all("verbs", &resource.verbs)
        && all("categories", &resource.categories)
}

fn line(resource: &Resource, wide: bool) -> String {
    let (short, namespaced) = (resource.short.join(","), resource.namespaced);
    let line = format!("{}\t{short}\t{}\t{namespaced}\t{}", resource.plural, resource.api_version(), resource.kind);
    match wide {
        true => format!("{line}\t{}\t{}\n", resource.verbs.join(","), resource.categories.join(",")),
        false => format!("{line}\n"),
    }
}

fn versions(session: &Session<'_>) -> Result<(), Failure> {
    if !session.arguments().is_empty() {
        return Err(session.usage(format!("unexpected arguments: [{}]", session.arguments().join(" "))));
    }
    let mut versions = session.discovery()?.versions.clone();
    versions.sort();
    versions.iter().for_each(|version| session.say(version));
    Ok(())
}
