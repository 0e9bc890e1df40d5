//! The members of the cluster, one of which is asked until it does not answer.

use crate::cluster::{Cluster, ConnectError};
use crate::failure;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use tonic::Status;
use tonic::transport::Channel;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Asking twice is as good as asking once.
    Reads,
    Writes,
}

#[derive(Debug)]
pub struct Members {
    channels: Vec<Channel>,
    current: AtomicUsize,
}

impl Members {
    pub fn new(cluster: &Cluster) -> Result<Members, ConnectError> {
        Ok(Members { channels: cluster.connections()?, current: AtomicUsize::new(0) })
    }

    /// Asks the current member, and the next where that did not answer and asking again does no harm: each once, and
    /// one more, as the first failure may be no more than an old connection's end.
    pub async fn ask<T, Answer>(&self, effect: Effect, call: impl Fn(Channel) -> Answer) -> Result<T, Status>
    where
        Answer: Future<Output = Result<T, Status>>,
    {
        let mut left = self.channels.len();
        loop {
            let at = self.current.load(Ordering::Relaxed);
            let status = match call(self.channels[at % self.channels.len()].clone()).await {
                Ok(answer) => return Ok(answer),
                Err(status) => status,
            };
            if failure::member_is_at_fault(&status) {
                self.pass_over(at);
            }
            let harmless = match effect {
                Effect::Reads => failure::member_is_at_fault(&status),
                Effect::Writes => failure::member_is_at_fault(&status) && failure::nothing_was_done(&status),
            };
            if left == 0 || !harmless {
                return Err(status);
            }
            left -= 1;
            tracing::debug!(%status, "a member of etcd does not answer, asking the next");
        }
    }

    /// Many calls may fail at once: only the first of them moves on.
    fn pass_over(&self, at: usize) {
        let _moved_by_another = self.current.compare_exchange(at, at + 1, Ordering::Relaxed, Ordering::Relaxed);
    }
}
