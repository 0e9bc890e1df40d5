//! Reads between the port's words and etcd's.

use crate::wire::{KeyValue, RangeRequest, RangeResponse, ResponseHeader};
use bytes::Bytes;
use std::sync::Arc;
use store::{Error, Range, Ranged, Record, Want};

/// etcd has no empty key, and as an end this one means: to the last key.
const LEAST_KEY: &[u8] = b"\0";

pub fn key_bytes(key: &str) -> Bytes {
    if key.is_empty() { Bytes::from_static(LEAST_KEY) } else { Bytes::copy_from_slice(key.as_bytes()) }
}

pub fn end_bytes(end: Option<&str>) -> Bytes {
    end.map_or(Bytes::from_static(LEAST_KEY), |end| Bytes::copy_from_slice(end.as_bytes()))
}

pub fn one_key(key: &str, at: Option<u64>) -> RangeRequest {
    RangeRequest { key: key_bytes(key), revision: signed(at.unwrap_or(0)), ..RangeRequest::default() }
}

/// Asks for nothing but the revision.
pub fn revision_only() -> RangeRequest {
    RangeRequest { count_only: true, ..one_key("", None) }
}

/// None: the range holds no key whatever is stored. etcd would read some such ends as words of its own.
pub fn range_request(range: &Range) -> Option<RangeRequest> {
    if range.end.as_ref().is_some_and(|end| **end <= *range.start) {
        return None;
    }
    Some(RangeRequest {
        range_end: end_bytes(range.end.as_deref()),
        limit: i64::try_from(range.limit).unwrap_or(i64::MAX),
        keys_only: range.want == Want::Keys,
        count_only: range.want == Want::Count,
        ..one_key(&range.start, range.at)
    })
}

pub fn ranged(answer: RangeResponse, at: Option<u64>) -> Result<Ranged, Error> {
    let revision = at.unwrap_or(revision_of(answer.header.as_ref())?);
    let records = answer.kvs.into_iter().map(record).collect::<Result<_, Error>>()?;
    Ok(Ranged { revision, records, more: answer.more, count: unsigned(answer.count) })
}

pub fn record(kv: KeyValue) -> Result<Record, Error> {
    Ok(Record {
        key: key(&kv.key)?,
        value: kv.value,
        created: unsigned(kv.create_revision),
        modified: unsigned(kv.mod_revision),
        version: unsigned(kv.version),
    })
}

/// Keys are text to the store; another writer of this etcd may have put others.
pub fn key(bytes: &[u8]) -> Result<Arc<str>, Error> {
    let text = std::str::from_utf8(bytes);
    text.map(Arc::from)
        .map_err(|_| Error::corrupt(format_args!("etcd holds a key that is no text: {}", bytes.escape_ascii())))
}

pub fn revision_of(header: Option<&ResponseHeader>) -> Result<u64, Error> {
    let header = header.ok_or_else(|| Error::corrupt("etcd answered without a header"))?;
    Ok(unsigned(header.revision))
}

pub fn signed(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

/// etcd counts in signed numbers that are never negative.
pub fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_in_etcd_s_words() {
        let check = |range: Range, expect: Option<(&[u8], &[u8])>| {
            let asked = range_request(&range);
            let bounds = asked.as_ref().map(|asked| (&asked.key[..], &asked.range_end[..]));
            assert_eq!(bounds, expect, "{range:?}");
        };
        check(Range::prefix("/a/"), Some((b"/a/", b"/a0")));
        check(Range::prefix(""), Some((b"\0", b"\0")));
        check(Range::between("b", None), Some((b"b", b"\0")));
        check(Range::between("b", Some("".into())), None);
        check(Range::between("b", Some("b".into())), None);
        check(Range::prefix("/a/").after("/a/b"), Some((b"/a/b\0", b"/a0")));
    }

    #[test]
    fn a_key_that_is_no_text_is_told() {
        assert!(matches!(key(b"\xff\0"), Err(Error::Corrupt { reason }) if reason.contains("\\xff\\x00")));
        assert_eq!(key("ключ".as_bytes()).as_deref(), Ok("ключ"));
    }
}
