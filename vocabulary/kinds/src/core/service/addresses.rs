//! A service's addresses and their families, on a cluster that has one family.

use meta::{Value, value};

/// The family of the cluster's service range.
const FAMILY: &str = "IPv4";

/// Brings `clusterIP` and `clusterIPs` in line: an older client writes only the first.
pub fn normalize(new: &mut Value, old: Option<&Value>) {
    let one = new.str("spec.clusterIP").to_string();
    let Some(old) = old else {
        if !one.is_empty() && new.items("spec.clusterIPs").is_empty() {
            new.set("spec.clusterIPs", vec![one]);
        }
        return;
    };
    let same_list = new.items("spec.clusterIPs") == old.items("spec.clusterIPs");
    let before = old.str("spec.clusterIP");
    if new.items("spec.clusterIPs").is_empty() && one == before {
        copy(new, old, "spec.clusterIPs");
    } else if one != before && same_list {
        match one.is_empty() {
            true => _ = new.remove("spec.clusterIPs"),
            false => new.set("spec.clusterIPs", vec![one]),
        }
    }
}

/// States family and policy where the client did not.
pub fn settle(new: &mut Value, old: Option<&Value>) {
    if old.is_none() {
        normalize(new, None);
    }
    if new.str("spec.type") == "ExternalName" {
        return;
    }
    let headless = new.str("spec.clusterIP") == "None";
    let free = headless && new.fields("spec.selector").next().is_none();
    let before = old.map_or("", |old| old.str("spec.ipFamilyPolicy"));
    let policy = match before {
        "" if free => "RequireDualStack",
        "" => "SingleStack",
        before => before,
    };
    new.set_if_absent("spec.ipFamilyPolicy", policy);
    families(new, free);
}

fn families(service: &mut Value, free: bool) {
    if service.items("spec.ipFamilies").is_empty() {
        let stated = service.items("spec.clusterIPs").iter().filter_map(Value::as_str).filter(|ip| *ip != "None");
        let mut families: Vec<&str> = stated.map(|ip| if ip.contains(':') { "IPv6" } else { "IPv4" }).collect();
        if families.is_empty() {
            families.push(FAMILY);
        }
        service.set("spec.ipFamilies", families);
    }
    let dual = service.str("spec.ipFamilyPolicy") != "SingleStack";
    if free && dual && service.items("spec.ipFamilies").len() == 1 {
        let other = if service.items("spec.ipFamilies")[0].as_str() == Some("IPv4") { "IPv6" } else { "IPv4" };
        let first = service.items("spec.ipFamilies")[0].clone();
        service.set("spec.ipFamilies", value!([first, other]));
    }
}

pub fn copy(new: &mut Value, old: &Value, path: &str) {
    match old.at(path) {
        Value::Null => _ = new.remove(path),
        value => new.set(path, value.clone()),
    }
}
