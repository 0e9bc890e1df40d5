//! Why a run could not be made, as opposed to what it found.

use meta::Status;
use std::{fmt, io};

#[derive(Debug)]
pub enum RunError {
    Runtime(io::Error),
    Directory(io::Error),
    Key(String),
    Store(store_disk::OpenError),
    Read(store::Error),
    Server(apiserver::StartError),
    Kubelet(kubelet::StartError),
    Network(String),
    /// The scenario asks for what the server does not take.
    Manifest(Box<Status>),
    /// An administrator is not served.
    Administration(Box<Status>),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Runtime(why) => write!(f, "there is no runtime: {why}"),
            RunError::Directory(why) => write!(f, "a node has no directory: {why}"),
            RunError::Key(why) => write!(f, "there is no key for tokens: {why}"),
            RunError::Store(why) => write!(f, "the store cannot be opened: {why}"),
            RunError::Read(why) => write!(f, "the store cannot be read: {why}"),
            RunError::Server(why) => why.fmt(f),
            RunError::Kubelet(why) => why.fmt(f),
            RunError::Network(why) => write!(f, "a node has no network: {why}"),
            RunError::Manifest(why) => write!(f, "a manifest is refused: {why}"),
            RunError::Administration(why) => write!(f, "an administrator is not served: {why}"),
        }
    }
}

impl std::error::Error for RunError {}

impl From<Status> for RunError {
    fn from(status: Status) -> RunError {
        RunError::Administration(Box::new(status))
    }
}
