//! `kubectl cordon|uncordon|drain|taint`: nodes and the pods on them.

mod cordon;
mod drain;
mod drained_pods;
mod taint;
mod taints;

pub use cordon::{CORDON, UNCORDON};
pub use drain::COMMAND as DRAIN;
pub use taint::COMMAND as TAINT;

use crate::failure::Failure;
use crate::session::Session;
use crate::targets::{Query, Target};

/// The nodes that the arguments name or that a selector finds.
fn named(session: &Session<'_>) -> Result<Vec<Target>, Failure> {
    let names = session.arguments();
    let selector = session.flags.text("selector");
    if names.is_empty() && !session.flags.changed("selector") {
        let word = session.path.rsplit(' ').next().unwrap_or_default();
        return Err(session.usage(format!("USAGE: {word} NODE [flags]")));
    }
    if !names.is_empty() && !selector.is_empty() {
        return Err(session.usage("error: cannot specify both a node name and a --selector option"));
    }
    let word = |name: &String| if name.contains('/') { name.clone() } else { format!("nodes/{name}") };
    let arguments = if names.is_empty() { vec!["nodes".into()] } else { names.iter().map(word).collect() };
    Query { arguments, allow_empty_selector: true, single_type: true, ..Query::of(session) }.all(session)
}
