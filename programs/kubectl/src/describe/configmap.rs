//! A config map with all that it holds.

use super::Asker;
use super::page::Page;
use crate::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, map: &Value, page: &mut Page) -> Result<(), Failure> {
    page.head(map);
    page.line(0, "\nData\n====");
    for (key, text) in map.fields("data") {
        page.line(0, format!("{key}:\n----\n{}\n", text.as_str().unwrap_or("")));
    }
    page.line(0, "\nBinaryData\n====");
    for (key, text) in map.fields("binaryData") {
        let length = STANDARD.decode(text.as_str().unwrap_or("")).map_or(0, |bytes| bytes.len());
        page.line(0, format!("{key}: {length} bytes"));
    }
    page.line(0, "");
    asker.events(page);
    Ok(())
}
