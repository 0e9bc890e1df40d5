//! Waiting for an object to become something, or nothing: a read, then a watch, up to a deadline.

use crate::failure::Failure;
use crate::session::Session;
use crate::targets::Target;
use crate::wire::{Next, Request};
use jiff::{SignedDuration, Timestamp};
use meta::Value;
use std::time::Duration;

#[derive(Clone, Copy)]
pub struct Deadline(Timestamp);

/// How long to wait after a failed or ended watch before the next.
const PAUSE: Duration = Duration::from_millis(200);

impl Deadline {
    pub fn after(session: &Session<'_>, nanoseconds: i64) -> Deadline {
        let now = session.now();
        Deadline(now.checked_add(SignedDuration::from_nanos(nanoseconds)).unwrap_or(Timestamp::MAX))
    }

    pub fn passed(self, session: &Session<'_>) -> bool {
        self.left(session).is_none()
    }

    /// What is left, unless it has passed.
    fn left(self, session: &Session<'_>) -> Option<Duration> {
        let left = self.0.duration_since(session.now());
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }
}

/// What a look at the object says: none for an object that is not there.
pub type Look<'l> = &'l mut dyn FnMut(Option<&Value>) -> Result<bool, Failure>;

/// Looks at the object now and after each change until the look is content.
pub fn until(session: &Session<'_>, target: &Target, deadline: Deadline, look: Look<'_>) -> Result<(), Failure> {
    loop {
        let seen = match session.door()?.call(Request::get(target.path())) {
            Ok(object) => Some(object),
            Err(failure) if failure.is_not_found() => None,
            Err(failure) => return Err(failure),
        };
        if look(seen.as_ref())? {
            return Ok(());
        }
        let version = seen.as_ref().map_or("", |object| object.str("metadata.resourceVersion"));
        if follow(session, target, version, deadline, look)? {
            return Ok(());
        }
        if deadline.left(session).is_none() {
            return Err(late(target));
        }
        session.door()?.block_on(async { tokio::time::sleep(PAUSE).await });
    }
}

/// Watches until the look is content (true) or the watch ended.
fn follow(
    session: &Session<'_>,
    target: &Target,
    version: &str,
    deadline: Deadline,
    look: Look<'_>,
) -> Result<bool, Failure> {
    let request = Request::get(target.resource.collection(&target.namespace))
        .with("watch", "true")
        .with("fieldSelector", format!("metadata.name={}", target.name))
        .with("resourceVersion", version);
    let door = session.door()?;
    let mut events = match door.lines(request) {
        Ok(events) => events,
        Err(failure) if failure.has_reason("Expired") || failure.has_reason("Gone") => return Ok(false),
        Err(failure) => return Err(failure),
    };
    loop {
        let Some(left) = deadline.left(session) else { return Err(late(target)) };
        let content = match events.event(Some(left))? {
            Next::Late => return Err(late(target)),
            Next::End => return Ok(false),
            Next::Piece(event) => match event.str("type") {
                "ERROR" => return Ok(false),
                "DELETED" => look(None)?,
                _ => look(Some(event.get("object")))?,
            },
        };
        if content {
            return Ok(true);
        }
    }
}

pub fn until_gone(session: &Session<'_>, target: &Target, uid: &str, deadline: Deadline) -> Result<(), Failure> {
    until(session, target, deadline, &mut |object| {
        Ok(object.is_none_or(|object| !uid.is_empty() && object.str("metadata.uid") != uid))
    })
}

pub fn late(target: &Target) -> Failure {
    Failure::text(format!("timed out waiting for the condition on {}/{}", target.resource.plural, target.name))
}
