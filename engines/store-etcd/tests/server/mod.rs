//! An etcd of one member in a directory of its own.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub struct Server {
    pub url: String,
    program: PathBuf,
    peer: String,
    dir: TempDir,
    child: Child,
}

impl Server {
    /// None, said aloud, where there is no etcd to start.
    pub fn start() -> Option<Server> {
        let Some(program) = program() else {
            eprintln!("left out: no etcd in $K1S_ETCD, in the path or among upstream's programs");
            return None;
        };
        let (url, peer, dir) = (nobody(), nobody(), tempfile::tempdir().expect("a directory is made"));
        let child = spawn(&program, &url, &peer, &dir);
        Some(Server { url, program, peer, dir, child })
    }

    pub fn stop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("etcd is ended");
    }

    pub fn start_again(&mut self) {
        self.child = spawn(&self.program, &self.url, &self.peer, &self.dir);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An address where nobody listens (yet).
pub fn nobody() -> String {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    format!("http://{}", address.expect("a port is free"))
}

fn program() -> Option<PathBuf> {
    let named = std::env::var_os("K1S_ETCD").map(PathBuf::from);
    let in_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let kept = cache.map(|cache| cache.join("k1s-upstream/bin"));
    let folders = in_path.chain(kept).map(|folder| folder.join("etcd"));
    named.into_iter().chain(folders).find(|program| program.is_file())
}

fn spawn(program: &PathBuf, url: &str, peer: &str, dir: &TempDir) -> Child {
    let mut child = Command::new(program)
        .args(["--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", peer])
        .args(["--initial-advertise-peer-urls", peer, "--initial-cluster", &format!("default={peer}")])
        .args(["--unsafe-no-fsync", "--log-level", "error", "--data-dir"])
        .arg(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("etcd starts");
    let address = url.trim_start_matches("http://");
    for _ in 0..400 {
        if TcpStream::connect(address).is_ok() {
            return child;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().and_then(|()| child.wait()).expect("etcd is ended");
    panic!("etcd does not listen at {url}");
}
