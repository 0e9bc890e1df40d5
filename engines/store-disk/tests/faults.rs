//! What the disk may do to us while the power is on: refuse, fail, rot, lose files. Never silently.

use clock::{Clock, VirtualClock};
use futures::FutureExt;
use std::sync::Arc;
use store::{Error, Range, Store, Txn, TxnAnswer};
use store_disk::{Disk, DiskStore, Limits, OpenError, SimDisk, Stepper, open_stepped};

const LIMITS: Limits = Limits { segment_min: 400, segment_max: 400, garbage_min: 600, batch: 1000, room: 60 };

fn open(disk: &SimDisk) -> Result<(Arc<DiskStore>, Stepper), OpenError> {
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new(1));
    open_stepped(Arc::new(disk.clone()), clock, LIMITS)
}

fn put(store: &DiskStore, stepper: &mut Stepper, key: &str, value: &str) -> Result<TxnAnswer, Error> {
    let mut answer = store.txn(Txn::new().put(key, value.to_owned()));
    if let Some(at_once) = (&mut answer).now_or_never() {
        return at_once;
    }
    stepper.commit();
    answer.now_or_never().expect("the step answers")
}

fn values(store: &DiskStore) -> Vec<String> {
    let all = store.range(Range::prefix("")).now_or_never().unwrap().unwrap();
    all.records.iter().map(|record| String::from_utf8_lossy(&record.value).into_owned()).collect()
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    let disk = SimDisk::new(1);
    let (store, mut stepper) = open(&disk).unwrap();
    put(&store, &mut stepper, "a", "1").unwrap();
    disk.limit_space(Some(30));
    let large = "2".repeat(LIMITS.room);
    for _ in 0..3 {
        assert!(matches!(put(&store, &mut stepper, "a", &large), Err(Error::Unavailable { .. })));
        assert_eq!(values(&store), ["1"], "reads go on, and show nothing of the refused write");
    }
    disk.limit_space(None);
    let answer = put(&store, &mut stepper, "b", "3").unwrap();
    assert_eq!(answer.revision, 3, "refused writes used up no revision");
    drop((store, stepper));
    assert_eq!(values(&open(&disk).unwrap().0), ["1", "3"]);
}

#[test]
fn whatever_was_judged_by_a_refused_write_is_refused_with_it() {
    let disk = SimDisk::new(1);
    let (store, mut stepper) = open(&disk).unwrap();
    disk.limit_space(Some(30));
    let mut first = store.txn(Txn::new().put("a", "1"));
    assert!((&mut first).now_or_never().is_none());
    let mut judged = store.txn(Txn::new().expect("a", store::Expect::Absent).put("a", "2").or_read("a"));
    assert!((&mut judged).now_or_never().is_none(), "its failure tells of a write that is not durable");
    stepper.commit();
    assert!(matches!(first.now_or_never(), Some(Err(Error::Unavailable { .. }))));
    assert!(matches!(judged.now_or_never(), Some(Err(Error::Unavailable { .. }))));
}

/// After a failed sync nobody knows what the disk holds: no later sync can make it good.
#[test]
fn a_failed_sync_ends_all_writing() {
    let disk = SimDisk::new(1);
    let (store, mut stepper) = open(&disk).unwrap();
    put(&store, &mut stepper, "a", "1").unwrap();
    disk.fail_sync_after(0);
    assert!(matches!(put(&store, &mut stepper, "a", "2"), Err(Error::OutcomeUnknown { .. })));
    assert!(matches!(put(&store, &mut stepper, "a", "3"), Err(Error::Unavailable { .. })));
    assert!(store.close().now_or_never().expect("it is refused at once").is_err());
    assert_eq!(values(&store), ["1"], "reads go on");
    drop((store, stepper));
    disk.restart();
    let (store, mut stepper) = open(&disk).unwrap();
    assert!(matches!(values(&store)[0].as_str(), "1" | "2"));
    put(&store, &mut stepper, "a", "4").unwrap();
}

/// A store with a snapshot and several segments, closed or left as a crash would leave it.
fn filled(seed: u64, closed: bool) -> SimDisk {
    let disk = SimDisk::new(seed);
    let (store, mut stepper) = open(&disk).unwrap();
    let fill = |from: u64, to: u64, stepper: &mut Stepper| {
        (from..to).for_each(|number| {
            put(&store, stepper, &format!("{}", number % 5), &format!("{number:040}")).unwrap();
        });
    };
    fill(0, 30, &mut stepper);
    let at = store.revision().now_or_never().unwrap().unwrap();
    let mut compaction = store.compact(at);
    assert!((&mut compaction).now_or_never().is_none());
    stepper.commit();
    compaction.now_or_never().unwrap().unwrap();
    while stepper.checkpoint() {}
    fill(30, 40, &mut stepper);
    if closed {
        let mut closing = Box::pin(store.close());
        assert!((&mut closing).now_or_never().is_none());
        stepper.commit();
        closing.now_or_never().unwrap().unwrap();
    }
    disk
}

fn names(disk: &SimDisk) -> Vec<String> {
    disk.list().unwrap()
}

/// Every bit of every file, one at a time. After a close each is noticed; after a crash the last frame of the log may
/// be a torn write, which nobody can tell from rot.
#[test]
fn rot_is_noticed() {
    let shape = names(&filled(1, true));
    assert!(shape.iter().any(|name| name.starts_with("snapshot-")) && shape.len() > 2, "{shape:?}");
    for closed in [true, false] {
        let whole = values(&open(&filled(1, closed)).unwrap().0);
        for name in &shape {
            for bit in (0..filled(1, closed).length(name) * 8).step_by(5) {
                rot(name, bit, closed, &whole);
            }
        }
    }
}

fn rot(name: &str, bit: u64, closed: bool, whole: &[String]) {
    let disk = filled(1, closed);
    disk.flip_bit(name, bit);
    disk.restart();
    match open(&disk) {
        Err(OpenError::Corrupt { file, offset, .. }) => {
            assert_eq!(file, name, "the file that rots is named");
            assert!(offset <= bit / 8, "bit {bit} of {name} is said to be after {offset}");
        }
        Err(other) => panic!("bit {bit} of {name}: {other}"),
        Ok((store, _)) if closed => assert_eq!(values(&store), whole, "bit {bit} of {name} changed the store"),
        Ok((store, _)) => {
            let read = values(&store);
            let changed = read.iter().zip(whole).filter(|(read, whole)| read != whole).count();
            assert!(changed <= 1, "bit {bit} of {name} took more than the last write: {read:?}");
        }
    }
}

#[test]
fn a_missing_file_is_noticed() {
    let all = names(&filled(1, true));
    let newest = all.iter().filter(|name| name.starts_with("log-")).max().unwrap();
    for name in all.iter().filter(|name| *name != newest) {
        let disk = filled(1, true);
        disk.remove(name).unwrap();
        disk.sync_dir().unwrap();
        disk.restart();
        let opened = open(&disk).err().map(|error| error.to_string());
        assert!(opened.as_ref().is_some_and(|error| error.contains("corrupt")), "without {name}: {opened:?}");
    }
}

/// Each block is as it was written, but not where.
#[test]
fn a_misdirected_write_is_noticed() {
    let disk = filled(1, true);
    let logs: Vec<String> = names(&disk).into_iter().filter(|name| name.starts_with("log-")).collect();
    assert!(logs.len() >= 2, "{logs:?}");
    disk.rename(&logs[0], "elsewhere").unwrap();
    disk.rename(&logs[1], &logs[0]).unwrap();
    disk.rename("elsewhere", &logs[1]).unwrap();
    disk.sync_dir().unwrap();
    disk.restart();
    assert!(matches!(open(&disk), Err(OpenError::Corrupt { .. })));
}

#[test]
fn another_owner_is_told_so() {
    let disk = SimDisk::new(1);
    let first = open(&disk).unwrap();
    assert!(matches!(open(&disk), Err(OpenError::Locked)));
    drop(first);
    open(&disk).unwrap();
}
