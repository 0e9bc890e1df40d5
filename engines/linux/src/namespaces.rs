//! The namespaces of a pod: made on a thread of their own, kept alive by descriptors.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

/// The kinds that the containers of a pod may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    Net,
    Ipc,
    Uts,
    Pid,
}

impl Kind {
    /// Its name below `/proc/PID/ns`.
    pub fn file(self) -> &'static str {
        match self {
            Kind::Net => "net",
            Kind::Ipc => "ipc",
            Kind::Uts => "uts",
            Kind::Pid => "pid",
        }
    }

    fn flag(self) -> UnshareFlags {
        match self {
            Kind::Net => UnshareFlags::NEWNET,
            Kind::Ipc => UnshareFlags::NEWIPC,
            Kind::Uts => UnshareFlags::NEWUTS,
            Kind::Pid => UnshareFlags::NEWPID,
        }
    }

    pub fn link_type(self) -> LinkNameSpaceType {
        match self {
            Kind::Net => LinkNameSpaceType::Network,
            Kind::Ipc => LinkNameSpaceType::InterProcessCommunication,
            Kind::Uts => LinkNameSpaceType::HostNameAndNISDomainName,
            Kind::Pid => LinkNameSpaceType::ProcessID,
        }
    }
}

pub type Handles = Vec<(Kind, OwnedFd)>;

/// What the new namespaces look like inside.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    pub kinds: Vec<Kind>,
    pub hostname: String,
    /// `net.ipv4.ip_forward` and the like; applied within.
    pub sysctls: Vec<(String, String)>,
}

pub fn open(process: &str, kind: Kind) -> io::Result<OwnedFd> {
    let path = format!("/proc/{process}/ns/{}", kind.file());
    Ok(openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Makes them; they live as long as somebody holds a handle or runs inside.
pub fn create(setup: Setup) -> io::Result<Handles> {
    let made = std::thread::Builder::new().name("namespaces".into()).spawn(move || populate(&setup))?.join();
    made.map_err(|_| io::Error::other("the thread that makes namespaces panicked"))?
}

fn populate(setup: &Setup) -> io::Result<Handles> {
    let flags = setup.kinds.iter().fold(UnshareFlags::empty(), |flags, kind| flags | kind.flag());
    // SAFETY: no CLONE_FILES among the flags; the thread ends with its namespaces and runs nobody else's code.
    unsafe { unshare_unsafe(flags)? };
    if setup.kinds.contains(&Kind::Uts) && !setup.hostname.is_empty() {
        rustix::system::sethostname(setup.hostname.as_bytes())?;
    }
    if setup.kinds.contains(&Kind::Net) {
        loopback_up()?;
    }
    setup.sysctls.iter().try_for_each(|(name, value)| write_sysctl(name, value))?;
    setup.kinds.iter().map(|kind| Ok((*kind, open("thread-self", *kind)?))).collect()
}

/// Runs a piece of work inside a network namespace, on a thread of its own.
pub fn inside_network<T: Send + 'static>(
    network: OwnedFd,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let thread = std::thread::Builder::new().name("pod-network".into()).spawn(move || {
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
        work()
    })?;
    thread.join().map_err(|_| io::Error::other("the thread inside the network namespace panicked"))?
}

/// Dots separate, except in interface names, where a slash stands for a dot: as sysctl(8) has it.
fn write_sysctl(name: &str, value: &str) -> io::Result<()> {
    let path: String = name.chars().map(|it| if it == '.' { '/' } else { it }).collect();
    std::fs::write(format!("/proc/sys/{path}"), value)
        .map_err(|error| io::Error::new(error.kind(), format!("sysctl {name}={value}: {error}")))
}

fn loopback_up() -> io::Result<()> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    // SAFETY: all-zero bytes are a valid `ifreq`.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as i16;
    // SAFETY: the descriptor is open and the request is an `ifreq`, as this call reads.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &request) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
