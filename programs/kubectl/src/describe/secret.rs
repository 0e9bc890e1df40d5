//! A secret: how much it holds, not what.

use super::Asker;
use super::page::Page;
use crate::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use meta::Value;

pub fn describe(_asker: &Asker<'_, '_>, secret: &Value, page: &mut Page) -> Result<(), Failure> {
    page.head(secret);
    let kind = secret.str("type");
    page.line(0, format!("\nType:\t{kind}"));
    page.line(0, "\nData\n====");
    for (key, text) in secret.fields("data") {
        let bytes = STANDARD.decode(text.as_str().unwrap_or("")).unwrap_or_default();
        match key == "token" && kind == "kubernetes.io/service-account-token" {
            true => page.field(0, key, String::from_utf8_lossy(&bytes)),
            false => page.field(0, key, format!("{} bytes", bytes.len())),
        }
    }
    Ok(())
}
