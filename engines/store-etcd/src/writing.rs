//! Transactions between the port's words and etcd's.

use crate::reading::{key_bytes, one_key, record, revision_of, signed};
use crate::wire::compare::{CompareResult, CompareTarget, TargetUnion};
use crate::wire::request_op::Request;
use crate::wire::response_op::Response;
use crate::wire::{Compare, DeleteRangeRequest, PutRequest, RequestOp, ResponseOp, TxnRequest, TxnResponse};
use std::time::Duration;
use store::{Error, Expect, Op, Record, Txn, TxnAnswer};

/// `leases` names the lease of each time to live in the transaction.
pub fn request(txn: &Txn, leases: &[(Duration, i64)]) -> TxnRequest {
    let op = |request| RequestOp { request: Some(request) };
    TxnRequest {
        compare: txn.compares.iter().map(compare).collect(),
        success: txn.ops.iter().map(|change| op(write(change, leases))).collect(),
        failure: txn.on_failure_read.iter().map(|key| op(Request::RequestRange(one_key(key, None)))).collect(),
    }
}

/// The times to live in the transaction, each once.
pub fn times_to_live(txn: &Txn) -> Vec<Duration> {
    let mut times: Vec<Duration> = txn.ops.iter().filter_map(time_to_live).collect();
    times.sort_unstable();
    times.dedup();
    times
}

fn time_to_live(op: &Op) -> Option<Duration> {
    match op {
        Op::Put { ttl, .. } => *ttl,
        Op::Delete { .. } => None,
    }
}

fn write(op: &Op, leases: &[(Duration, i64)]) -> Request {
    match op {
        Op::Put { key, value, ttl } => {
            let granted = leases.iter().find(|(time, _)| Some(*time) == *ttl);
            let lease = granted.map_or(0, |(_, lease)| *lease);
            Request::RequestPut(PutRequest {
                key: key_bytes(key),
                value: value.clone(),
                lease,
                ..PutRequest::default()
            })
        }
        Op::Delete { key } => {
            Request::RequestDeleteRange(DeleteRangeRequest { key: key_bytes(key), ..DeleteRangeRequest::default() })
        }
    }
}

/// To etcd an absent key has version and revisions 0: expecting a present key at 0 must never hold.
fn compare(compare: &store::Compare) -> Compare {
    use CompareResult::{Equal, Greater, Less};
    let exactly = |revision| if revision == 0 { Less } else { Equal };
    let (target, result, union) = match compare.expect {
        Expect::Absent => (CompareTarget::Version, Equal, TargetUnion::Version(0)),
        Expect::Present => (CompareTarget::Version, Greater, TargetUnion::Version(0)),
        Expect::Modified(at) => (CompareTarget::Mod, exactly(at), TargetUnion::ModRevision(signed(at))),
        Expect::Created(at) => (CompareTarget::Create, exactly(at), TargetUnion::CreateRevision(signed(at))),
    };
    Compare {
        key: key_bytes(&compare.key),
        target: target.into(),
        result: result.into(),
        target_union: Some(union),
        ..Compare::default()
    }
}

pub fn answer(response: TxnResponse) -> Result<TxnAnswer, Error> {
    let revision = revision_of(response.header.as_ref())?;
    let records = match response.succeeded {
        true => Vec::new(),
        false => response.responses.into_iter().map(read).collect::<Result<_, Error>>()?,
    };
    Ok(TxnAnswer { revision, succeeded: response.succeeded, records })
}

fn read(answer: ResponseOp) -> Result<Option<Record>, Error> {
    match answer.response {
        Some(Response::ResponseRange(range)) => range.kvs.into_iter().next().map(record).transpose(),
        other => Err(Error::corrupt(format_args!("etcd answered a read by {other:?}"))),
    }
}
