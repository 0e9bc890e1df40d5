//! Machines with one fault each.

use super::*;
use linux::preflight::Program;

fn sound() -> Seen {
    let kernel = Kernel {
        missing_namespaces: Vec::new(),
        has_overlay: true,
        links: Ok(()),
        packet_filter: Ok(()),
        cgroups: Cgroups { version: Some(2), missing: Vec::new() },
    };
    let disk = Disk { capacity: 100 << 30, available: 50 << 30 };
    Seen { root: true, taken: Vec::new(), kernel: Some(kernel), disk, directory: Directory::Usable }
}

fn check(change: impl FnOnce(&mut Seen), code: Option<Code>, messages: &[&str]) {
    let mut seen = sound();
    change(&mut seen);
    let verdict = judge(&seen);
    let said: Vec<&str> = verdict.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!((verdict.code, &said[..]), (code, messages));
}

fn kernel(seen: &mut Seen) -> &mut Kernel {
    seen.kernel.as_mut().expect("a sound machine has one")
}

fn taken(port: u16, wanted_for: &'static str, by: Option<(u32, &str)>) -> Taken {
    let by = by.map(|(pid, name)| Program { pid, name: name.into() });
    Taken { address: ([0, 0, 0, 0], port).into(), wanted_for, by, why: "address in use".into() }
}

#[test]
fn a_sound_machine_has_no_problems() {
    check(|_| (), None, &[]);
}

#[test]
fn a_node_needs_root_and_a_simulation_does_not() {
    let message =
        "a node makes namespaces, mounts and links: run it as root, or use --simulated-nodes N or `k1s server`";
    check(|seen| seen.root = false, Some(Code::NotRoot), &[message]);
    check(|seen| (seen.root, seen.kernel) = (false, None), None, &[]);
}

#[test]
fn ports_are_named_with_who_holds_them() {
    check(
        |seen| {
            seen.taken = vec![taken(6443, "the API", Some((17, "kube-apiserver"))), taken(10_250, "the kubelet", None)]
        },
        Some(Code::PortTaken),
        &[
            "the API cannot listen on 0.0.0.0:6443: kube-apiserver (process 17) listens there; choose another with --bind ADDRESS:PORT",
            "the kubelet cannot listen on 0.0.0.0:10250: address in use",
        ],
    );
}

#[test]
fn features_of_the_kernel_are_named() {
    let ends = Some(Code::Kernel);
    let message = "the kernel has no namespaces of kind pid, ipc: containers cannot be kept apart";
    check(|seen| kernel(seen).missing_namespaces = vec!["pid", "ipc"], ends, &[message]);
    let message = "the kernel has no overlayfs: containers cannot have a root file system (CONFIG_OVERLAY_FS)";
    check(|seen| kernel(seen).has_overlay = false, ends, &[message]);
    let message = "the kernel has no virtual links: pods cannot have a network (CONFIG_VETH; not supported)";
    check(|seen| kernel(seen).links = Err("not supported".into()), ends, &[message]);
    let message = "the kernel has no nftables: Services cannot be reached (CONFIG_NF_TABLES; protocol unknown)";
    check(|seen| kernel(seen).packet_filter = Err("protocol unknown".into()), ends, &[message]);
}

#[test]
fn without_control_groups_or_disk_it_goes_on() {
    let message = "no control groups are mounted: containers will run without limits and statistics";
    check(|seen| kernel(seen).cgroups = Cgroups { version: None, missing: vec!["cpu"] }, None, &[message]);
    let message = "control groups lack memory, pids: such limits of containers will not be kept";
    check(|seen| kernel(seen).cgroups.missing = vec!["memory", "pids"], None, &[message]);
    let message = "the disk is nearly full (9216 of 102400 MiB free): below 10 % the node takes no pods";
    check(|seen| seen.disk.available = 9 << 30, None, &[message]);
}

#[test]
fn a_data_directory_may_be_unusable() {
    let ends = Some(Code::Directory);
    let message = "/x is not a directory; choose another with --data-dir DIR";
    check(|seen| seen.directory = Directory::Obstructed("/x".into()), ends, &[message]);
    let message = "/x cannot be written: Read-only file system (os error 30)";
    let why = "Read-only file system (os error 30)";
    check(|seen| seen.directory = Directory::NotWritable("/x".into(), why.into()), ends, &[message]);
    let message = "the data directory is damaged: ca.crt is there and ca.key is not; restore it from a copy, or begin anew with `k1s reset`";
    check(
        |seen| seen.directory = Directory::Half { present: "ca.crt".into(), missing: "ca.key".into() },
        ends,
        &[message],
    );
}

#[test]
fn every_problem_is_told_and_the_first_that_ends_it_counts() {
    let verdict = |seen: &Seen| judge(seen).problems.len();
    let mut seen = sound();
    seen.disk.available = 0;
    seen.taken = vec![taken(6443, "the API", None)];
    kernel(&mut seen).has_overlay = false;
    assert_eq!((judge(&seen).code, verdict(&seen)), (Some(Code::PortTaken), 3));
}
