//! Connections to a pod's ports through one wire: pairs of streams over SPDY, or pairs of channels over WebSocket.

use super::Wire;
use super::spdy::{self, Outgoing, Stream};
use super::websocket::{Channel, Channels, tunnel};
use bytes::{BufMut, Bytes, BytesMut};
use cri::Runtime;
use futures::future::join_all;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

/// SPDY inside WebSocket messages: what kubectl speaks.
pub const TUNNELED: &str = "SPDY/3.1+portforward.k8s.io";
pub const WEBSOCKET_PROTOCOLS: [&str; 2] = [TUNNELED, "v4.channel.k8s.io"];
pub const SPDY_PROTOCOLS: [&str; 1] = ["portforward.k8s.io"];

const BUFFER: usize = 32 << 10;

/// Where connections lead.
#[derive(Clone)]
pub struct Sandbox {
    pub runtime: Arc<dyn Runtime>,
    pub id: String,
    /// As errors name it.
    pub pod: String,
}

impl Sandbox {
    async fn connect(&self, port: u16) -> Result<cri::Connection, String> {
        let connected = self.runtime.port_forward(self.id.clone(), port).await;
        connected.map_err(|error| {
            format!(
                "an error occurred forwarding {port} -> {port}: error forwarding port {port} to pod {}: {error}",
                self.pod
            )
        })
    }
}

/// Serves SPDY, plain or tunneled, until the client hangs up.
pub async fn over_spdy(wire: impl Wire, sandbox: Sandbox) -> io::Result<()> {
    let mut connection = spdy::Connection::new(wire)?;
    let mut waiting: BTreeMap<String, Stream> = BTreeMap::new();
    while let Some(stream) = connection.accept().await {
        let header = |name: &str| stream.headers.get(name).cloned().unwrap_or_default();
        let (request, kind) = (header("requestid"), header("streamtype"));
        let Ok(port) = header("port").parse::<u16>() else {
            stream.outgoing.reset().await;
            continue;
        };
        match waiting.remove(&request) {
            None => drop(waiting.insert(request, stream)),
            Some(first) => {
                let (data, error) = if kind == "data" { (stream, first) } else { (first, stream) };
                tokio::spawn(forward(sandbox.clone(), port, data, error.outgoing));
            }
        }
    }
    Ok(())
}

pub async fn over_tunnel(wire: impl Wire, sandbox: Sandbox) -> io::Result<()> {
    over_spdy(tunnel(wire).await, sandbox).await
}

async fn forward(sandbox: Sandbox, port: u16, data: Stream, error: Outgoing) {
    match sandbox.connect(port).await {
        Ok(connection) => {
            let outgoing = data.outgoing.clone();
            copy(connection, data.incoming, |bytes| {
                let outgoing = outgoing.clone();
                async move { outgoing.send(bytes).await }
            })
            .await;
        }
        Err(text) => drop(error.send(text.into()).await),
    }
    data.outgoing.finish().await;
    error.finish().await;
}

/// Both directions; ends when the pod's side has said everything.
async fn copy<F: Future<Output = bool>>(
    connection: cri::Connection,
    mut incoming: mpsc::Receiver<Bytes>,
    send: impl Fn(Bytes) -> F,
) {
    let (mut from_pod, mut to_pod) = tokio::io::split(connection);
    let inward = tokio::spawn(async move {
        while let Some(bytes) = incoming.recv().await {
            if to_pod.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // A pod that has hung up needs no end.
        let _ = to_pod.shutdown().await;
    });
    let mut buffer = vec![0; BUFFER];
    while let Ok(count) = from_pod.read(&mut buffer).await {
        if count == 0 || !send(Bytes::copy_from_slice(&buffer[..count])).await {
            break;
        }
    }
    inward.abort();
}

/// Serves the older protocol: for each port a channel of data and one of errors, each beginning with the port.
pub async fn over_channels(wire: impl Wire, sandbox: Sandbox, ports: &[u16]) -> io::Result<()> {
    let data = |index: usize| u8::try_from(index * 2).unwrap_or(u8::MAX - 1);
    let inputs: Vec<u8> = (0..ports.len()).map(data).collect();
    let mut channels = Channels::new(wire, &inputs).await;
    let mut all = Vec::new();
    for (index, port) in ports.iter().copied().enumerate() {
        let (data, error) = (channels.output(data(index)), channels.output(data(index) + 1));
        let Some(incoming) = channels.input(inputs[index]) else { continue };
        all.push(forward_channel(sandbox.clone(), port, data, error, incoming));
    }
    tokio::select! {
        _ = join_all(all) => {}
        () = channels.ended() => return Ok(()),
    }
    channels.close().await;
    Ok(())
}

async fn forward_channel(sandbox: Sandbox, port: u16, data: Channel, error: Channel, incoming: mpsc::Receiver<Bytes>) {
    let mut head = BytesMut::new();
    head.put_u16_le(port);
    let head = head.freeze();
    let greeted = data.send(head.clone()).await && error.send(head).await;
    match sandbox.connect(port).await {
        Ok(connection) if greeted => {
            let data = &data;
            copy(connection, incoming, |bytes| data.send(bytes)).await;
        }
        Ok(_) => {}
        Err(text) => drop(error.send(text.into()).await),
    }
}
