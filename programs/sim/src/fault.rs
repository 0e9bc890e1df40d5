//! What befalls one call or one event.

use client::Request;
use client::fake::Faults;
use kinds::Verb;
use meta::Status;
use std::time::Duration;

pub struct Fate {
    pub delay: Duration,
    pub refused: Option<Status>,
    pub answer_lost: bool,
}

pub fn writes(request: &Request) -> bool {
    !request.write.dry_run && !matches!(request.verb, Verb::Get | Verb::List | Verb::Watch | Verb::Connect)
}

pub fn of_call(faults: &Faults, request: &Request, dice: u64) -> Fate {
    let (first, second) = (dice % 1000, dice / 1000 % 1000);
    let refusal = || match second % 2 {
        0 => Status::too_many_requests("too many requests, please try again later", 1),
        _ => Status::unavailable("the server is currently unable to handle the request"),
    };
    Fate {
        delay: pause(faults, dice / 1_000_000),
        refused: (first < faults.refused).then(refusal),
        answer_lost: writes(request) && second < faults.lost,
    }
}

/// The error that ends a watch instead of its next event, if any.
pub fn of_event(faults: &Faults, dice: u64) -> Option<Status> {
    let luck = dice % 1000;
    if luck < faults.broken_watch {
        Some(Status::unavailable("the connection was reset"))
    } else if luck < faults.broken_watch + faults.expired_watch {
        Some(Status::expired("too old resource version"))
    } else {
        None
    }
}

pub fn pause(faults: &Faults, dice: u64) -> Duration {
    faults.delay.mul_f64((dice % 1000) as f64 / 1000.0)
}
