//! What etcd's and the connection's errors mean to the caller of a store.

use crate::members::Effect;
use store::Error;
use tonic::{Code, Status};

/// etcd's words, which are part of its API: several meanings share one code.
const COMPACTED: &str = "required revision has been compacted";
const FUTURE: &str = "required revision is a future revision";
const TOO_LARGE: &str = "request is too large";
const OVER_GRPC_LIMIT: &str = "received message larger than max";
const NO_LEASE: &str = "requested lease not found";
/// Said before anything is proposed to the cluster.
const NOT_PROPOSED: [&str; 3] = ["etcdserver: no leader", "etcdserver: too many requests", "database space exceeded"];

pub fn is_compacted(status: &Status) -> bool {
    status.code() == Code::OutOfRange && status.message().contains(COMPACTED)
}

pub fn is_future(status: &Status) -> bool {
    status.code() == Code::OutOfRange && status.message().contains(FUTURE)
}

pub fn is_too_large(status: &Status) -> bool {
    status.message().contains(TOO_LARGE) || status.message().contains(OVER_GRPC_LIMIT)
}

pub fn lease_is_gone(status: &Status) -> bool {
    status.code() == Code::NotFound && status.message().contains(NO_LEASE)
}

/// Another member, or the same over a new connection, may well answer.
pub fn member_is_at_fault(status: &Status) -> bool {
    let of_the_connection = std::error::Error::source(status).is_some(); // what etcd itself says has no source
    of_the_connection || matches!(status.code(), Code::Unavailable | Code::Cancelled)
}

pub fn nothing_was_done(status: &Status) -> bool {
    let refused = matches!(
        status.code(),
        Code::InvalidArgument | Code::NotFound | Code::OutOfRange | Code::FailedPrecondition | Code::Unimplemented
    );
    let denied = matches!(status.code(), Code::PermissionDenied | Code::Unauthenticated);
    let not_proposed = NOT_PROPOSED.iter().any(|words| status.message().contains(words));
    refused || denied || not_proposed || was_never_connected(status)
}

fn was_never_connected(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if error.is::<tonic::ConnectError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Of a call whose special errors were looked for before.
pub fn error(effect: Effect, status: &Status) -> Error {
    let reason = told(status);
    match effect {
        Effect::Writes if !nothing_was_done(status) => Error::outcome_unknown(reason),
        Effect::Reads | Effect::Writes => Error::unavailable(reason),
    }
}

/// A transport error keeps what happened in its sources.
fn told(status: &Status) -> String {
    let mut text = match status.message() {
        "" => status.code().description().to_owned(),
        message => message.to_owned(),
    };
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_whose_fate_is_open_says_so() {
        let check = |status: Status, unknown: bool| {
            let error = error(Effect::Writes, &status);
            assert_eq!(matches!(error, Error::OutcomeUnknown { .. }), unknown, "{status}: {error}");
            assert!(matches!(super::error(Effect::Reads, &status), Error::Unavailable { .. }), "{status}");
        };
        check(Status::unavailable("etcdserver: request timed out"), true);
        check(Status::unavailable("etcdserver: leader changed"), true);
        check(Status::unavailable("etcdserver: no leader"), false);
        check(Status::unavailable("error reading from server: EOF"), true);
        check(Status::deadline_exceeded("late"), true);
        check(Status::resource_exhausted("etcdserver: mvcc: database space exceeded"), false);
        check(Status::resource_exhausted("etcdserver: too many requests"), false);
        check(Status::invalid_argument("etcdserver: too many operations in txn request"), false);
        check(Status::permission_denied("etcdserver: permission denied"), false);
        let never = Status::from_error(Box::new(tonic::ConnectError("refused".into())));
        check(never, false);
    }

    #[test]
    fn etcd_s_words_are_known() {
        assert!(is_compacted(&Status::out_of_range("etcdserver: mvcc: required revision has been compacted")));
        assert!(is_future(&Status::out_of_range("etcdserver: mvcc: required revision is a future revision")));
        assert!(is_too_large(&Status::invalid_argument("etcdserver: request is too large")));
        assert!(lease_is_gone(&Status::not_found("etcdserver: requested lease not found")));
    }
}
