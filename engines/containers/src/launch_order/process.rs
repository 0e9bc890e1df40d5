//! The process itself: command, environment, identity, rights.

use std::collections::BTreeMap;
use std::path::Path;

use cri::v1::*;
use linux::capabilities;
use linux::launch::{Process, Seccomp};

use super::Surroundings;
use crate::error::{Error, Result, Step};
use crate::users::Identity;

const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const RLIMIT_NOFILE: u32 = 7;

pub fn process(
    around: &Surroundings,
    config: &ContainerConfig,
    security: &LinuxContainerSecurityContext,
    identity: &Identity,
) -> Result<Process> {
    let image = &around.image.config;
    let resources = config.linux.as_ref().and_then(|linux| linux.resources.as_ref());
    let cwd = [&config.working_dir, &image.working_dir].into_iter().find(|dir| !dir.is_empty());
    let files = linux::process::file_limit();
    Ok(Process {
        args: arguments(config, image)?,
        env: environment(around, config, identity),
        cwd: cwd.map_or("/", String::as_str).into(),
        uid: identity.uid,
        gid: identity.gid,
        groups: identity.groups.clone(),
        capabilities: held(security, identity)?,
        ambient_capabilities: ambient(security)?,
        no_new_privileges: security.no_new_privs,
        seccomp: seccomp(security)?,
        oom_score_adj: Some(resources.map_or(0, |resources| resources.oom_score_adj as i32)),
        rlimits: vec![(RLIMIT_NOFILE, files, files)],
        apparmor_profile: apparmor(security),
    })
}

fn arguments(config: &ContainerConfig, image: &crate::images::ImageConfig) -> Result<Vec<String>> {
    let all = match (config.command.is_empty(), config.args.is_empty()) {
        (false, _) => [config.command.as_slice(), &config.args].concat(),
        (true, false) => [image.entrypoint.as_slice(), &config.args].concat(),
        (true, true) => [image.entrypoint.as_slice(), &image.cmd].concat(),
    };
    if all.is_empty() { Err(Error::Invalid("no command specified".into())) } else { Ok(all) }
}

/// Later lines win; a variable appears once.
fn environment(around: &Surroundings, config: &ContainerConfig, identity: &Identity) -> Vec<String> {
    let mut lines: Vec<String> = vec![DEFAULT_PATH.to_owned(), format!("HOME={}", identity.home)];
    if !around.sandbox_config.hostname.is_empty() {
        lines.push(format!("HOSTNAME={}", around.sandbox_config.hostname));
    }
    if config.tty {
        lines.push("TERM=xterm".into());
    }
    lines.extend(around.image.config.env.iter().cloned());
    lines.extend(config.envs.iter().map(|pair| format!("{}={}", pair.key, pair.value)));
    once_each(lines)
}

fn once_each(lines: Vec<String>) -> Vec<String> {
    let name = |line: &str| line.split('=').next().unwrap_or(line).to_owned();
    let last: BTreeMap<String, usize> = lines.iter().enumerate().map(|(place, line)| (name(line), place)).collect();
    let kept = lines.into_iter().enumerate().filter(|(place, line)| last[&name(line)] == *place);
    kept.map(|(_, line)| line).collect()
}

fn bits(names: &[String]) -> Result<u64> {
    names.iter().try_fold(0, |set, name| match name.as_str() {
        "ALL" | "all" => Ok(capabilities::ALL),
        _ => capabilities::bit(name)
            .map(|bit| set | bit)
            .ok_or_else(|| Error::Invalid(format!("unknown capability {name:?}"))),
    })
}

/// A user other than root holds none: the set bounds what set-user-id programs can gain.
fn held(security: &LinuxContainerSecurityContext, _: &Identity) -> Result<u64> {
    if security.privileged {
        return Ok(capabilities::ALL);
    }
    let Some(asked) = &security.capabilities else { return Ok(capabilities::default_set()) };
    let (add, drop) = (bits(&asked.add_capabilities)? | ambient(security)?, bits(&asked.drop_capabilities)?);
    let base = if drop == capabilities::ALL { 0 } else { capabilities::default_set() & !drop };
    Ok(base | add & if drop == capabilities::ALL { u64::MAX } else { !drop })
}

fn ambient(security: &LinuxContainerSecurityContext) -> Result<u64> {
    security.capabilities.as_ref().map_or(Ok(0), |asked| bits(&asked.add_ambient_capabilities))
}

/// Silence means the default profile.
fn seccomp(security: &LinuxContainerSecurityContext) -> Result<Seccomp> {
    if security.privileged {
        return Ok(Seccomp::Unconfined);
    }
    let Some(profile) = &security.seccomp else { return Ok(Seccomp::RuntimeDefault) };
    Ok(match profile.profile_type() {
        security_profile::ProfileType::RuntimeDefault => Seccomp::RuntimeDefault,
        security_profile::ProfileType::Unconfined => Seccomp::Unconfined,
        security_profile::ProfileType::Localhost => {
            let path = profile.localhost_ref.trim_start_matches("localhost/");
            let text = std::fs::read_to_string(path).step(format_args!("seccomp profile {path}"))?;
            linux::seccomp::parse_oci_profile(&text).map_err(|error| Error::Invalid(error.to_string()))?;
            Seccomp::Profile(text)
        }
    })
}

fn apparmor(security: &LinuxContainerSecurityContext) -> Option<String> {
    let profile = security.apparmor.as_ref().filter(|_| Path::new("/sys/kernel/security/apparmor").exists())?;
    let localhost = profile.profile_type() == security_profile::ProfileType::Localhost;
    localhost.then(|| profile.localhost_ref.trim_start_matches("localhost/").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn check_arguments(command: &[&str], args: &[&str], expect: &[&str]) {
        let config = ContainerConfig { command: texts(command), args: texts(args), ..ContainerConfig::default() };
        let image = crate::images::ImageConfig {
            entrypoint: texts(&["/entry"]),
            cmd: texts(&["default"]),
            ..Default::default()
        };
        assert_eq!(arguments(&config, &image).expect("a command"), texts(expect));
    }

    #[test]
    fn commands_replace_what_the_image_says() {
        check_arguments(&[], &[], &["/entry", "default"]);
        check_arguments(&[], &["a"], &["/entry", "a"]);
        check_arguments(&["c"], &[], &["c"]);
        check_arguments(&["c"], &["a"], &["c", "a"]);
        assert!(arguments(&ContainerConfig::default(), &Default::default()).is_err());
    }

    #[test]
    fn a_variable_is_said_once_and_last() {
        assert_eq!(once_each(texts(&["A=1", "B=2", "A=3"])), texts(&["B=2", "A=3"]));
        assert_eq!(once_each(texts(&["A=1=2", "A"])), texts(&["A"]));
    }

    fn check_capabilities(add: &[&str], drop: &[&str], expect: &[&str]) {
        let asked = Capability {
            add_capabilities: texts(add),
            drop_capabilities: texts(drop),
            add_ambient_capabilities: vec![],
        };
        let security = LinuxContainerSecurityContext { capabilities: Some(asked), ..Default::default() };
        let expect = expect.iter().filter_map(|name| capabilities::bit(name)).sum::<u64>();
        assert_eq!(held(&security, &Identity::default()).expect("known names"), expect, "+{add:?} -{drop:?}");
    }

    #[test]
    fn capabilities_are_added_and_dropped() {
        check_capabilities(&[], &["ALL"], &[]);
        check_capabilities(&["NET_BIND_SERVICE"], &["ALL"], &["NET_BIND_SERVICE"]);
        check_capabilities(&["ALL"], &[], &capabilities::NAMES);
        let without: Vec<&str> = capabilities::DEFAULT.into_iter().filter(|name| *name != "NET_RAW").collect();
        check_capabilities(&[], &["CAP_NET_RAW"], &without);
        let unknown = Capability { add_capabilities: texts(&["FLY"]), ..Capability::default() };
        let security = LinuxContainerSecurityContext { capabilities: Some(unknown), ..Default::default() };
        assert!(held(&security, &Identity::default()).is_err());
    }
}
