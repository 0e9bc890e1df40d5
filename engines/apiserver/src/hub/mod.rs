//! The watch hub: every kind's objects in memory and the ring of its latest changes, both fed by one pump from the
//! store, so that whatever is shown is durable. Watchers pull from the ring at their own pace: each gets every change
//! or, when the ring has moved past it, is told that its history is gone.

mod change;
mod kind;
mod pump;
mod shown;
mod watcher;

pub use change::{Change, Encoding, json_frame};
pub use kind::{KindHub, Listing};
pub use pump::{Hub, HubError};
pub use shown::Shown;
pub use watcher::{Interest, Seen, Watcher};
