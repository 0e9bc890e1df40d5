//! What a node's pods ask for and may have, beside what it has.

use super::Asker;
use super::page::Page;
use crate::failure::Failure;
use meta::quantity::Format;
use meta::{Map, Quantity, Value};

const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// An amount in thousandths, and how it is written.
#[derive(Clone, Copy)]
struct Amount {
    milli: i128,
    format: Option<Format>,
}

impl Amount {
    const NONE: Amount = Amount { milli: 0, format: None };

    fn parse(value: &Value) -> Amount {
        match value.as_str().map(Quantity::parse) {
            Some(Ok(quantity)) if quantity.is_whole() => {
                Amount { milli: i128::from(quantity.value()) * 1000, format: Some(quantity.format()) }
            }
            Some(Ok(quantity)) => Amount { milli: i128::from(quantity.milli_value()), format: Some(quantity.format()) },
            _ => Amount::NONE,
        }
    }

    fn plus(self, other: Amount) -> Amount {
        Amount { milli: self.milli + other.milli, format: self.format.or(other.format) }
    }

    fn most(self, other: Amount) -> Amount {
        if other.milli > self.milli { other } else { self }
    }

    fn text(self) -> String {
        let quantity = match self.milli % 1000 {
            0 => Quantity::units((self.milli / 1000) as i64, self.format.unwrap_or(Format::DecimalSi)),
            _ => Quantity::milli(self.milli as i64),
        };
        quantity.to_string()
    }

    fn share(self, whole: Amount) -> String {
        let percent = if whole.milli == 0 { 0 } else { self.milli * 100 / whole.milli };
        format!("{} ({percent}%)", self.text())
    }
}

pub fn describe(asker: &Asker<'_, '_>, node: &Value, page: &mut Page) -> Result<(), Failure> {
    let fields = format!("spec.nodeName={},status.phase!=Succeeded,status.phase!=Failed", asker.target.name);
    let pods = match asker.list("/api/v1/pods".into(), "", &fields) {
        Ok(pods) => pods,
        Err(failure) if failure.has_reason("Forbidden") => {
            page.field(0, "Pods", "not authorized");
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    let status = node.get("status");
    let has = if status.get("allocatable").is_empty() { status.get("capacity") } else { status.get("allocatable") };
    each_pod(asker, page, &pods, has);
    page.line(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)");
    page.line(1, "Resource\tRequests\tLimits");
    page.line(1, "--------\t--------\t------");
    let sum = |name: &str, list: &str| pods.iter().map(|pod| of_pod(pod, list, name)).fold(Amount::NONE, Amount::plus);
    for name in STANDARD {
        let whole = Amount::parse(has.get(name));
        page.line(1, format!("{name}\t{}\t{}", sum(name, "requests").share(whole), sum(name, "limits").share(whole)));
    }
    let others: Vec<&str> = has.as_map().into_iter().flat_map(Map::iter).map(|(name, _)| name.as_str()).collect();
    for name in others.iter().filter(|name| name.starts_with("hugepages-")) {
        let whole = Amount::parse(has.get(name));
        page.line(1, format!("{name}\t{}\t{}", sum(name, "requests").share(whole), sum(name, "limits").share(whole)));
    }
    for name in others.iter().filter(|name| name.contains('/')) {
        page.line(1, format!("{name}\t{}\t{}", sum(name, "requests").text(), sum(name, "limits").text()));
    }
    Ok(())
}

fn each_pod(asker: &Asker<'_, '_>, page: &mut Page, pods: &[Value], has: &Value) {
    page.field(0, "Non-terminated Pods", format!("({} in total)", pods.len()));
    page.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    page.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let (cpu, memory) = (Amount::parse(has.get("cpu")), Amount::parse(has.get("memory")));
    for pod in pods {
        let share = |list: &str, name: &str, whole: Amount| of_pod(pod, list, name).share(whole);
        page.line(
            1,
            format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
                pod.str("metadata.namespace"),
                pod.str("metadata.name"),
                share("requests", "cpu", cpu),
                share("limits", "cpu", cpu),
                share("requests", "memory", memory),
                share("limits", "memory", memory),
                asker.age(pod.at("metadata.creationTimestamp"))
            ),
        );
    }
}

/// All containers together, or the init container that needs more than they.
fn of_pod(pod: &Value, list: &str, name: &str) -> Amount {
    let amount = |container: &Value| Amount::parse(container.get("resources").get(list).get(name));
    let running = pod.items("spec.containers").iter().map(amount).fold(Amount::NONE, Amount::plus);
    let sidecars = |init: &&Value| init.str("restartPolicy") == "Always";
    let beside = pod.items("spec.initContainers").iter().filter(sidecars).map(amount).fold(Amount::NONE, Amount::plus);
    let first = pod
        .items("spec.initContainers")
        .iter()
        .filter(|init| !sidecars(init))
        .map(amount)
        .fold(Amount::NONE, Amount::most);
    let overhead = match list {
        "requests" => Amount::parse(pod.at("spec.overhead").get(name)),
        _ => Amount::NONE,
    };
    running.plus(beside).most(first).plus(overhead)
}
