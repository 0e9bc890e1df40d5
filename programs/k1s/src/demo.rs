//! The demo image: this very program as a small web server that says which pod answers.

use containers::images::ImageConfig;
use containers::images::builtin::{BuiltinImage, Content};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

pub const IMAGE: &str = "k1s/demo";
/// The name under which the program is started in the image.
const NAME: &str = "k1s-demo";
const PATIENCE: Duration = Duration::from_secs(5);
/// A request's head may have this many lines.
const LINES: usize = 100;

pub fn image() -> BuiltinImage<'static> {
    let path = format!("/{NAME}");
    let config = ImageConfig { entrypoint: vec![path.clone()], ..ImageConfig::default() };
    BuiltinImage { name: IMAGE, files: vec![(PathBuf::from(path), 0o755, Content::OwnExecutable)], config }
}

/// Becomes the web server where the program was started as one; returns otherwise.
pub fn maybe_run() {
    let started_as = std::env::args_os().next().map(PathBuf::from);
    if started_as.and_then(|path| path.file_name().map(|name| name == NAME)) != Some(true) {
        return;
    }
    if let Err(error) = serve() {
        eprintln!("{NAME}: {error}");
        std::process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let port: u16 = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(80);
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    println!("{NAME}: {} answers on port {port}", name.trim());
    for stream in listener.incoming() {
        if let Err(error) = answer(stream?, name.trim()) {
            eprintln!("{NAME}: {error}");
        }
    }
    Ok(())
}

fn answer(mut stream: TcpStream, name: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let head = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in lines.take(LINES) {
        if line?.is_empty() {
            break;
        }
    }
    let peer = stream.peer_addr()?.ip();
    let body = format!("Hello from pod {name}\nyou are {peer}, and asked: {head}\n");
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}
