//! From CRI's words to the supervisor's order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cri::v1::*;
use linux::capabilities;
use linux::cgroup::{Limits, Trees};
use linux::launch::{self, Launch, Namespaces, PidShare, Process, Propagation, Rootfs, Seccomp, Share, Source, Stdio};

use crate::error::{Error, Result, Step};
use crate::images::ImageRecord;
use crate::records::ContainerRecord;
use crate::users::{Identity, UserFiles, Wanted};
use crate::{files, sandbox};

pub const UPPER: &str = "upper";
pub const WORK: &str = "work";
pub const ROOT: &str = "root";

const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const SIGTERM: i32 = 15;
/// Device directories of the host that a privileged container gets new ones of.
const OWN_DEVICE_DIRS: [&str; 3] = ["pts", "shm", "mqueue"];
const RLIMIT_NOFILE: u32 = 7;

/// All that an order depends on besides the container's own config.
pub struct Surroundings {
    pub dir: PathBuf,
    pub sandbox_dir: PathBuf,
    pub sandbox_id: String,
    pub sandbox_config: PodSandboxConfig,
    pub shm: PathBuf,
    pub layers_dir: PathBuf,
    pub cgroup: String,
    pub image: Arc<ImageRecord>,
    pub trees: Trees,
    pub now: i64,
}

impl Surroundings {
    fn log_path(&self, config: &ContainerConfig) -> String {
        match (self.sandbox_config.log_directory.as_str(), config.log_path.as_str()) {
            ("", _) | (_, "") => String::new(),
            (directory, path) => Path::new(directory).join(path).to_string_lossy().into_owned(),
        }
    }

    /// Its root directory's owner and mode are what the container's root shows.
    pub fn top_layer(&self) -> PathBuf {
        self.image.layers.last().map_or_else(|| self.layers_dir.clone(), |name| self.layers_dir.join(name))
    }

    fn layers_uppermost_first(&self) -> Vec<PathBuf> {
        self.image.layers.iter().rev().map(|name| self.layers_dir.join(name)).collect()
    }
}

fn security(config: &ContainerConfig) -> LinuxContainerSecurityContext {
    config.linux.as_ref().and_then(|linux| linux.security_context.clone()).unwrap_or_default()
}

pub fn is_privileged(config: &ContainerConfig) -> bool {
    config.linux.as_ref().and_then(|linux| linux.security_context.as_ref()).is_some_and(|it| it.privileged)
}

pub fn make(around: &Surroundings, config: &ContainerConfig) -> Result<(Launch, ContainerRecord)> {
    let security = security(config);
    let identity = identity(around, &security)?;
    let log_path = around.log_path(config);
    let record = ContainerRecord {
        sandbox_id: around.sandbox_id.clone(),
        created_at: around.now,
        image_id: around.image.id.clone(),
        layers: around.image.layers.clone(),
        cgroup: around.cgroup.clone(),
        log_path: log_path.clone(),
        uid: identity.uid,
        gid: identity.gid,
        groups: identity.groups.clone(),
        stop_signal: stop_signal(config, &around.image),
    };
    let order = Launch {
        sandbox: around.sandbox_id.clone(),
        namespaces: namespaces(&security, &around.sandbox_config),
        cgroup: around.trees.membership(&around.cgroup),
        rootfs: rootfs(around, &security),
        mounts: mounts(around, config, &security)?,
        devices: devices(config, &security)?,
        masked_paths: paths(&security.masked_paths, security.privileged),
        readonly_paths: paths(&security.readonly_paths, security.privileged),
        process: process(around, config, &security, &identity)?,
        stdio: Stdio {
            tty: config.tty,
            stdin: config.stdin,
            stdin_once: config.stdin_once,
            log_path: Some(log_path).filter(|path| !path.is_empty()).map(PathBuf::from),
        },
    };
    Ok((order, record))
}

fn paths(texts: &[String], privileged: bool) -> Vec<PathBuf> {
    if privileged { Vec::new() } else { texts.iter().map(PathBuf::from).collect() }
}

fn identity(around: &Surroundings, security: &LinuxContainerSecurityContext) -> Result<Identity> {
    let wanted = Wanted {
        uid: security.run_as_user.map(|it| it.value),
        gid: security.run_as_group.map(|it| it.value),
        username: &security.run_as_username,
        image_user: &around.image.config.user,
        supplemental: &security.supplemental_groups,
        strict: security.supplemental_groups_policy == SupplementalGroupsPolicy::Strict as i32,
    };
    UserFiles::read(&around.layers_uppermost_first()).resolve(&wanted)
}

fn namespaces(security: &LinuxContainerSecurityContext, sandbox: &PodSandboxConfig) -> Namespaces {
    let options = security.namespace_options.clone().unwrap_or_else(|| sandbox::namespace_options(sandbox));
    let share = |mode: i32| if mode == NamespaceMode::Node as i32 { Share::Host } else { Share::Pod };
    let pid = match options.pid() {
        NamespaceMode::Pod => PidShare::Pod,
        NamespaceMode::Container => PidShare::Own,
        NamespaceMode::Node => PidShare::Host,
        NamespaceMode::Target => PidShare::Of(options.target_id.clone()),
    };
    Namespaces { net: share(options.network), ipc: share(options.ipc), uts: share(options.network), pid }
}

fn rootfs(around: &Surroundings, security: &LinuxContainerSecurityContext) -> Rootfs {
    Rootfs {
        layers_dir: around.layers_dir.clone(),
        layers: around.image.layers.iter().rev().cloned().collect(),
        upper: around.dir.join(UPPER),
        work: around.dir.join(WORK),
        target: around.dir.join(ROOT),
        readonly: security.readonly_rootfs,
    }
}

fn new_mount(target: &str, kind: &str, options: &[(&str, &str)]) -> launch::Mount {
    let option = |&(key, value): &(&str, &str)| (key.to_owned(), (!value.is_empty()).then(|| value.to_owned()));
    let source = Source::New { kind: kind.to_owned(), options: options.iter().map(option).collect() };
    mount(target, source)
}

fn mount(target: &str, source: Source) -> launch::Mount {
    let target = target.into();
    launch::Mount {
        target,
        source,
        readonly: false,
        recursive_readonly: false,
        nosuid: true,
        noexec: true,
        nodev: true,
    }
}

fn bind(target: &str, path: PathBuf) -> launch::Mount {
    let source = Source::Bind { path, propagation: Propagation::Private };
    launch::Mount { noexec: false, nosuid: false, nodev: false, ..mount(target, source) }
}

fn mounts(
    around: &Surroundings,
    config: &ContainerConfig,
    security: &LinuxContainerSecurityContext,
) -> Result<Vec<launch::Mount>> {
    let locked = !security.privileged;
    let mut all = vec![
        new_mount("/proc", "proc", &[]),
        launch::Mount {
            nodev: false,
            noexec: false,
            ..new_mount("/dev", "tmpfs", &[("mode", "755"), ("size", "65536k")])
        },
        launch::Mount {
            nodev: false,
            ..new_mount(
                "/dev/pts",
                "devpts",
                &[("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620"), ("gid", "5")],
            )
        },
        new_mount("/dev/mqueue", "mqueue", &[]),
        launch::Mount { nosuid: true, nodev: true, noexec: true, ..bind("/dev/shm", around.shm.clone()) },
        launch::Mount { readonly: locked, ..new_mount("/sys", "sysfs", &[]) },
        launch::Mount { readonly: locked, ..mount("/sys/fs/cgroup", Source::Cgroups) },
    ];
    let files =
        [("/etc/resolv.conf", files::RESOLV_CONF), ("/etc/hostname", files::HOSTNAME), ("/etc/hosts", files::HOSTS)];
    all.extend(files.map(|(target, name)| bind(target, around.sandbox_dir.join(name))));
    let mut given = config.mounts.iter().map(given_mount).collect::<Result<Vec<_>>>()?;
    all.retain(|own| !given.iter().any(|given| given.target == own.target));
    // A mount below another one must come after it.
    given.sort_by_key(|mount| mount.target.components().count());
    all.extend(given);
    Ok(all)
}

fn given_mount(given: &cri::v1::Mount) -> Result<launch::Mount> {
    if given.image.is_some() {
        return Err(Error::Invalid("image volumes are not supported".into()));
    }
    let path = PathBuf::from(&given.host_path);
    if !path.exists() {
        std::fs::create_dir_all(&path).step(path.display())?;
    }
    let propagation = match given.propagation() {
        MountPropagation::PropagationPrivate => Propagation::Private,
        MountPropagation::PropagationHostToContainer => Propagation::HostToContainer,
        MountPropagation::PropagationBidirectional => Propagation::Bidirectional,
    };
    // A link on the host means what it points at.
    let path = path.canonicalize().step(path.display())?;
    Ok(launch::Mount {
        source: Source::Bind { path, propagation },
        readonly: given.readonly,
        recursive_readonly: given.recursive_read_only,
        ..bind(&given.container_path, PathBuf::new())
    })
}

fn devices(config: &ContainerConfig, security: &LinuxContainerSecurityContext) -> Result<Vec<launch::Device>> {
    let mut all: Vec<launch::Device> = config
        .devices
        .iter()
        .map(|device| launch::Device {
            path: device.container_path.clone().into(),
            host_path: device.host_path.clone().into(),
            permissions: device.permissions.clone(),
        })
        .collect();
    if security.privileged {
        host_devices(Path::new("/dev"), &mut all)?;
    }
    Ok(all)
}

fn host_devices(directory: &Path, found: &mut Vec<launch::Device>) -> Result<()> {
    use std::os::unix::fs::FileTypeExt;
    for entry in std::fs::read_dir(directory).step(directory.display())? {
        let entry = entry.step(directory.display())?;
        let (path, kind) = (entry.path(), entry.file_type().step(directory.display())?);
        let own = OWN_DEVICE_DIRS.iter().any(|name| entry.file_name() == *name);
        if kind.is_dir() && !own {
            host_devices(&path, found)?;
        } else if kind.is_char_device() || kind.is_block_device() {
            found.push(launch::Device { host_path: path.clone(), path, permissions: "rwm".into() });
        }
    }
    Ok(())
}

fn process(
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

fn stop_signal(config: &ContainerConfig, image: &ImageRecord) -> i32 {
    let asked = Signal::try_from(config.stop_signal).ok().filter(|signal| *signal != Signal::RuntimeDefault);
    let asked = asked.and_then(|signal| linux::process::signal_number(signal.as_str_name()));
    asked.or_else(|| linux::process::signal_number(&image.config.stop_signal)).unwrap_or(SIGTERM)
}

pub fn limits(resources: &LinuxContainerResources) -> Limits {
    Limits {
        cpu_shares: resources.cpu_shares.max(0) as u64,
        cpu_quota: resources.cpu_quota,
        cpu_period: resources.cpu_period.max(0) as u64,
        memory: resources.memory_limit_in_bytes,
        memory_and_swap: resources.memory_swap_limit_in_bytes,
        pids: 0,
        cpuset_cpus: resources.cpuset_cpus.clone(),
        cpuset_mems: resources.cpuset_mems.clone(),
        huge_pages: resources.hugepage_limits.iter().map(|it| (it.page_size.clone(), it.limit)).collect(),
        unified: resources.unified.clone().into_iter().collect(),
    }
}

/// What the pod as a whole may use: its resources and the overhead together.
pub fn pod_limits(linux: &LinuxPodSandboxConfig) -> Option<Limits> {
    let mut sum = limits(linux.resources.as_ref()?);
    if let Some(overhead) = linux.overhead.as_ref().map(limits) {
        sum.cpu_shares += overhead.cpu_shares;
        let both = |own: &mut i64, more: i64| *own += if *own > 0 && more > 0 { more } else { 0 };
        both(&mut sum.cpu_quota, overhead.cpu_quota);
        both(&mut sum.memory, overhead.memory);
    }
    Some(sum)
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
