//! Nobody runs as user 0.

use crate::setters::Setters;
use crate::{Pod, Violation};

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let setters = Setters::that(pod, |context| context.get("runAsUser").as_int() == Some(0));
    (!setters.are_none()).then(|| Violation::new("runAsUser=0", format!("{setters} must not set runAsUser=0")))
}
