//! A priority class.

use super::Asker;
use super::page::{Page, or, pairs};
use crate::failure::Failure;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, class: &Value, page: &mut Page) -> Result<(), Failure> {
    page.field(0, "Name", class.str("metadata.name"));
    page.field(0, "Value", class.int("value"));
    page.field(0, "GlobalDefault", class.bool("globalDefault"));
    page.field(0, "PreemptionPolicy", class.str("preemptionPolicy"));
    page.field(0, "Description", class.str("description"));
    page.field(0, "Annotations", or(&pairs(class.at("metadata.annotations")).join(","), "<none>"));
    asker.events(page);
    Ok(())
}
