//! WebSocket connections: channels numbered by the first byte of each message, or a plain stream of bytes, in one
//! direction or both.

use super::Wire;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

const WAITING: usize = 16;
const LONGEST_MESSAGE: usize = 4 << 20;
const BUFFER: usize = 64 << 10;
/// `[255, n]` closes the client's half of channel n.
const CLOSE_CHANNEL: u8 = 255;

pub async fn accept<W: Wire>(wire: W) -> WebSocketStream<W> {
    let config =
        WebSocketConfig::default().max_message_size(Some(LONGEST_MESSAGE)).max_frame_size(Some(LONGEST_MESSAGE));
    WebSocketStream::from_raw_socket(wire, Role::Server, Some(config)).await
}

/// The way out: bytes for a channel. Closing ends the connection in order.
#[derive(Clone, Debug)]
pub struct Channel {
    number: u8,
    out: mpsc::Sender<(u8, Bytes)>,
}

impl Channel {
    /// False when the connection has ended.
    pub async fn send(&self, bytes: Bytes) -> bool {
        self.out.send((self.number, bytes)).await.is_ok()
    }
}

/// Channels over one connection.
pub struct Channels {
    out: mpsc::Sender<(u8, Bytes)>,
    incoming: BTreeMap<u8, mpsc::Receiver<Bytes>>,
    reader: tokio::task::JoinHandle<()>,
    writer: tokio::task::JoinHandle<()>,
}

impl Channels {
    /// `inputs` are the channels that are listened to; others' messages are left aside.
    pub async fn new(wire: impl Wire, inputs: &[u8]) -> Channels {
        let (sink, stream) = accept(wire).await.split();
        let (out, outbox) = mpsc::channel(WAITING);
        let (mut senders, mut incoming) = (BTreeMap::new(), BTreeMap::new());
        for number in inputs {
            let (sender, receiver) = mpsc::channel(WAITING);
            senders.insert(*number, sender);
            incoming.insert(*number, receiver);
        }
        let reader = tokio::spawn(read(stream, senders));
        let writer = tokio::spawn(write(sink, outbox));
        Channels { out, incoming, reader, writer }
    }

    pub fn input(&mut self, number: u8) -> Option<mpsc::Receiver<Bytes>> {
        self.incoming.remove(&number)
    }

    pub fn output(&self, number: u8) -> Channel {
        Channel { number, out: self.out.clone() }
    }

    /// Resolves when the client has hung up.
    pub async fn ended(&mut self) {
        // A reader that broke off has ended as well.
        let _ = (&mut self.reader).await;
    }

    /// Ends the connection with a normal close, once everything is out. All channels must have been dropped.
    pub async fn close(self) {
        drop(self.out);
        let _ = self.writer.await;
        self.reader.abort();
    }
}

async fn read<W: Wire>(mut stream: SplitStream<WebSocketStream<W>>, mut channels: BTreeMap<u8, mpsc::Sender<Bytes>>) {
    while let Some(Ok(message)) = stream.next().await {
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Text(text) => Bytes::from(text),
            Message::Close(_) => return,
            _ => continue,
        };
        match (bytes.first().copied(), bytes.get(1).copied()) {
            (Some(CLOSE_CHANNEL), Some(number)) => drop(channels.remove(&number)),
            (Some(number), Some(_)) => {
                if let Some(channel) = channels.get(&number) {
                    // A process that has closed its input hears nothing more.
                    let _ = channel.send(bytes.slice(1..)).await;
                }
            }
            _ => {}
        }
    }
}

async fn write<W: Wire>(mut sink: SplitSink<WebSocketStream<W>, Message>, mut outbox: mpsc::Receiver<(u8, Bytes)>) {
    while let Some((number, bytes)) = outbox.recv().await {
        let mut message = BytesMut::with_capacity(bytes.len() + 1);
        message.put_u8(number);
        message.put(bytes);
        if sink.send(Message::Binary(message.freeze())).await.is_err() {
            return;
        }
    }
    say_goodbye(&mut sink).await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Plain,
    Base64,
}

/// Each piece as a message, until there are no more or the client has hung up.
pub async fn send_all(wire: impl Wire, mut pieces: mpsc::Receiver<Bytes>, encoding: Encoding) {
    let (mut sink, mut stream) = accept(wire).await.split();
    loop {
        let piece = tokio::select! {
            biased;
            piece = pieces.recv() => piece,
            said = stream.next() => match said {
                None | Some(Err(_) | Ok(Message::Close(_))) => return,
                Some(Ok(_)) => continue,
            },
        };
        let Some(piece) = piece else { break };
        let message = match encoding {
            Encoding::Plain => Message::Binary(piece),
            Encoding::Base64 => Message::text(STANDARD.encode(piece)),
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
    say_goodbye(&mut sink).await;
}

async fn say_goodbye<W: Wire>(sink: &mut SplitSink<WebSocketStream<W>, Message>) {
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    // A client that has hung up waits for none.
    let _ = sink.send(Message::Close(Some(goodbye))).await;
    let _ = sink.flush().await;
}

/// Binary messages as one stream of bytes: another protocol inside.
pub async fn tunnel(wire: impl Wire) -> DuplexStream {
    let (inside, outside) = duplex(BUFFER);
    let (mut sink, mut stream) = accept(wire).await.split();
    let (mut read_half, mut write_half) = split(outside);
    tokio::spawn(async move {
        while let Some(Ok(message)) = stream.next().await {
            let Message::Binary(bytes) = message else { continue };
            if write_half.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // Whoever reads inside learns of the end.
        let _ = write_half.shutdown().await;
    });
    tokio::spawn(async move {
        let mut buffer = vec![0; BUFFER];
        while let Ok(count) = read_half.read(&mut buffer).await {
            let bytes = Bytes::copy_from_slice(&buffer[..count]);
            if count == 0 || sink.send(Message::Binary(bytes)).await.is_err() {
                break;
            }
        }
        say_goodbye(&mut sink).await;
    });
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn channels_carry_bytes_and_close_in_order() {
        let (client, server) = duplex(1 << 16);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let mut channels = Channels::new(server, &[0]).await;
        let mut stdin = channels.input(0).unwrap();
        for message in [&b"\0in"[..], b"\x09lost", &[255, 0]] {
            client.send(Message::Binary(Bytes::copy_from_slice(message))).await.unwrap();
        }
        assert_eq!(stdin.recv().await.unwrap(), "in");
        assert!(stdin.recv().await.is_none());
        assert!(channels.output(1).send(Bytes::from_static(b"out")).await);
        channels.close().await;
        assert_eq!(client.next().await.unwrap().unwrap(), Message::Binary(Bytes::from_static(b"\x01out")));
        let Message::Close(Some(frame)) = client.next().await.unwrap().unwrap() else { panic!("no goodbye") };
        assert_eq!(frame.code, CloseCode::Normal);
    }

    async fn check_pieces(encoding: Encoding, expect: &Message) {
        let (client, server) = duplex(1 << 16);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let (sender, pieces) = mpsc::channel(1);
        sender.send(Bytes::from_static(b"a line\n")).await.unwrap();
        drop(sender);
        send_all(server, pieces, encoding).await;
        assert_eq!(client.next().await.unwrap().unwrap(), *expect);
        assert!(matches!(client.next().await.unwrap().unwrap(), Message::Close(Some(_))));
    }

    #[tokio::test]
    async fn pieces_are_messages() {
        check_pieces(Encoding::Plain, &Message::Binary(Bytes::from_static(b"a line\n"))).await;
        check_pieces(Encoding::Base64, &Message::text("YSBsaW5lCg==")).await;
    }

    #[tokio::test]
    async fn a_tunnel_is_a_stream_of_bytes() {
        let (client, server) = duplex(1 << 16);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let mut inside = tunnel(server).await;
        client.send(Message::Binary(Bytes::from_static(b"ping"))).await.unwrap();
        let mut buffer = [0; 4];
        inside.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"ping");
        inside.write_all(b"pong").await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::Binary(Bytes::from_static(b"pong")));
    }
}
