//! What goes wrong, how often, by a seed.

use crate::Request;
use kinds::Verb;
use meta::Status;
use std::time::Duration;

/// How many of a thousand requests or events meet each fault.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Refused before anything happened, in several ways.
    pub refused: u64,
    /// A write was done and its answer never came.
    pub lost: u64,
    /// A watch breaks off, to be resumed.
    pub broken_watch: u64,
    /// A watch ends because history was forgotten.
    pub expired_watch: u64,
    /// The longest wait before a request is done or an event arrives: caches lag behind.
    pub delay: Duration,
}

impl Faults {
    /// Everything at once, as the simulations use it.
    pub fn rough() -> Faults {
        Faults { refused: 80, lost: 50, broken_watch: 20, expired_watch: 10, delay: Duration::from_millis(300) }
    }

    pub(super) fn draw(&self, request: &Request, dice: u64) -> Fate {
        let (first, second) = (dice % 1000, dice / 1000 % 1000);
        let writes = !matches!(request.verb, Verb::Get | Verb::List | Verb::Watch);
        Fate {
            refused: (first < self.refused).then(|| self.refusal(request, second)),
            answer_lost: writes && second < self.lost,
            delay: self.pause(dice / 1_000_000),
        }
    }

    pub(super) fn pause(&self, dice: u64) -> Duration {
        self.delay.mul_f64((dice % 1000) as f64 / 1000.0)
    }

    fn refusal(&self, request: &Request, dice: u64) -> Status {
        let conflicts = matches!(request.verb, Verb::Update | Verb::Patch);
        match dice % 3 {
            0 if conflicts => Status::conflict(&request.resource, &request.key.name, "the object has been modified"),
            1 => Status::too_many_requests("too many requests, please try again later", 1),
            _ => Status::unavailable("the server is currently unable to handle the request"),
        }
    }
}

pub(super) struct Fate {
    pub(super) refused: Option<Status>,
    pub(super) answer_lost: bool,
    pub(super) delay: Duration,
}
