//! Both transports of the client port pass its suite against the real server: here the one over HTTPS, to a server that
//! runs as its own process.

use client::suite::{self, Stage};
use client::{ApiClient, Request};
use client_http::{Credentials, HttpClient};
use clock::SystemClock;
use meta::{Gvr, Value, value};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

struct Server {
    process: Child,
    dir: PathBuf,
}

impl Server {
    fn start() -> Server {
        let dir = std::env::temp_dir().join(format!("k1s-transports-{}", std::process::id()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_k1s"));
        command.args(["server", "--bind", "127.0.0.1:0", "--data-dir"]).arg(&dir).stdout(Stdio::piped());
        let mut process = command.spawn().expect("k1s can be started");
        let output = process.stdout.take().expect("the output is piped");
        let line = BufReader::new(output).lines().next().expect("a line").expect("text");
        assert!(line.contains("the API is ready at"), "{line}");
        Server { process, dir }
    }

    fn client(&self) -> Arc<dyn ApiClient> {
        let config = read(&self.dir.join("admin.kubeconfig"));
        let (cluster, user) = (&config.items("clusters")[0], &config.items("users")[0]);
        let pem = |value: &Value, path: &str| {
            let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, value.str(path));
            String::from_utf8(bytes.expect("base64")).expect("PEM")
        };
        let credentials = Credentials {
            authority: pem(cluster, "cluster.certificate-authority-data"),
            certificate: pem(user, "user.client-certificate-data"),
            key: pem(user, "user.client-key-data"),
        };
        Arc::new(HttpClient::open(cluster.str("cluster.server"), &credentials, "transports").expect("a client"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().expect("the server is a child");
        self.process.wait().expect("the server ends");
        std::fs::remove_dir_all(&self.dir).expect("its directory is ours");
    }
}

fn read(path: &Path) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(path).expect("a kubeconfig")).expect("YAML")
}

#[tokio::test]
async fn the_suite_of_the_client_port_passes_over_https() {
    let server = Server::start();
    let client = server.client();
    let stage = |case: &'static str| {
        let client = client.clone();
        async move {
            let namespace = case.replace("::", "-").replace('_', "-");
            let object = value!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": (&namespace)}});
            let made = client.call(Request::create(Gvr::new("", "v1", "namespaces"), "", object)).await;
            made.expect("a namespace for the case");
            Stage { client, clock: Arc::new(SystemClock), namespace }
        }
    };
    suite::run(stage).await;
}
