//! A service account.

use super::Asker;
use super::page::Page;
use crate::failure::Failure;
use meta::Value;

pub fn describe(asker: &Asker<'_, '_>, account: &Value, page: &mut Page) -> Result<(), Failure> {
    page.head(account);
    let secrets = account.items("imagePullSecrets");
    if secrets.is_empty() {
        page.line(0, "Image pull secrets:\t<none>");
    }
    for (number, secret) in secrets.iter().enumerate() {
        let title = if number == 0 { "Image pull secrets:" } else { "                   " };
        page.line(0, format!("{title}\t{}", secret.str("name")));
    }
    asker.events(page);
    Ok(())
}
