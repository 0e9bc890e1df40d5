//! Who the process is from here on: limits, user, groups, capabilities, filter.

use rustix::process::{Gid, Resource, Rlimit, Uid, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capability_is_in_bounding_set, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_keep_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

use super::{At, Outcome};
use crate::launch::Process;
use crate::seccomp::{self, Instruction};

/// Without no-new-privileges a filter needs CAP_SYS_ADMIN: then it goes in before the capabilities go.
pub fn assume(process: &Process, filter: Option<&[Instruction]>) -> Outcome<()> {
    limit(process)?;
    if let Some(profile) = &process.apparmor_profile {
        std::fs::write("/proc/self/attr/apparmor/exec", format!("exec {profile}")).at("apparmor")?;
    }
    if process.no_new_privileges {
        set_no_new_privs(true).at("no new privileges")?;
        become_user(process)?;
        install(filter)
    } else {
        install(filter)?;
        become_user(process)
    }
}

fn install(filter: Option<&[Instruction]>) -> Outcome<()> {
    filter.map_or(Ok(()), |filter| seccomp::install(filter).at("seccomp"))
}

/// A limit beyond what this machine grants is clamped to it.
fn limit(process: &Process) -> Outcome<()> {
    for &(number, soft, hard) in &process.rlimits {
        let Some(resource) = resource(number) else { continue };
        let most = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limits = Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) };
        setrlimit(resource, limits).at("limits")?;
    }
    Ok(())
}

fn resource(number: u32) -> Option<Resource> {
    [Resource::Core, Resource::Nofile, Resource::Nproc, Resource::Memlock, Resource::Stack]
        .into_iter()
        .find(|resource| *resource as u32 == number)
}

fn become_user(process: &Process) -> Outcome<()> {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let wanted = CapabilitySet::from_bits_retain(process.capabilities & crate::capabilities::available());
    let ambient = CapabilitySet::from_bits_retain(process.ambient_capabilities) & wanted;
    bound(wanted)?;
    set_keep_capabilities(true).at("keeping capabilities")?;
    let groups: Vec<Gid> = process.groups.iter().map(|group| Gid::from_raw(*group)).collect();
    set_thread_groups(&groups).at("groups")?;
    let (user, group) = (Uid::from_raw(process.uid), Gid::from_raw(process.gid));
    set_thread_res_gid(group, group, group).at("group")?;
    set_thread_res_uid(user, user, user).at("user")?;
    let sets = CapabilitySets { effective: wanted, permitted: wanted, inheritable: ambient };
    set_capabilities(None, sets).at("capabilities")?;
    for capability in ambient.iter() {
        configure_capability_in_ambient_set(capability, true).at("ambient capabilities")?;
    }
    Ok(())
}

/// What is not wanted can never come back.
fn bound(wanted: CapabilitySet) -> Outcome<()> {
    for number in 0..crate::capabilities::NAMES.len() {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        if !wanted.contains(capability) && capability_is_in_bounding_set(capability).unwrap_or(false) {
            remove_capability_from_bounding_set(capability).at("bounding set")?;
        }
    }
    Ok(())
}
