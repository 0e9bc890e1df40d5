//! Pure: the words every other crate speaks: values, objects, keys, selectors, quantities, times, statuses.
//!
//! Nothing here knows the name of any kind. A [`Value`] is decoded JSON; an [`Object`] is what the store, the watch hub
//! and every cache share: the encoded bytes once, with the decoded metadata beside them.

mod cursor;
mod error;
mod json;
mod key;
mod labels;
mod object;
mod path;
mod status;
mod time;
mod value;

pub mod names;
pub mod quantity;
pub mod selector;

pub use compact_str::CompactString;
pub use cursor::Cursor;
pub use error::{ErrorList, FieldError, Problem, go_float, quote};
pub use json::{Decoded, JsonError, parse, parse_strict, seed};
pub use key::{GroupVersion, Gvk, Gvr, Key};
pub use labels::Labels;
pub use object::{Header, Object, OwnerRef, Selectable};
pub use path::Path;
pub use quantity::Quantity;
pub use status::{Cause, Details, Reason, Status};
pub use time::Time;
pub use value::{Map, Value};
