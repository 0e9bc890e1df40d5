//! The watch hub: every kind's objects in memory and the ring of its latest changes, both fed by one pump from the
//! store, so that whatever is shown is durable. Watchers pull from the ring at their own pace: each gets every change
//! or, when the ring has moved past it, is told that its history is gone.

mod bell;
mod change;
mod field;
mod index;
mod joined;
mod kind;
mod lanes;
mod parts;
mod pump;
mod ring;
mod shown;
#[cfg(test)]
mod tests;
mod watcher;

pub use change::{Change, Encoding, Form, frame};
pub use field::field;
pub use index::ValuesOf;
pub use joined::Joined;
pub use kind::{KindHub, Listing, Wanted};
pub use pump::{Hub, HubError};
pub use shown::Shown;
pub use watcher::{FieldMatch, Interest, Seen, Watcher};
