//! A real process, a real directory, a real kill -9: what the writer said was done is there.

use clock::SystemClock;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use store::{Range, Store, Txn};
use store_disk::open;

const DIR: &str = "STORE_KILL_DIR";
const WRITERS: usize = 8;

/// Not a test of its own: the process that is killed.
#[test]
fn writer() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = open(Path::new(&dir), Arc::new(SystemClock)).expect("the directory is free");
        let writers = (0..WRITERS).map(|writer| {
            let store = store.clone();
            async move {
                for number in 0_u64.. {
                    let txn = Txn::new().put(format!("/{writer}"), number.to_string());
                    let revision = store.txn(txn).await.expect("the disk is whole").revision;
                    writeln!(std::io::stdout(), "done {writer} {revision}").expect("the parent reads");
                }
            }
        });
        futures::future::join_all(writers).await;
    });
}

fn start(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The last revision that each writer was answered, as told before and after the kill.
fn kill_after(mut child: Child, answers: usize) -> BTreeMap<String, u64> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut done = BTreeMap::new();
    let mut left = answers;
    for line in lines.map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["done", writer, revision] = words[..] {
            done.insert(format!("/{writer}"), revision.parse().unwrap());
            left = left.saturating_sub(1);
        }
        if left == 0 {
            // More lines may come: they were answered before the signal arrived.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert_eq!(left, 0, "the writer ended by itself");
    done
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 1;
    for round in 1..=5 {
        let done = kill_after(start(dir.path()), round * 70);
        let store = open(dir.path(), Arc::new(SystemClock)).expect("the lock died with its owner");
        let read = store.range(Range::prefix("/")).await.unwrap();
        assert!(read.revision > last, "revisions go on");
        last = read.revision;
        for record in read.records {
            let answered = done[&*record.key];
            assert!(record.modified >= answered, "{} is older than answered revision {answered}", record.key);
        }
        store.close().await.unwrap();
    }
}
