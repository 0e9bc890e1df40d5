//! The sockets.

use super::forward::Forwarder;
use super::names::Names;
use super::respond::{Ask, Reply, respond};
use super::wire::{Transport, encode};
use std::convert::Infallible;
use std::io::{ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Questions that wait for somebody else's answer, and streams, at a time. More are turned away.
const MOST_WAITING: usize = 1_024;
const MOST_STREAMS: usize = 256;
/// A stream on which nothing is asked is closed.
const IDLE: Duration = Duration::from_secs(10);
/// Answered in a row before other tasks get their turn.
const BURST: usize = 64;

pub struct DnsServer {
    datagrams: UdpSocket,
    streams: TcpListener,
    desk: Desk,
}

/// What every question needs.
#[derive(Clone)]
struct Desk {
    names: Names,
    forwarder: Forwarder,
    waiting: Arc<Semaphore>,
}

impl DnsServer {
    pub async fn bind(address: SocketAddr, names: Names, forwarder: Forwarder) -> Result<Self> {
        let (datagrams, streams) = sockets(address).await?;
        let desk = Desk { names, forwarder, waiting: Arc::new(Semaphore::new(MOST_WAITING)) };
        Ok(Self { datagrams, streams, desk })
    }

    pub fn address(&self) -> Result<SocketAddr> {
        self.datagrams.local_addr()
    }

    /// Serves until a socket fails for good.
    pub async fn run(self) -> Result<Infallible> {
        let Self { datagrams, streams, desk } = self;
        let datagrams = Arc::new(datagrams);
        tokio::select! {
            ended = serve_datagrams(&datagrams, &desk) => ended,
            ended = serve_streams(&streams, &desk) => ended,
        }
    }
}

/// Both on one port. One that the system chose for the first may be taken for the second: then it chooses once more.
async fn sockets(address: SocketAddr) -> Result<(UdpSocket, TcpListener)> {
    loop {
        let datagrams = UdpSocket::bind(address).await?;
        match TcpListener::bind(datagrams.local_addr()?).await {
            Err(error) if error.kind() == ErrorKind::AddrInUse && address.port() == 0 => {}
            streams => return Ok((datagrams, streams?)),
        }
    }
}

async fn serve_datagrams(socket: &Arc<UdpSocket>, desk: &Desk) -> Result<Infallible> {
    let mut buffer = vec![0; 4_096];
    loop {
        socket.readable().await?;
        for _ in 0..BURST {
            match socket.try_recv_from(&mut buffer) {
                Ok((length, from)) => desk.datagram(socket, &buffer[..length], from),
                // The queue is empty, or it tells of an answer that nobody took: a client that went away.
                Err(_) => break,
            }
        }
        tokio::task::yield_now().await;
    }
}

impl Desk {
    fn datagram(&self, socket: &Arc<UdpSocket>, packet: &[u8], from: SocketAddr) {
        match respond(packet, &self.names.current()) {
            Reply::Nothing => {}
            Reply::Send(message, asked) => {
                if let Some(bytes) = encode(message, asked.as_ref(), Transport::Datagram) {
                    // A full send queue loses the datagram, as any other queue on its way might.
                    socket.try_send_to(&bytes, from).ok();
                }
            }
            Reply::Ask(ask) => {
                let (desk, socket) = (self.clone(), socket.clone());
                if let Some(permit) = self.permit() {
                    tokio::spawn(async move {
                        let bytes = desk.elsewhere(*ask, from.ip(), Transport::Datagram, permit).await;
                        if let Some(bytes) = bytes {
                            socket.send_to(&bytes, from).await.ok();
                        }
                    });
                }
            }
        }
    }

    /// None: too many wait already. The client asks again, or another server.
    fn permit(&self) -> Option<OwnedSemaphorePermit> {
        self.waiting.clone().try_acquire_owned().ok()
    }

    /// One who is asked by us and asks us the same would do so for ever.
    async fn elsewhere(
        &self,
        ask: Ask,
        from: IpAddr,
        transport: Transport,
        _permit: OwnedSemaphorePermit,
    ) -> Option<Vec<u8>> {
        let (message, asked) =
            if self.forwarder.asks(from) { ask.finish(None) } else { self.forwarder.resolve(ask).await };
        encode(message, asked.as_ref(), transport)
    }

    async fn converse(&self, mut stream: TcpStream, from: IpAddr) -> Result<()> {
        loop {
            let Ok(packet) = timeout(IDLE, read_packet(&mut stream)).await else { return Ok(()) };
            let Some(bytes) = self.answer(&packet?, from).await else { return Ok(()) };
            let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
            let framed = [&length.to_be_bytes(), &bytes[..]].concat();
            let Ok(written) = timeout(IDLE, stream.write_all(&framed)).await else { return Ok(()) };
            written?;
        }
    }

    async fn answer(&self, packet: &[u8], from: IpAddr) -> Option<Vec<u8>> {
        let reply = respond(packet, &self.names.current());
        match reply {
            Reply::Nothing => None,
            Reply::Send(message, asked) => encode(message, asked.as_ref(), Transport::Stream),
            Reply::Ask(ask) => self.elsewhere(*ask, from, Transport::Stream, self.permit()?).await,
        }
    }
}

async fn read_packet(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut packet = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut packet).await?;
    Ok(packet)
}

async fn serve_streams(listener: &TcpListener, desk: &Desk) -> Result<Infallible> {
    let places = Arc::new(Semaphore::new(MOST_STREAMS));
    loop {
        // Waiting for a place before accepting leaves the others in the listener's queue.
        let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // The connection ended in the queue, or the process is short of descriptors.
                tracing::debug!(%error, "no stream accepted");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let desk = desk.clone();
        tokio::spawn(async move {
            let ended = desk.converse(stream, from.ip()).await;
            tracing::trace!(?ended, "a stream ended");
            drop(place);
        });
    }
}
