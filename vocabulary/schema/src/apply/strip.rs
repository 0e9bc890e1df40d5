//! Fields that no manager owns: what names the object, and what the server alone writes.

use super::set::Set;
use std::sync::LazyLock;

pub(super) static UNOWNED: LazyLock<Set> = LazyLock::new(|| {
    let metadata = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    let mut set = Set::of_fields(["apiVersion", "kind", "metadata"]);
    for name in metadata {
        set.add(&Set::of_fields([format!("metadata.{name}").as_str()]));
    }
    set
});
