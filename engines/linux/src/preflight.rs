//! What of the kernel a node needs, looked for before anything is made. Nothing stays of the looking.

mod listeners;

use crate::cgroup::Trees;
use crate::namespaces::{self, Kind, Setup};
use crate::netlink::socket::{NETFILTER, ROUTE, Socket};
use crate::{netlink, nft};
use std::fs;
use std::io;
use std::path::Path;

pub use listeners::{Program, listener_on};

const NAMESPACES: [&str; 6] = ["mnt", "pid", "net", "uts", "ipc", "cgroup"];
const CONTROLLERS: [&str; 3] = ["cpu", "memory", "pids"];
const TABLE: &str = "k1s_preflight";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// As they are called below `/proc/PID/ns`.
    pub missing_namespaces: Vec<&'static str>,
    pub has_overlay: bool,
    /// Virtual links between a pod and the node; else what the kernel says.
    pub links: Result<(), String>,
    pub packet_filter: Result<(), String>,
    pub cgroups: Cgroups,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroups {
    /// None where no tree is mounted.
    pub version: Option<u8>,
    pub missing: Vec<&'static str>,
}

impl Kernel {
    pub fn look() -> Kernel {
        let missing = NAMESPACES.into_iter().filter(|name| !Path::new("/proc/self/ns").join(name).exists());
        let missing_namespaces: Vec<_> = missing.collect();
        let [links, packet_filter] = match missing_namespaces.contains(&"net") {
            true => [(); 2].map(|()| Err("there are no network namespaces".to_owned())),
            false => network(),
        };
        Kernel { missing_namespaces, has_overlay: has_overlay(), links, packet_filter, cgroups: Cgroups::look() }
    }
}

impl Cgroups {
    /// Trees that cannot be read are as good as none.
    fn look() -> Cgroups {
        let trees = Trees::of_host().unwrap_or_default();
        let offered = trees.unified.as_ref().map(|root| fs::read_to_string(root.join("cgroup.controllers")));
        Cgroups::of(&trees, &offered.and_then(Result::ok).unwrap_or_default())
    }

    /// `offered` are the controllers of the unified tree.
    fn of(trees: &Trees, offered: &str) -> Cgroups {
        let unified = trees.is_unified();
        let has = |name: &str| match unified {
            true => offered.split_whitespace().any(|controller| controller == name),
            false => trees.legacy.contains_key(name),
        };
        let version = match (unified, trees.legacy.is_empty()) {
            (true, _) => Some(2),
            (false, false) => Some(1),
            (false, true) => None,
        };
        Cgroups { version, missing: CONTROLLERS.into_iter().filter(|name| !has(name)).collect() }
    }
}

/// A module that is not loaded yet comes with the first mount.
fn has_overlay() -> bool {
    let listed = |path: &str, name: &str| fs::read_to_string(path).is_ok_and(|text| text.contains(name));
    if listed("/proc/filesystems", "\toverlay\n") {
        return true;
    }
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    ["modules.dep", "modules.builtin"]
        .iter()
        .any(|file| listed(&format!("/lib/modules/{release}/{file}"), "/overlay.ko"))
}

/// Tries a link and a table in a network namespace that goes away with the trial.
fn network() -> [Result<(), String>; 2] {
    let try_both = || -> io::Result<[Result<(), String>; 2]> {
        let made = namespaces::create(Setup { kinds: vec![Kind::Net], ..Setup::default() })?;
        let (_, place) = made.into_iter().next().ok_or_else(|| io::Error::other("no namespace was made"))?;
        namespaces::inside_network(place, || Ok([try_link(), try_table()]))
    };
    try_both().unwrap_or_else(|error| [(); 2].map(|()| Err(error.to_string())))
}

fn try_link() -> Result<(), String> {
    let mut socket = Socket::open(ROUTE).map_err(|errno| errno.to_string())?;
    netlink::try_pair(&mut socket).map_err(|errno| errno.to_string())
}

/// A table that is not there can be asked for wherever there are tables.
fn try_table() -> Result<(), String> {
    let mut socket = Socket::open(NETFILTER).map_err(|errno| errno.to_string())?;
    nft::remove_table(&mut socket, TABLE).map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mounts: &str, offered: &str, version: Option<u8>, missing: &[&str]) {
        let cgroups = Cgroups::of(&Trees::parse(mounts), offered);
        assert_eq!((cgroups.version, &cgroups.missing[..]), (version, missing), "{mounts}");
    }

    #[test]
    fn controllers_are_looked_for_where_they_are() {
        let two = "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate";
        let one = "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                   32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct";
        check(two, "cpuset cpu io memory hugetlb pids", Some(2), &[]);
        check(two, "cpu io", Some(2), &["memory", "pids"]);
        check(one, "", Some(1), &["pids"]);
        check("1 1 8:1 / / rw - ext4 /dev/vda rw", "", None, &["cpu", "memory", "pids"]);
    }
}
