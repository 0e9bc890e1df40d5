//! A node with an outside world, each in a network namespace of its own; pods join later.

use dataplane::{Config, Dataplane, PodLinks};
use linux::netlink::HostNetwork;
use netplan::{Desired, Endpoint, EndpointPort, Port, Protocol, Service, ServiceKey, Slice, SliceKey, Snapshot, plan};
use rustix::fs::{Mode, OFlags, open};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub const NODE: &str = "192.0.2.1";
pub const OUTSIDE: &str = "192.0.2.2";
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs `test` on a thread that has a network namespace of its own, and a runtime whose threads share it.
pub fn on_a_node<Testing: Future<Output = ()>>(test: impl FnOnce(World) -> Testing + Send + 'static) {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: network namespaces need root");
        return;
    }
    let run = || {
        let node = Namespace::new();
        node.enter();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { test(World::new(node).await).await });
    };
    if let Err(panic) = std::thread::spawn(run).join() {
        std::panic::resume_unwind(panic);
    }
}

/// Lives as long as this is held.
pub struct Namespace(OwnedFd);

impl Namespace {
    /// Its name is gone at once: what is held is the namespace itself.
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("k1s-test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        ip(&format!("netns add {name}"));
        let path = format!("/run/netns/{name}");
        let held = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).expect("a namespace");
        ip(&format!("netns delete {name}"));
        Self(held)
    }

    fn enter(&self) {
        move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network)).expect("entered");
    }

    pub fn again(&self) -> Self {
        Self(self.0.try_clone().expect("another hold"))
    }

    pub fn path(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd()).into()
    }

    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let enter = || {
            self.enter();
            work()
        };
        std::thread::scope(|scope| scope.spawn(enter).join()).expect("work in a namespace")
    }

    /// What whoever answers at `to` says, and whom it saw.
    pub fn ask(&self, to: &str) -> Option<(String, IpAddr)> {
        let to: SocketAddr = to.parse().expect("an address");
        self.run(|| exchange(TcpStream::connect_timeout(&to, PATIENCE).ok()?))
    }

    /// The kind of failure to connect.
    pub fn refusal(&self, to: &str) -> Option<std::io::ErrorKind> {
        let to: SocketAddr = to.parse().expect("an address");
        self.run(|| TcpStream::connect_timeout(&to, Duration::from_millis(300)).err().map(|error| error.kind()))
    }
}

pub fn exchange(mut stream: TcpStream) -> Option<(String, IpAddr)> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(b"?").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (name, seen) = answer.split_once(' ')?;
    Some((name.to_owned(), seen.parse().ok()?))
}

pub fn ip(arguments: &str) -> String {
    shell("ip", arguments)
}

pub fn shell(program: &str, arguments: &str) -> String {
    let output = Command::new(program).args(arguments.split_whitespace()).output().expect(program);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments}: {said}");
    said
}

pub struct Pod {
    pub sandbox: String,
    pub inside: Namespace,
    pub address: IpAddr,
}

pub struct World {
    pub node: Namespace,
    pub outside: Namespace,
    pub engine: Dataplane<HostNetwork>,
    pub links: PodLinks<HostNetwork>,
    pub now: Snapshot,
    desired: Desired,
}

pub fn config() -> Config {
    Config {
        node_name: "here".into(),
        cluster_domain: "cluster.local".into(),
        node_addresses: vec![NODE.parse().unwrap(), "fd00:2::1".parse().unwrap()],
        cluster_ranges: vec!["10.244.0.0/16".parse().unwrap(), "fd00:244::/48".parse().unwrap()],
        service_ranges: vec!["10.96.0.0/16".parse().unwrap(), "fd00:96::/108".parse().unwrap()],
        node_ranges: vec!["10.244.1.0/24".parse().unwrap(), "fd00:244:0:1::/64".parse().unwrap()],
        dns: vec!["10.96.0.10:53".parse().unwrap()],
        ..Config::default()
    }
}

impl World {
    async fn new(node: Namespace) -> Self {
        let outside = Namespace::new();
        ip("link set lo up");
        ip(&format!("link add up0 type veth peer name out0 netns {}", outside.path().display()));
        ip(&format!("addr add {NODE}/24 dev up0"));
        ip("addr add fd00:2::1/64 dev up0 nodad");
        ip("link set up0 up");
        outside.run(|| {
            ip("link set lo up");
            ip(&format!("addr add {OUTSIDE}/24 dev out0"));
            ip("addr add fd00:2::2/64 dev out0 nodad");
            ip("link set out0 up");
            ip(&format!("route add 10.96.0.0/16 via {NODE}"));
        });
        ip(&format!("route add default via {OUTSIDE}"));
        ip("-6 route add default via fd00:2::2");
        let kernel = HostNetwork::open().expect("netlink");
        let engine = Dataplane::open(kernel, config()).await.expect("a data plane");
        let links = engine.pod_links().await.expect("links");
        let now = Snapshot { node: engine.node(), ..Snapshot::default() };
        Self { node, outside, engine, links, now, desired: Desired::default() }
    }

    pub async fn pod(&self, sandbox: &str, ports: &[dataplane::HostPort]) -> Pod {
        let inside = Namespace::new();
        let addresses = self.links.attach(sandbox, &inside.path(), ports).await.expect("attached");
        let pod = Pod { sandbox: sandbox.into(), inside, address: addresses[0] };
        pod.serve(8080);
        pod
    }

    pub fn set(&mut self, name: &str, service: Service, endpoints: &[(IpAddr, bool)]) {
        let protocol = service.ports[0].protocol;
        let endpoint = |(address, local): &(IpAddr, bool)| Endpoint {
            address: *address,
            ready: true,
            serving: true,
            terminating: false,
            hostname: None,
            node: Some(if *local { "here" } else { "there" }.into()),
            for_zones: Vec::new(),
            for_nodes: Vec::new(),
        };
        let ports = vec![EndpointPort { name: String::new(), protocol, port: 8080 }];
        let slice = Slice { ports, endpoints: endpoints.iter().map(endpoint).collect() };
        let key = ServiceKey::new("n", name);
        self.now.services.insert(key.clone(), Arc::new(service));
        self.now.slices.insert(SliceKey { service: key, slice: "s".into() }, Arc::new(slice));
    }

    pub fn unset(&mut self, name: &str) {
        let key = ServiceKey::new("n", name);
        self.now.services.remove(&key);
        self.now.slices.remove(&SliceKey { service: key, slice: "s".into() });
    }

    pub async fn apply(&mut self) {
        self.desired = plan(&self.desired, &self.now);
        self.engine.apply(&self.desired).await.expect("applied");
    }

    /// As a new process would: nothing is remembered but what the kernel holds.
    pub async fn restart(&mut self) {
        let kernel = HostNetwork::open().expect("netlink");
        self.engine = Dataplane::open(kernel, config()).await.expect("a data plane");
        self.links = self.engine.pod_links().await.expect("links");
        self.desired = Desired::default();
    }
}

impl Pod {
    /// Says its name and whom it sees, to everybody.
    pub fn serve(&self, port: u16) {
        let name = self.sandbox.clone();
        let listener = self.inside.run(|| TcpListener::bind(("::", port)).expect("bound"));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let name = name.clone();
                std::thread::spawn(move || answer(stream, &name));
            }
        });
    }

    pub fn serve_datagrams(&self, port: u16) {
        let name = self.sandbox.clone();
        let socket = self.inside.run(|| UdpSocket::bind(("0.0.0.0", port)).expect("bound"));
        std::thread::spawn(move || {
            let mut buffer = [0; 16];
            while let Ok((_, from)) = socket.recv_from(&mut buffer) {
                if socket.send_to(name.as_bytes(), from).is_err() {
                    return;
                }
            }
        });
    }
}

/// Answers when it is asked, so that a test can keep a connection open as long as it likes.
fn answer(mut stream: TcpStream, name: &str) {
    let mut question = [0];
    if stream.read_exact(&mut question).is_ok()
        && let Ok(from) = stream.peer_addr()
    {
        // The asker may have gone.
        write!(stream, "{name} {}", from.ip().to_canonical()).ok();
    }
}

pub fn tcp(cluster_ip: &str) -> Service {
    service(cluster_ip, Protocol::Tcp, None)
}

pub fn service(cluster_ip: &str, protocol: Protocol, node_port: Option<u16>) -> Service {
    let cluster_ips = vec![cluster_ip.parse().expect("an address")];
    let ports = vec![Port { name: String::new(), protocol, port: 80, node_port }];
    Service { cluster_ips, ports, ..Service::default() }
}

pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
