//! A fresh `k1s server` with a directory of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

static STARTED: AtomicUsize = AtomicUsize::new(0);

pub struct Server {
    process: Child,
    dir: PathBuf,
}

impl Server {
    pub fn start() -> Server {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("k1s-kubectl-{}-{number}", std::process::id()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_k1s"));
        command.args(["server", "--bind", "127.0.0.1:0", "--data-dir"]).arg(&dir);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("k1s can be started");
        let output = process.stdout.take().expect("the output is piped");
        let line = BufReader::new(output).lines().next().expect("a line").expect("text");
        assert!(line.contains("the API is ready at"), "{line}");
        Server { process, dir }
    }

    /// What points a client at this server, and keeps it from everything else.
    pub fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("KUBECONFIG", self.dir.join("admin.kubeconfig")),
            ("HOME", self.dir.clone()),
            ("TZ", "UTC".into()),
            ("KUBE_EDITOR", "sed -i s/nginx:1.27/nginx:1.99/;s/secret-name/bad_name/".into()),
        ]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().expect("the server is a child");
        self.process.wait().expect("the server ends");
        std::fs::remove_dir_all(&self.dir).expect("its directory is ours");
    }
}
