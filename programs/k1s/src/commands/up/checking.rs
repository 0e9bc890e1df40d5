//! What is wrong with the machine is said before anything is made on it.

use super::super::Failure;
use crate::preflight::{Code, Wants, judge, look};
use crate::roles::api::ApiError;
use apiserver::http::ServeError;
use store_disk::OpenError;

/// How `k1s up --help` tells the codes.
pub const CODES: &str = "Exit codes: 1 the start failed, 2 the arguments make no sense, 3 not root, 4 a port is taken, \
                         5 the kernel lacks a feature, 6 the data directory cannot be used";

/// Tells every problem; an error if there is one that nothing can be done without.
pub fn check(wants: &Wants<'_>) -> Result<(), Failure> {
    let verdict = judge(&look(wants));
    let messages: Vec<String> = verdict.problems.into_iter().map(|problem| problem.message).collect();
    match verdict.code {
        Some(code) => Err(Failure::new(messages.join("\nk1s up: ")).with_code(code as u8)),
        None => {
            messages.iter().for_each(|message| eprintln!("k1s up: {message}"));
            Ok(())
        }
    }
}

/// What only shows when the store and the port are opened.
pub fn failed(error: &ApiError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        ApiError::Store(OpenError::Corrupt { .. }) | ApiError::Certificates(_) => {
            let advice = "restore the data directory from a copy, or begin anew with `k1s reset`";
            Failure::new(format!("{error}; {advice}")).with_code(Code::Directory as u8)
        }
        ApiError::Listen(ServeError::Bind(..)) => failure.with_code(Code::PortTaken as u8),
        ApiError::Directory(..) => failure.with_code(Code::Directory as u8),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: &ApiError, code: u8, message: &str) {
        let failure = failed(error);
        assert_eq!((failure.code, failure.message.as_str()), (code, message));
    }

    #[test]
    fn failures_of_a_start_end_with_their_codes() {
        let corrupt = OpenError::Corrupt { file: "log-1".into(), offset: 7, reason: "checksum".into() };
        check(
            &ApiError::Store(corrupt),
            6,
            "the store cannot be opened: log-1 is corrupt at byte 7: checksum; \
             restore the data directory from a copy, or begin anew with `k1s reset`",
        );
        check(
            &ApiError::Store(OpenError::Locked),
            1,
            "the store cannot be opened: the data directory is in use by another process",
        );
        let taken = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let address = ([127, 0, 0, 1], 6443).into();
        check(
            &ApiError::Listen(ServeError::Bind(address, taken)),
            4,
            "cannot listen on 127.0.0.1:6443: address in use",
        );
    }
}
