//! k1s and upstream in turns, so that whatever else the machine does meets both alike.

use super::figure::Figures;
use super::measures::Bench;
use super::report::Report;
use super::server::Server;
use super::{BenchError, Sizes, reopen};
use clap::Args;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Until a server that has begun does nothing more.
const SETTLE: Duration = Duration::from_secs(3);

#[derive(Args)]
pub struct Versus {
    /// The k1s program
    #[arg(long, default_value = "target/release/k1s")]
    k1s: PathBuf,
    /// A program that starts upstream, see README.md; without it k1s is measured alone
    #[arg(long)]
    upstream: Option<PathBuf>,
    /// How often each is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Objects that k1s is started on; 0 leaves that out
    #[arg(long, default_value_t = 1_000_000)]
    reopen: usize,
    /// Where the table for programs goes
    #[arg(long, default_value = "bench/results/api.tsv")]
    tsv: PathBuf,
    /// Where the table for people goes
    #[arg(long, default_value = "docs/figures/api.md")]
    markdown: PathBuf,
    #[command(flatten)]
    sizes: Sizes,
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    K1s,
    Upstream,
}

impl Versus {
    pub async fn run(&self) -> Result<(), BenchError> {
        let mut report = Report::default();
        for round in 0..self.rounds {
            report.k1s.push(self.round(Side::K1s, round).await?);
            if self.upstream.is_some() {
                report.upstream.push(self.round(Side::Upstream, round).await?);
            }
            report.write(&self.tsv, &self.markdown)?; // what was measured stays if a later round fails
        }
        if self.reopen > 0 {
            report.k1s.extend(reopen::run(&self.k1s, free_port()?, self.reopen).await?);
        }
        report.write(&self.tsv, &self.markdown)?;
        println!("written: {} and {}", self.tsv.display(), self.markdown.display());
        Ok(())
    }

    async fn round(&self, side: Side, round: usize) -> Result<Figures, BenchError> {
        let dir = TempDir::new_in("/var/tmp").map_err(BenchError::new)?; // a disk, not memory
        let server = self.start(side, dir.path()).await?;
        println!("round {}: {}", round + 1, if side == Side::K1s { "k1s" } else { "upstream" });
        let measured = self.measured(&server, side, round).await;
        server.stop().await?; // also where a measure failed: upstream's processes would stay
        measured
    }

    async fn measured(&self, server: &Server, side: Side, round: usize) -> Result<Figures, BenchError> {
        let mut figures = Figures::default();
        figures.put("start", server.began_within.as_secs_f64() * 1000.0);
        tokio::time::sleep(SETTLE).await;
        figures.put("empty", server.memory()?);
        // A thousand lists of everything take upstream a quarter of an hour.
        let informers = if side == Side::K1s && round == 0 && self.sizes.informers == 0 { 1_024 } else { 0 };
        let sizes = Sizes { keep: true, informers: self.sizes.informers.max(informers), ..self.sizes.clone() };
        Bench::new(&server.kubeconfig, server.pids.clone(), sizes)?.run(&mut figures).await?;
        Ok(figures)
    }

    async fn start(&self, side: Side, dir: &Path) -> Result<Server, BenchError> {
        match (side, &self.upstream) {
            (Side::Upstream, Some(program)) => Server::upstream(program, dir, free_port()?).await,
            _ => Server::k1s(&self.k1s, dir, free_port()?).await,
        }
    }
}

/// A port that nobody listens on, nor on the two behind it: upstream's etcd takes those.
fn free_port() -> Result<u16, BenchError> {
    let listen = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    for _ in 0..100 {
        let port = listen(0).and_then(|socket| socket.local_addr()).map_err(BenchError::new)?.port();
        if port < u16::MAX - 2 && (port..=port + 2).all(|port| listen(port).is_ok()) {
            return Ok(port);
        }
    }
    Err(BenchError("there are no three free ports in a row".into()))
}
