//! A command in a container, or its own streams: what `kubectl exec` and `attach` speak.

use super::Wire;
use super::spdy::{Connection, Outgoing, Stream};
use super::upgrade::Transport;
use super::websocket::{Channel, Channels};
use bytes::Bytes;
use cri::{Session, TerminalSize};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

pub const WEBSOCKET_PROTOCOLS: [&str; 3] = ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"];
pub const SPDY_PROTOCOLS: [&str; 4] = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"];

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
const BUFFER: usize = 32 << 10;
/// A client opens all of its streams right away.
const OPENING: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub tty: bool,
}

/// The way of one stream to the client.
enum Out {
    WebSocket(Channel),
    Spdy(Outgoing),
}

impl Out {
    async fn send(&self, bytes: Bytes) -> bool {
        match self {
            Out::WebSocket(channel) => channel.send(bytes).await,
            Out::Spdy(stream) => stream.send(bytes).await,
        }
    }

    async fn finish(self) {
        if let Out::Spdy(stream) = self {
            stream.finish().await;
        }
    }
}

/// The client's side of a session.
struct Client {
    stdin: Option<mpsc::Receiver<Bytes>>,
    stdout: Option<Out>,
    stderr: Option<Out>,
    error: Out,
    resize: Option<mpsc::Receiver<Bytes>>,
}

/// Carries a session over a wire to its end. `structured`: the protocol tells exit codes as a Status.
pub async fn serve(
    wire: impl Wire,
    transport: Transport,
    protocol: &str,
    wanted: Wanted,
    session: Session,
) -> io::Result<()> {
    let structured = matches!(protocol, "v5.channel.k8s.io" | "v4.channel.k8s.io");
    match transport {
        Transport::WebSocket => over_websocket(wire, wanted, session, structured).await,
        Transport::Spdy => over_spdy(wire, wanted, session, structured).await,
    }
}

async fn over_websocket(wire: impl Wire, wanted: Wanted, session: Session, structured: bool) -> io::Result<()> {
    let mut channels = Channels::new(wire, &[STDIN, RESIZE]).await;
    let output =
        |channels: &Channels, number, is_wanted: bool| is_wanted.then(|| Out::WebSocket(channels.output(number)));
    let client = Client {
        stdin: channels.input(STDIN).filter(|_| wanted.stdin),
        stdout: output(&channels, STDOUT, wanted.stdout),
        stderr: output(&channels, STDERR, wanted.stderr && !wanted.tty),
        error: Out::WebSocket(channels.output(ERROR)),
        resize: channels.input(RESIZE).filter(|_| wanted.tty),
    };
    tokio::select! {
        () = run(client, session, structured) => {}
        // Whoever hangs up lets go of the streams; the command learns of it through them.
        () = channels.ended() => return Ok(()),
    }
    channels.close().await;
    Ok(())
}

async fn over_spdy(wire: impl Wire, wanted: Wanted, session: Session, structured: bool) -> io::Result<()> {
    let mut connection = Connection::new(wire)?;
    let opened = timeout(OPENING, open_all(&mut connection, wanted)).await;
    let mut streams = opened.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    let mut take = |kind: &str| streams.remove(kind);
    let Some(error) = take("error") else { return Ok(()) };
    let client = Client {
        stdin: take("stdin").map(|s| s.incoming),
        stdout: take("stdout").map(|s| Out::Spdy(s.outgoing)),
        stderr: take("stderr").map(|s| Out::Spdy(s.outgoing)),
        error: Out::Spdy(error.outgoing),
        resize: take("resize").map(|s| s.incoming),
    };
    tokio::select! {
        () = run(client, session, structured) => {}
        () = ended(&mut connection) => return Ok(()),
    }
    connection.close().await;
    Ok(())
}

/// All the streams that the client's wishes imply.
async fn open_all(connection: &mut Connection, wanted: Wanted) -> BTreeMap<String, Stream> {
    let expected = 1
        + usize::from(wanted.stdin)
        + usize::from(wanted.stdout)
        + usize::from(wanted.stderr && !wanted.tty)
        + usize::from(wanted.tty);
    let mut streams = BTreeMap::new();
    while streams.len() < expected {
        let Some(stream) = connection.accept().await else { break };
        let kind = stream.headers.get("streamtype").cloned().unwrap_or_default();
        streams.insert(kind, stream);
    }
    streams
}

async fn ended(connection: &mut Connection) {
    while let Some(stream) = connection.accept().await {
        stream.outgoing.reset().await;
    }
}

async fn run(client: Client, session: Session, structured: bool) {
    let Session { stdin, stdout, stderr, resize, exit } = session;
    let feed = tokio::spawn(feed(client.stdin, stdin));
    let sizes = tokio::spawn(sizes(client.resize, resize));
    let outputs = async { tokio::join!(pour(stdout, client.stdout), pour(stderr, client.stderr)) };
    let (_, exit) = tokio::join!(outputs, exit);
    feed.abort();
    sizes.abort();
    if let Some(text) = verdict(exit, structured) {
        client.error.send(text).await;
    }
    client.error.finish().await;
}

async fn feed(from: Option<mpsc::Receiver<Bytes>>, to: Option<Box<dyn AsyncWrite + Send + Unpin>>) {
    let (Some(mut from), Some(mut to)) = (from, to) else { return };
    while let Some(bytes) = from.recv().await {
        if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
    // Dropping it would close it as well; a process that has ended does not mind.
    let _ = to.shutdown().await;
}

async fn sizes(from: Option<mpsc::Receiver<Bytes>>, to: Option<mpsc::Sender<TerminalSize>>) {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Size {
        width: u16,
        height: u16,
    }
    let (Some(mut from), Some(to)) = (from, to) else { return };
    let mut text = Vec::new();
    while let Some(bytes) = from.recv().await {
        text.extend_from_slice(&bytes);
        let mut sizes = serde_json::Deserializer::from_slice(&text).into_iter::<Size>();
        let mut last = None;
        while let Some(Ok(size)) = sizes.next() {
            last = Some(TerminalSize { width: size.width, height: size.height });
        }
        // A size may come in pieces: what is not whole waits for the rest.
        let used = sizes.byte_offset();
        text.drain(..used);
        if let Some(size) = last
            && to.send(size).await.is_err()
        {
            return;
        }
    }
}

async fn pour(from: Option<Box<dyn AsyncRead + Send + Unpin>>, to: Option<Out>) {
    let (Some(mut from), Some(to)) = (from, to) else { return };
    let mut buffer = vec![0; BUFFER];
    // A stream that breaks has ended; the exit code tells the rest.
    while let Ok(count) = from.read(&mut buffer).await {
        if count == 0 || !to.send(Bytes::copy_from_slice(&buffer[..count])).await {
            break;
        }
    }
    to.finish().await;
}

/// What the client is told of the end. Older protocols say nothing of success.
fn verdict(exit: Result<i32, cri::Error>, structured: bool) -> Option<Bytes> {
    let text = match (exit, structured) {
        (Ok(0), true) => r#"{"metadata":{},"status":"Success"}"#.to_owned(),
        (Ok(0), false) => return None,
        (Ok(code), true) => serde_json::json!({
            "metadata": {},
            "status": "Failure",
            "message": format!("command terminated with non-zero exit code: exit status {code}"),
            "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
        })
        .to_string(),
        (Ok(code), false) => format!("command terminated with non-zero exit code: exit status {code}"),
        (Err(error), true) => serde_json::json!({
            "metadata": {},
            "status": "Failure",
            "message": format!("Internal error occurred: error executing command in container: {error}"),
            "reason": "InternalError",
            "details": {"causes": [{"message": error.to_string()}]},
            "code": 500,
        })
        .to_string(),
        (Err(error), false) => format!("error executing command in container: {error}"),
    };
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, SinkExt, StreamExt};
    use tokio::io::duplex;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    /// A session whose command copies its input, and ends with it.
    fn copier(code: i32) -> Session {
        let (stdin, mut inside) = duplex(1024);
        let (mut writer, stdout) = duplex(1024);
        let copied = tokio::spawn(async move { tokio::io::copy(&mut inside, &mut writer).await.map(drop) });
        Session {
            stdin: Some(Box::new(stdin)),
            stdout: Some(Box::new(stdout)),
            stderr: None,
            resize: None,
            exit: async move { copied.await.map(|_| code).map_err(|e| cri::Error::Internal(e.to_string())) }.boxed(),
        }
    }

    async fn check(protocol: &'static str, code: i32, expect: &[&str]) {
        let (client, server) = duplex(1 << 16);
        let wanted = Wanted { stdin: true, stdout: true, ..Wanted::default() };
        tokio::spawn(serve(server, Transport::WebSocket, protocol, wanted, copier(code)));
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        client.send(Message::Binary(Bytes::from_static(b"\0hello"))).await.unwrap();
        client.send(Message::Binary(Bytes::from_static(&[255, 0]))).await.unwrap();
        let mut heard = Vec::new();
        while let Some(Ok(message)) = client.next().await {
            heard.push(match message {
                Message::Binary(bytes) => format!("{} {}", bytes[0], String::from_utf8_lossy(&bytes[1..])),
                Message::Close(frame) => format!("close {}", frame.map_or(0, |f| u16::from(f.code))),
                other => format!("{other:?}"),
            });
        }
        assert_eq!(heard, expect);
    }

    #[tokio::test]
    async fn over_websocket() {
        let success = r#"3 {"metadata":{},"status":"Success"}"#;
        check("v5.channel.k8s.io", 0, &["1 hello", success, "close 1000"]).await;
        let failure = concat!(
            r#"3 {"details":{"causes":[{"message":"3","reason":"ExitCode"}]},"#,
            r#""message":"command terminated with non-zero exit code: exit status 3","metadata":{},"#,
            r#""reason":"NonZeroExitCode","status":"Failure"}"#
        );
        check("v4.channel.k8s.io", 3, &["1 hello", failure, "close 1000"]).await;
        check("channel.k8s.io", 0, &["1 hello", "close 1000"]).await;
    }
}
