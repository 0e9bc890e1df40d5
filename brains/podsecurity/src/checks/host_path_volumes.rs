//! Nothing of the node's files is mounted.

use crate::wording::volumes;
use crate::{Pod, Violation};

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let bad = pod.spec.items("volumes").iter().filter(|volume| !volume.get("hostPath").is_null());
    let bad: Vec<&str> = bad.map(|volume| volume.str("name")).collect();
    (!bad.is_empty()).then(|| Violation::new("hostPath volumes", volumes(&bad)))
}
