//! The port on a cluster.

use crate::cluster::{Cluster, ConnectError};
use crate::leases::Leases;
use crate::members::{Effect, Members};
use crate::wire::kv_client::KvClient;
use crate::wire::maintenance_client::MaintenanceClient;
use crate::wire::{CompactionRequest, RangeRequest, RangeResponse, StatusRequest};
use crate::{compacted, failure, reading, watching, writing};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use store::{Error, Range, Ranged, Record, Size, Store, Txn, TxnAnswer, Watch, WatchFrom};
use tokio::sync::watch;
use tonic::Status;

/// What etcd takes by default.
const REQUEST_LIMIT: usize = 3 << 19;

#[derive(Debug)]
pub struct EtcdStore {
    calls: Members,
    watches: Arc<Members>,
    leases: Leases,
    /// How far every watch has been asked to come.
    wanted: watch::Sender<u64>,
}

impl EtcdStore {
    /// Connects when first asked: whether the cluster answers is seen then.
    pub fn new(cluster: &Cluster) -> Result<EtcdStore, ConnectError> {
        let (calls, watches) = (Members::new(cluster)?, Arc::new(Members::new(cluster)?));
        Ok(EtcdStore { calls, watches, leases: Leases::default(), wanted: watch::Sender::new(0) })
    }

    async fn ask_range(&self, request: &RangeRequest) -> Result<RangeResponse, Error> {
        let asked = reading::unsigned(request.revision);
        let ask = async |channel| {
            let mut client = KvClient::new(channel).max_decoding_message_size(usize::MAX);
            client.range(request.clone()).await
        };
        match self.calls.ask(Effect::Reads, ask).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(self.refusal(Effect::Reads, asked, &status).await),
        }
    }

    /// What a refused call at a revision means; etcd leaves out the figures, they are asked for.
    async fn refusal(&self, effect: Effect, asked: u64, status: &Status) -> Error {
        if failure::is_compacted(status) {
            return match self.oldest(asked).await {
                Ok(oldest) => Error::Compacted { oldest },
                Err(error) => error,
            };
        }
        if failure::is_future(status) {
            return match self.newest().await {
                Ok(newest) => Error::FutureRevision { asked, newest },
                Err(error) => error,
            };
        }
        failure::error(effect, status)
    }

    async fn oldest(&self, asked: u64) -> Result<u64, Error> {
        let told = self.watches.ask(Effect::Reads, |channel| compacted::oldest(channel, asked)).await;
        told.map_err(|status| failure::error(Effect::Reads, &status))
    }

    async fn newest(&self) -> Result<u64, Error> {
        let request = reading::revision_only();
        let ask = async |channel| KvClient::new(channel).range(request.clone()).await;
        let answer = self.calls.ask(Effect::Reads, ask).await;
        let answer = answer.map_err(|status| failure::error(Effect::Reads, &status))?;
        reading::revision_of(answer.get_ref().header.as_ref())
    }

    /// Every watch is to come as far as this.
    fn want(&self, revision: u64) {
        self.wanted.send_if_modified(|wanted| {
            let further = revision > *wanted;
            *wanted = revision.max(*wanted);
            further
        });
    }

    /// etcd reads revision 0 as the newest; to the port it is one that was never kept.
    async fn readable(&self, at: Option<u64>) -> Result<(), Error> {
        match at {
            Some(0) => Err(Error::Compacted { oldest: self.oldest(0).await? }),
            _ => Ok(()),
        }
    }

    async fn commit(&self, txn: &Txn) -> Result<TxnAnswer, Error> {
        match self.try_commit(txn).await? {
            Ok(answer) => Ok(answer),
            Err(status) if failure::lease_is_gone(&status) => {
                self.leases.forget().await;
                self.try_commit(txn).await?.map_err(|status| refused_write(txn, &status))
            }
            Err(status) => Err(refused_write(txn, &status)),
        }
    }

    async fn try_commit(&self, txn: &Txn) -> Result<Result<TxnAnswer, Status>, Error> {
        let mut leases: Vec<(Duration, i64)> = Vec::new();
        for time in writing::times_to_live(txn) {
            leases.push((time, self.leases.lease(&self.calls, time).await?));
        }
        let request = writing::request(txn, &leases);
        let ask = async |channel| {
            let mut client = KvClient::new(channel).max_decoding_message_size(usize::MAX);
            client.txn(request.clone()).await
        };
        match self.calls.ask(Effect::Writes, ask).await {
            Ok(answer) => writing::answer(answer.into_inner()).map(Ok),
            Err(status) => Ok(Err(status)),
        }
    }
}

fn refused_write(txn: &Txn, status: &Status) -> Error {
    if failure::is_too_large(status) {
        return Error::TooLarge { bytes: txn.bytes(), limit: REQUEST_LIMIT };
    }
    failure::error(Effect::Writes, status)
}

impl Store for EtcdStore {
    fn get<'a>(&'a self, key: &'a str, at: Option<u64>) -> BoxFuture<'a, Result<(u64, Option<Record>), Error>> {
        Box::pin(async move {
            self.readable(at).await?;
            let ranged = reading::ranged(self.ask_range(&reading::one_key(key, at)).await?, at)?;
            Ok((ranged.revision, ranged.records.into_iter().next()))
        })
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Ranged, Error>> {
        Box::pin(async move {
            self.readable(range.at).await?;
            match reading::range_request(&range) {
                Some(request) => reading::ranged(self.ask_range(&request).await?, range.at),
                None => {
                    let answer = self.ask_range(&reading::one_key("", range.at)).await?;
                    Ok(Ranged { records: Vec::new(), more: false, count: 0, ..reading::ranged(answer, range.at)? })
                }
            }
        })
    }

    fn txn(&self, txn: Txn) -> BoxFuture<'_, Result<TxnAnswer, Error>> {
        Box::pin(async move {
            txn.check()?;
            self.commit(&txn).await
        })
    }

    fn watch(&self, from: WatchFrom) -> BoxFuture<'_, Result<Watch, Error>> {
        Box::pin(async move {
            // A member that lags would take its own past for "from now on".
            let start = match from.from {
                Some(start) => start,
                None => self.newest().await? + 1,
            };
            let opened = watching::open(self.watches.clone(), from, start, self.wanted.subscribe()).await;
            opened.map_err(|status| failure::error(Effect::Reads, &status))
        })
    }

    fn progress(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { self.newest().await.map(|newest| self.want(newest)) })
    }

    fn compact(&self, at: u64) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.readable(Some(at)).await?;
            let request = CompactionRequest { revision: reading::signed(at), physical: false };
            let ask = async |channel| KvClient::new(channel).compact(request).await;
            match self.calls.ask(Effect::Writes, ask).await {
                Ok(_compacted) => Ok(()),
                Err(status) => Err(self.refusal(Effect::Writes, at, &status).await),
            }
        })
    }

    /// Who is told a revision may wait for it in a watch. Others write to this etcd too, where the watch does not look
    /// (upstream's compaction keeps a key beside all objects): no event would come, so a mark is asked for.
    fn revision(&self) -> BoxFuture<'_, Result<u64, Error>> {
        Box::pin(async move {
            let newest = self.newest().await?;
            self.want(newest);
            Ok(newest)
        })
    }

    /// Of the member that answers. What etcd calls in use holds the history that was not compacted as well.
    fn size(&self) -> BoxFuture<'_, Result<Size, Error>> {
        Box::pin(async move {
            let ask = async |channel| MaintenanceClient::new(channel).status(StatusRequest {}).await;
            let status = self.calls.ask(Effect::Reads, ask).await;
            let status = status.map_err(|status| failure::error(Effect::Reads, &status))?.into_inner();
            Ok(Size { total: reading::unsigned(status.db_size), live: reading::unsigned(status.db_size_in_use) })
        })
    }
}
