//! An ingress with the addresses behind its services.

use super::Asker;
use super::page::{Page, or};
use super::service::{endpoints, slices};
use crate::failure::Failure;
use crate::go;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, ingress: &Value, page: &mut Page) -> Result<(), Failure> {
    let spec = ingress.get("spec");
    page.field(0, "Name", ingress.str("metadata.name"));
    page.labels("Labels", ingress.at("metadata.labels"));
    page.field(0, "Namespace", ingress.str("metadata.namespace"));
    let addresses: Vec<String> =
        ingress.items("status.loadBalancer.ingress").iter().map(|one| or(one.str("ip"), one.str("hostname"))).collect();
    page.field(0, "Address", addresses.join(","));
    page.field(0, "Ingress Class", or(spec.str("ingressClassName"), "<none>"));
    let default = match spec.get("defaultBackend") {
        Value::Null => "<default>".to_string(),
        given => backend(asker, given),
    };
    page.field(0, "Default backend", &default);
    tls(page, spec.items("tls"));
    rules(asker, page, spec.items("rules"), &default);
    page.annotations("Annotations", ingress.at("metadata.annotations"));
    asker.events(page);
    Ok(())
}

fn tls(page: &mut Page, entries: &[Value]) {
    if !entries.is_empty() {
        page.line(0, "TLS:");
    }
    for entry in entries {
        let hosts: Vec<&str> = entry.items("hosts").iter().filter_map(Value::as_str).collect();
        page.line(
            1,
            match entry.str("secretName") {
                "" => format!("SNI routes {}", hosts.join(",")),
                secret => format!("{secret} terminates {}", hosts.join(",")),
            },
        );
    }
}

fn rules(asker: &Asker<'_, '_>, page: &mut Page, rules: &[Value], default: &str) {
    page.line(0, "Rules:\n  Host\tPath\tBackends");
    page.line(1, "----\t----\t--------");
    let with_paths: Vec<&Value> = rules.iter().filter(|rule| !rule.get("http").is_null()).collect();
    for rule in &with_paths {
        page.line(1, format!("{}\t", or(rule.str("host"), "*")));
        for path in rule.items("http.paths") {
            page.line(2, format!("\t{} \t{}", path.str("path"), backend(asker, path.get("backend"))));
        }
    }
    if with_paths.is_empty() {
        page.line(1, format!("*\t*\t{default}"));
    }
}

fn backend(asker: &Asker<'_, '_>, backend: &Value) -> String {
    let (service, resource) = (backend.get("service"), backend.get("resource"));
    if !service.is_null() {
        let port = service.get("port");
        let shown = if port.int("number") != 0 { go::sprint(port.get("number")) } else { port.str("name").to_string() };
        let word = format!("{}:{shown}", service.str("name"));
        return match behind(asker, service) {
            Ok(addresses) => format!("{word} ({addresses})"),
            Err(failure) => format!("{word} (<error: {failure}>)"),
        };
    }
    if resource.is_null() {
        return String::new();
    }
    let group = or(resource.str("apiGroup"), "<none>");
    format!("APIGroup: {group}, Kind: {}, Name: {}", resource.str("kind"), resource.str("name"))
}

fn behind(asker: &Asker<'_, '_>, backend: &Value) -> Result<String, Failure> {
    let slices = slices(asker, backend.str("name"))?;
    let path = format!("/api/v1/namespaces/{}/services/{}", asker.target.namespace, backend.str("name"));
    let service = asker.get(&path)?;
    let port = backend.get("port");
    let meant = |one: &&Value| match port.int("number") {
        0 => one.str("name") == port.str("name"),
        number => one.int("port") == number,
    };
    let name = service.items("spec.ports").iter().find(meant).map_or("", |port| port.str("name"));
    Ok(endpoints(&slices, Some(name)))
}
