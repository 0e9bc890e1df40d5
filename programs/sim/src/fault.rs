//! What goes wrong: what befalls one call or one event, by a seed, and what befalls a whole part.

use client::Request;
use kinds::Verb;
use meta::Status;
use std::time::Duration;

/// How many of a thousand requests or events meet each fault.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Refused before anything happened.
    pub refused: u64,
    /// A write was done and its answer never came.
    pub lost: u64,
    /// A write is done after its caller has given up waiting.
    pub late: u64,
    /// A watch breaks off, to be resumed.
    pub broken_watch: u64,
    /// A watch ends because history was forgotten.
    pub expired_watch: u64,
    /// The longest wait before a request is done or an event arrives: caches lag behind.
    pub delay: Duration,
}

/// A sort of trouble, as a user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    Refused,
    Lost,
    Late,
    Watches,
    Slow,
    Crashes,
    Disk,
    Clocks,
    Partitions,
    Stale,
}

/// Every trouble with its name and what it is.
pub const TROUBLES: &[(&str, Trouble, &str)] = &[
    ("refused", Trouble::Refused, "calls are refused before anything happens"),
    ("lost", Trouble::Lost, "writes are done and their answers lost"),
    ("late", Trouble::Late, "writes are done after their callers have given up"),
    ("watches", Trouble::Watches, "watches break off, or their history is forgotten"),
    ("slow", Trouble::Slow, "calls and events take their time"),
    ("crashes", Trouble::Crashes, "the server, controllers, scheduler, kubelets and machines crash"),
    ("disk", Trouble::Disk, "the server's disk is full, fails to write or to sync, and loses what was not synced"),
    ("clocks", Trouble::Clocks, "clocks disagree and jump"),
    ("partitions", Trouble::Partitions, "parts do not reach the server for a while"),
    ("stale", Trouble::Stale, "caches of single kinds lag far behind, or miss what happened meanwhile"),
];

/// Troubles from their names with commas between: `all`, `none` and `rough` (what the network does) stand for several.
pub fn parse(list: &str) -> Result<Vec<Trouble>, String> {
    let mut all = Vec::new();
    for word in list.split(',') {
        match word {
            "none" | "" => {}
            "all" => all.extend(TROUBLES.iter().map(|(_, trouble, _)| *trouble)),
            "rough" => all.extend([Trouble::Refused, Trouble::Lost, Trouble::Late, Trouble::Watches, Trouble::Slow]),
            word => all.push(named(word)?),
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

fn named(word: &str) -> Result<Trouble, String> {
    let found = TROUBLES.iter().find(|(name, _, _)| *name == word);
    let names = || TROUBLES.iter().map(|(name, _, _)| *name).collect::<Vec<_>>().join(", ");
    found.map(|(_, trouble, _)| *trouble).ok_or_else(|| format!("{word:?} is no fault: all, none, rough, {}", names()))
}

impl Faults {
    pub fn of(troubles: &[Trouble]) -> Faults {
        let rate = |trouble: Trouble, rate: u64| if troubles.contains(&trouble) { rate } else { 0 };
        Faults {
            refused: rate(Trouble::Refused, 80),
            lost: rate(Trouble::Lost, 50),
            late: rate(Trouble::Late, 20),
            broken_watch: rate(Trouble::Watches, 20),
            expired_watch: rate(Trouble::Watches, 10),
            delay: Duration::from_millis(rate(Trouble::Slow, 300)),
        }
    }
}

pub struct Fate {
    pub delay: Duration,
    pub refused: Option<Status>,
    pub answer_lost: bool,
    /// How long after its caller has given up the write is done.
    pub late: Option<Duration>,
}

/// The longest time for which a request lies in some queue on its way.
const LATEST: Duration = Duration::from_secs(8);

pub fn writes(request: &Request) -> bool {
    !request.write.dry_run && !matches!(request.verb, Verb::Get | Verb::List | Verb::Watch | Verb::Connect)
}

pub fn of_call(faults: &Faults, request: &Request, dice: u64) -> Fate {
    let (first, second, third) = (dice % 1000, dice / 1000 % 1000, dice / 1_000_000 % 1000);
    let refusal = || match second % 2 {
        0 => Status::too_many_requests("too many requests, please try again later", 1),
        _ => Status::unavailable("the server is currently unable to handle the request"),
    };
    let late = writes(request) && (faults.lost..faults.lost + faults.late).contains(&second);
    Fate {
        delay: faults.delay.mul_f64(third as f64 / 1000.0),
        refused: (first < faults.refused).then(refusal),
        answer_lost: writes(request) && second < faults.lost,
        late: late.then(|| LATEST.mul_f64((third + 1) as f64 / 1000.0)),
    }
}

/// The error that ends a watch instead of its next event, if any.
pub fn of_event(faults: &Faults, dice: u64) -> Option<Status> {
    let luck = dice % 1000;
    if luck < faults.broken_watch {
        Some(reset())
    } else if luck < faults.broken_watch + faults.expired_watch {
        Some(forgotten())
    } else {
        None
    }
}

pub fn reset() -> Status {
    Status::unavailable("the connection was reset")
}

pub fn forgotten() -> Status {
    Status::expired("too old resource version")
}

pub fn pause(faults: &Faults, dice: u64) -> Duration {
    faults.delay.mul_f64((dice % 1000) as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_are_read_from_their_names() {
        let check = |list: &str, expect: Result<usize, &str>| {
            let told = parse(list);
            assert_eq!(told.as_ref().map(Vec::len).map_err(|why| &why[..expect.err().map_or(0, str::len)]), expect);
        };
        check("all", Ok(TROUBLES.len()));
        check("none", Ok(0));
        check("rough,lost,disk", Ok(6));
        check("evil", Err("\"evil\" is no fault: all, none, rough, refused"));
    }
}
