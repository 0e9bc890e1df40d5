//! What annotations said of AppArmor profiles before there was a field.

use meta::{Value, value};

/// A container's name goes behind it.
pub const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The longest path that the kernel takes, without its end.
const LONGEST: usize = 4095;

/// The same as a field; none where there is no such profile.
pub fn of_annotation(said: &str) -> Option<Value> {
    match said {
        "unconfined" => Some(value!({"type": "Unconfined"})),
        "runtime/default" => Some(value!({"type": "RuntimeDefault"})),
        _ => {
            let name = said.strip_prefix("localhost/")?;
            let is_name = !name.is_empty() && name.trim() == name && name.len() <= LONGEST;
            is_name.then(|| value!({"type": "Localhost", "localhostProfile": name}))
        }
    }
}
