//! Questions for others: over a fresh datagram socket, again over a stream when the answer was cut, at the next
//! resolver when one keeps silent.

use super::cache::{Cache, Question};
use super::respond::Ask;
use super::wire::edns;
use clock::Clock;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Clients give up after five seconds: two resolvers can be silent before that.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub struct Forwarder(Arc<State>);

struct State {
    upstreams: Vec<SocketAddr>,
    clock: Arc<dyn Clock>,
    cache: Mutex<Cache>,
}

impl Forwarder {
    pub fn new(upstreams: Vec<SocketAddr>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(State { upstreams, clock, cache: Mutex::default() }))
    }

    /// Is this one of those who are asked? What it asks must not go back to it.
    pub fn asks(&self, address: IpAddr) -> bool {
        self.0.upstreams.iter().any(|upstream| upstream.ip() == address)
    }

    pub async fn resolve(&self, ask: Ask) -> (Message, Option<Edns>) {
        let question = Question { name: ask.name.to_lowercase(), kind: ask.kind };
        let now = self.0.clock.now().as_second();
        if let Some(kept) = self.cache().get(&question, now) {
            return ask.finish(Some(&kept));
        }
        let answered = self.ask_all(&ask.name, ask.kind).await;
        if let Some(message) = &answered {
            self.cache().put(question, message, self.0.clock.now().as_second());
        }
        ask.finish(answered.as_ref())
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first answer that is one. A failure is only passed on when nobody has anything better.
    async fn ask_all(&self, name: &Name, kind: RecordType) -> Option<Message> {
        let mut failure = None;
        for upstream in &self.0.upstreams {
            match timeout(PATIENCE, self.ask(*upstream, name, kind)).await {
                Ok(Ok(message)) if message.metadata.response_code == ResponseCode::ServFail => failure = Some(message),
                Ok(Ok(message)) => return Some(message),
                Ok(Err(error)) => tracing::debug!(%upstream, %error, "a resolver failed"),
                Err(_) => tracing::debug!(%upstream, "a resolver keeps silent"),
            }
        }
        failure
    }

    async fn ask(&self, upstream: SocketAddr, name: &Name, kind: RecordType) -> Result<Message> {
        let mut question = Message::new(self.0.clock.random() as u16, MessageType::Query, OpCode::Query);
        question.metadata.recursion_desired = true;
        question.add_query(Query::query(name.clone(), kind));
        question.set_edns(edns());
        let bytes = question.to_vec().map_err(Error::other)?;
        let answer = by_datagram(upstream, &bytes, &question).await?;
        if answer.metadata.truncation { by_stream(upstream, &bytes, &question).await } else { Ok(answer) }
    }
}

/// A socket of its own: its random port is half of what makes an answer hard to forge.
async fn by_datagram(upstream: SocketAddr, bytes: &[u8], question: &Message) -> Result<Message> {
    let any: IpAddr = if upstream.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(upstream).await?;
    socket.send(bytes).await?;
    let mut buffer = vec![0; 4_096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(answer) = matching(&buffer[..length], question) {
            return Ok(answer);
        }
    }
}

async fn by_stream(upstream: SocketAddr, bytes: &[u8], question: &Message) -> Result<Message> {
    let mut stream = TcpStream::connect(upstream).await?;
    let length = u16::try_from(bytes.len()).map_err(Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let mut buffer = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut buffer).await?;
    matching(&buffer, question).ok_or_else(|| Error::from(ErrorKind::InvalidData))
}

/// Is it an answer, and to this question?
fn matching(bytes: &[u8], question: &Message) -> Option<Message> {
    let answer = Message::from_vec(bytes).ok()?;
    let ours = answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == question.metadata.id
        && answer.queries == question.queries;
    ours.then_some(answer)
}
