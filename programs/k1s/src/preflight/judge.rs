//! From what was seen to what to say about it.

use super::{Directory, Disk, Seen, Taken};
use linux::preflight::{Cgroups, Kernel};

/// With less than this part of the disk free, the node says that it is under pressure and takes no pods.
const LEAST_DISK_PERCENT: u64 = 10;

/// What `k1s up` ends with where it cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    NotRoot = 3,
    PortTaken = 4,
    Kernel = 5,
    Directory = 6,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    /// None: it goes on without.
    pub ends_with: Option<Code>,
}

impl Problem {
    fn end(code: Code, message: impl Into<String>) -> Problem {
        Problem { message: message.into(), ends_with: Some(code) }
    }

    fn go_on(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), ends_with: None }
    }
}

/// All problems, and the code of the first that nothing can be done without.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    pub problems: Vec<Problem>,
    pub code: Option<Code>,
}

pub fn judge(seen: &Seen) -> Verdict {
    let mut problems = Vec::new();
    if seen.kernel.is_some() && !seen.root {
        let message =
            "a node makes namespaces, mounts and links: run it as root, or use --simulated-nodes N or `k1s server`";
        problems.push(Problem::end(Code::NotRoot, message));
    }
    problems.extend(seen.taken.iter().map(port));
    problems.extend(directory(&seen.directory));
    // What may not be tried cannot be told from what is not there.
    if let Some(kernel) = seen.kernel.as_ref().filter(|_| seen.root) {
        problems.extend(kernel_problems(kernel));
    }
    problems.extend(disk(seen.disk));
    let code = problems.iter().find_map(|problem| problem.ends_with);
    Verdict { problems, code }
}

fn port(taken: &Taken) -> Problem {
    let (address, wanted_for) = (taken.address, taken.wanted_for);
    let why = match &taken.by {
        Some(program) => format!("{} (process {}) listens there", program.name, program.pid),
        None => taken.why.clone(),
    };
    let advice = if wanted_for == "the API" { "; choose another with --bind ADDRESS:PORT" } else { "" };
    Problem::end(Code::PortTaken, format!("{wanted_for} cannot listen on {address}: {why}{advice}"))
}

fn directory(directory: &Directory) -> Option<Problem> {
    let message = match directory {
        Directory::Usable => return None,
        Directory::Obstructed(path) => format!("{path} is not a directory; choose another with --data-dir DIR"),
        Directory::NotWritable(path, why) => format!("{path} cannot be written: {why}"),
        Directory::Half { present, missing } => {
            format!(
                "the data directory is damaged: {present} is there and {missing} is not; restore it from a copy, or begin anew with `k1s reset`"
            )
        }
    };
    Some(Problem::end(Code::Directory, message))
}

fn kernel_problems(kernel: &Kernel) -> Vec<Problem> {
    let lacks = |what: String, so: &str| Problem::end(Code::Kernel, format!("the kernel has no {what}: {so}"));
    let mut problems = Vec::new();
    if !kernel.missing_namespaces.is_empty() {
        let names = kernel.missing_namespaces.join(", ");
        problems.push(lacks(format!("namespaces of kind {names}"), "containers cannot be kept apart"));
    }
    if !kernel.has_overlay {
        problems.push(lacks("overlayfs".into(), "containers cannot have a root file system (CONFIG_OVERLAY_FS)"));
    }
    if let Err(why) = &kernel.links {
        problems.push(lacks("virtual links".into(), &format!("pods cannot have a network (CONFIG_VETH; {why})")));
    }
    if let Err(why) = &kernel.packet_filter {
        problems.push(lacks("nftables".into(), &format!("Services cannot be reached (CONFIG_NF_TABLES; {why})")));
    }
    problems.extend(cgroups(&kernel.cgroups));
    problems
}

/// Containers run without limits as well.
fn cgroups(cgroups: &Cgroups) -> Option<Problem> {
    if cgroups.version.is_none() {
        return Some(Problem::go_on(
            "no control groups are mounted: containers will run without limits and statistics",
        ));
    }
    if cgroups.missing.is_empty() {
        return None;
    }
    let names = cgroups.missing.join(", ");
    Some(Problem::go_on(format!("control groups lack {names}: such limits of containers will not be kept")))
}

fn disk(disk: Disk) -> Option<Problem> {
    if disk.available * 100 >= disk.capacity * LEAST_DISK_PERCENT {
        return None;
    }
    let (available, capacity) = (disk.available >> 20, disk.capacity >> 20);
    let so = format!("below {LEAST_DISK_PERCENT} % the node takes no pods");
    Some(Problem::go_on(format!("the disk is nearly full ({available} of {capacity} MiB free): {so}")))
}

#[cfg(test)]
mod tests;
