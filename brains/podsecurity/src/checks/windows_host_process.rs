//! No container of Windows runs as a process of its host.

use crate::setters::Setters;
use crate::{Pod, Violation};

pub fn find(pod: &Pod<'_>) -> Option<Violation> {
    let setters = Setters::that(pod, |context| context.bool("windowsOptions.hostProcess"));
    (!setters.are_none()).then(|| {
        let detail = format!("{setters} must not set securityContext.windowsOptions.hostProcess=true");
        Violation::new("hostProcess", detail)
    })
}
