//! Looks; makes nothing, and changes nothing.

use super::{Directory, Disk, Seen, Taken, Wants};
use linux::preflight::{Kernel, listener_on};
use rustix::fs::{Access, access, statvfs};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

/// Files that are of no use without each other.
const PAIRS: [(&str, &str); 1] = [("ca.crt", "ca.key")];

pub fn look(wants: &Wants<'_>) -> Seen {
    Seen {
        root: rustix::process::geteuid().is_root(),
        taken: wants.listens.iter().filter_map(|(address, what)| taken(*address, what)).collect(),
        kernel: wants.containers.then(Kernel::look),
        disk: disk(standing(wants.data_dir)),
        directory: directory(wants.data_dir),
    }
}

fn taken(address: SocketAddr, wanted_for: &'static str) -> Option<Taken> {
    let why = TcpListener::bind(address).err()?.to_string();
    Some(Taken { address, wanted_for, by: listener_on(address.port()), why })
}

/// The directory, or what it would be made in.
fn standing(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."))
}

/// A disk that cannot be asked is taken to be large enough: the node's own status says so again.
fn disk(path: &Path) -> Disk {
    match statvfs(path) {
        Ok(stat) => Disk { capacity: stat.f_blocks * stat.f_frsize, available: stat.f_bavail * stat.f_frsize },
        Err(_) => Disk { capacity: 0, available: 0 },
    }
}

fn directory(path: &Path) -> Directory {
    let place = standing(path);
    if !place.is_dir() {
        return Directory::Obstructed(place.display().to_string());
    }
    if let Err(why) = access(place, Access::WRITE_OK | Access::EXEC_OK) {
        return Directory::NotWritable(place.display().to_string(), why.to_string());
    }
    let half = |(one, other): &(&str, &str)| match (path.join(one).exists(), path.join(other).exists()) {
        (true, false) => Some(Directory::Half { present: (*one).into(), missing: (*other).into() }),
        (false, true) => Some(Directory::Half { present: (*other).into(), missing: (*one).into() }),
        _ => None,
    };
    PAIRS.iter().find_map(half).unwrap_or(Directory::Usable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn check(prepare: impl FnOnce(&Path), below: &str, expect: impl FnOnce(&Path) -> Directory) {
        let dir = std::env::temp_dir().join(format!("k1s-preflight-{}-{}", std::process::id(), below.len()));
        fs::create_dir_all(&dir).expect("a directory");
        prepare(&dir);
        let found = directory(&dir.join(below));
        let expected = expect(&dir);
        fs::remove_dir_all(&dir).expect("it goes away again");
        assert!(found == expected, "{below}");
    }

    #[test]
    fn directories_are_looked_at_as_they_are() {
        check(|_| (), "new/and/deep", |_| Directory::Usable);
        let file = |dir: &Path| fs::write(dir.join("file"), "").expect("a file");
        check(file, "file", |dir| Directory::Obstructed(dir.join("file").display().to_string()));
        let half = |dir: &Path| {
            fs::create_dir(dir.join("data")).expect("a directory");
            fs::write(dir.join("data/ca.key"), "").expect("a file");
        };
        check(half, "data", |_| Directory::Half { present: "ca.key".into(), missing: "ca.crt".into() });
    }

    #[test]
    fn a_port_in_use_is_found_with_its_program() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let found = taken(address, "a test").expect("it is taken");
        assert_eq!(found.by.map(|program| program.pid), Some(std::process::id()));
        drop(listener);
        assert!(taken(address, "a test").is_none());
    }
}
