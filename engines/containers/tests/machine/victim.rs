//! A k1s that is there to be killed: it makes and removes pods until it dies.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use clock::SystemClock;
use containers::{Config, Containers, LoopbackOnly};
use cri::conformance::Subject;

use crate::place::IMAGE;

const FLAG: &str = "--victim";

/// Returns when it has begun to make pods.
pub fn start(data_dir: &Path, cgroup_root: &str) -> Child {
    let mut command = Command::new("/proc/self/exe");
    command.arg(FLAG).arg(data_dir).arg(cgroup_root).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    let mut victim = command.spawn().expect("a victim");
    let mut line = [0];
    victim.stdout.as_mut().expect("a pipe").read_exact(&mut line).expect("it is at work");
    victim
}

/// Does not return when this process is a victim.
pub fn maybe_run() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, flag, data_dir, cgroup_root] = arguments.as_slice() else { return };
    if flag == FLAG {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        tokio.expect("a runtime").block_on(live(Path::new(data_dir), cgroup_root));
    }
}

async fn live(data_dir: &Path, cgroup_root: &str) {
    let config = Config { cgroup_root: cgroup_root.into(), ..Config::new(data_dir, Arc::new(SystemClock)) };
    let runtime = Containers::open(config, Arc::new(LoopbackOnly)).await.expect("the runtime opens");
    let on = Subject { runtime: runtime.clone(), images: runtime, image: IMAGE.into(), log_directory: String::new() };
    println!("at work");
    for number in 0.. {
        let sandbox = on.sandbox(&format!("victim-{number}")).await;
        let id = on.container(&sandbox, "victim", &["sleep", "1000"]).await;
        on.start(&id).await;
        if number % 2 == 0 {
            on.drop_sandbox(&sandbox).await;
        }
    }
}
