//! One connection: frames to streams and back. The side that serves answers each stream that the other opens.

use super::frame::{self, Frame};
use super::headers::{HeaderReader, HeaderWriter, Headers};
use crate::streaming::Wire;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

/// Pieces that may wait for a slow reader, and frames for a slow wire.
const WAITING: usize = 16;
/// A piece of data is sent in frames no longer than this.
const PIECE: usize = 32 << 10;
/// More streams than this at once are an attack.
const MOST_STREAMS: usize = 1024;

/// A stream that the other side opened.
#[derive(Debug)]
pub struct Stream {
    pub headers: Headers,
    pub incoming: mpsc::Receiver<Bytes>,
    pub outgoing: Outgoing,
}

/// The way back. Dropping it leaves the stream open on this side.
#[derive(Clone, Debug)]
pub struct Outgoing {
    id: u32,
    frames: mpsc::Sender<Frame>,
}

impl Outgoing {
    /// False when the connection has ended.
    pub async fn send(&self, bytes: Bytes) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(PIECE));
            if self.frames.send(Frame::Data { id: self.id, fin: false, bytes: piece }).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Nothing more will be sent.
    pub async fn finish(&self) {
        // A connection that has ended has finished all of its streams.
        let _ = self.frames.send(Frame::Data { id: self.id, fin: true, bytes: Bytes::new() }).await;
    }

    pub async fn reset(&self) {
        const CANCEL: u32 = 5;
        let _ = self.frames.send(Frame::Reset { id: self.id, status: CANCEL }).await;
    }
}

/// Streams in the order in which they were opened; ends with the wire.
pub struct Connection {
    opened: mpsc::Receiver<Stream>,
    frames: mpsc::Sender<Frame>,
    reader: AbortHandle,
    writer: Option<JoinHandle<()>>,
}

impl Connection {
    pub fn new(wire: impl Wire) -> io::Result<Connection> {
        let (read_half, write_half) = split(wire);
        let (frames, outbox) = mpsc::channel(WAITING);
        let (sender, opened) = mpsc::channel(WAITING);
        let writer = tokio::spawn(write_all(write_half, outbox));
        let reader = Reader {
            frames: frames.clone(),
            opened: sender,
            streams: BTreeMap::new(),
            read: HeaderReader::new(),
            write: HeaderWriter::new()?,
        };
        let reader = tokio::spawn(reader.run(read_half)).abort_handle();
        Ok(Connection { opened, frames, reader, writer: Some(writer) })
    }

    pub async fn accept(&mut self) -> Option<Stream> {
        self.opened.recv().await
    }

    /// Says goodbye, and waits until everything that was sent is out.
    pub async fn close(mut self) {
        self.reader.abort();
        // A wire that has ended takes no goodbye.
        let _ = self.frames.send(Frame::GoAway).await;
        if let Some(writer) = self.writer.take() {
            let _ = writer.await;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn write_all(mut wire: impl AsyncWrite + Unpin, mut outbox: mpsc::Receiver<Frame>) {
    while let Some(frame) = outbox.recv().await {
        let last = frame == Frame::GoAway;
        if frame::write(&mut wire, &frame).await.is_err() || last {
            break;
        }
    }
    // The other side may have hung up first.
    let _ = tokio::io::AsyncWriteExt::shutdown(&mut wire).await;
}

struct Reader {
    frames: mpsc::Sender<Frame>,
    opened: mpsc::Sender<Stream>,
    streams: BTreeMap<u32, mpsc::Sender<Bytes>>,
    read: HeaderReader,
    write: HeaderWriter,
}

impl Reader {
    async fn run(mut self, mut wire: impl AsyncRead + Unpin) {
        loop {
            let heard = match frame::read(&mut wire).await {
                Ok(Some(frame)) => self.hear(frame).await,
                Ok(None) => return,
                Err(error) => Err(error),
            };
            if let Err(error) = heard {
                tracing::debug!(%error, "a SPDY connection broke off");
                return;
            }
        }
    }

    async fn hear(&mut self, frame: Frame) -> io::Result<()> {
        match frame {
            Frame::SynStream { id, fin, block } => self.open(id, fin, &block).await?,
            Frame::Data { id, fin, bytes } => self.data(id, fin, bytes).await,
            Frame::Reset { id, .. } => drop(self.streams.remove(&id)),
            // An answer to a ping carries its number; those that are even would be our own.
            Frame::Ping { id } if id % 2 == 1 => self.answer(Frame::Ping { id }).await,
            Frame::SynReply { block, .. } => drop(self.read.read(&block)?),
            Frame::Headers { id, fin, block } => {
                self.read.read(&block)?;
                if fin {
                    self.streams.remove(&id);
                }
            }
            Frame::Ping { .. } | Frame::GoAway | Frame::Other => {}
        }
        Ok(())
    }

    async fn answer(&self, frame: Frame) {
        // Whoever has hung up waits for no answer.
        let _ = self.frames.send(frame).await;
    }

    async fn open(&mut self, id: u32, fin: bool, block: &Bytes) -> io::Result<()> {
        let headers = self.read.read(block)?;
        if self.streams.len() >= MOST_STREAMS {
            return Err(io::Error::other("too many streams"));
        }
        let (data, incoming) = mpsc::channel(WAITING);
        if !fin {
            self.streams.insert(id, data);
        }
        let block = self.write.write(&Headers::new())?.into();
        self.answer(Frame::SynReply { id, fin: false, block }).await;
        let outgoing = Outgoing { id, frames: self.frames.clone() };
        // Nobody accepts any more: the connection is about to close.
        let _ = self.opened.send(Stream { headers, incoming, outgoing }).await;
        Ok(())
    }

    async fn data(&mut self, id: u32, fin: bool, bytes: Bytes) {
        let listens = match self.streams.get(&id) {
            Some(stream) if !bytes.is_empty() => stream.send(bytes).await.is_ok(),
            Some(_) => true,
            None => false,
        };
        if fin || !listens {
            self.streams.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, duplex};

    #[tokio::test]
    async fn streams_are_answered_and_carry_data_both_ways() {
        let (mut client, server) = duplex(1 << 16);
        let mut connection = Connection::new(server).unwrap();
        let headers = Headers::from([("streamtype".to_owned(), "data".to_owned())]);
        let block = HeaderWriter::new().unwrap().write(&headers).unwrap().into();
        frame::write(&mut client, &Frame::SynStream { id: 1, fin: false, block }).await.unwrap();
        let bytes = Bytes::from_static(b"in");
        frame::write(&mut client, &Frame::Data { id: 1, fin: true, bytes }).await.unwrap();
        let mut stream = connection.accept().await.unwrap();
        assert_eq!(stream.headers, headers);
        assert_eq!(stream.incoming.recv().await.unwrap(), "in");
        assert!(stream.incoming.recv().await.is_none());
        assert!(stream.outgoing.send(Bytes::from_static(b"out")).await);
        stream.outgoing.finish().await;
        drop(stream);
        connection.close().await;
        assert!(matches!(frame::read(&mut client).await.unwrap(), Some(Frame::SynReply { id: 1, .. })));
        let data = |fin, bytes: &'static str| Some(Frame::Data { id: 1, fin, bytes: bytes.into() });
        assert_eq!(frame::read(&mut client).await.unwrap(), data(false, "out"));
        assert_eq!(frame::read(&mut client).await.unwrap(), data(true, ""));
        assert_eq!(frame::read(&mut client).await.unwrap(), Some(Frame::GoAway));
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn pings_are_answered() {
        let (mut client, server) = duplex(1 << 16);
        let _connection = Connection::new(server).unwrap();
        frame::write(&mut client, &Frame::Ping { id: 3 }).await.unwrap();
        assert_eq!(frame::read(&mut client).await.unwrap(), Some(Frame::Ping { id: 3 }));
    }
}
