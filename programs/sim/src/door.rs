//! A component's door to the API, with the network's faults in between.

use crate::bug::Bug;
use crate::fault::{self, Fate};
use crate::gate::{Gate, Reached};
use crate::properties;
use crate::scenario::Part;
use apiserver::InProcess;
use apiserver::identity::Identity;
use client::{Answer, ApiClient, Request, Watch, WatchEvent};
use clock::{Clock, VirtualClock};
use futures::StreamExt;
use futures::future::BoxFuture;
use meta::{CompactString, Status};
use plan::Catalog;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// One in so many events is swallowed by [`Bug::WatchDropsEvents`].
const DROPPED_OF: u64 = 50;
/// How long a caller waits for a server that it does not reach.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Door {
    pub gate: Arc<Gate>,
    pub identity: Identity,
    pub manager: &'static str,
    pub dice: Arc<VirtualClock>,
    /// Whose door it is; none: no fault but the server's absence concerns it.
    pub part: Option<Part>,
}

impl Door {
    fn reach(&self) -> Result<(InProcess, Reached), Status> {
        let reached = self.gate.reach().ok_or_else(|| Status::unavailable("connection refused"))?;
        Ok((InProcess::new(reached.api.clone(), self.identity.clone(), self.manager), reached))
    }

    /// What the network does to a call before it reaches the server.
    async fn meet(&self, request: &Request) -> Result<Fate, Status> {
        self.gate.count_call();
        if self.part.is_none() {
            return Ok(fault::of_call(&fault::Faults::default(), request, 0));
        }
        let network = &self.gate.network;
        if network.is_cut(self.part) && timeout(PATIENCE, network.mended(self.part)).await.is_err() {
            return Err(Status::timeout("the server was not reached", 0));
        }
        let mut fate = fault::of_call(&self.gate.faults(), request, self.dice.random());
        wait(fate.delay).await;
        fate.refused.take().map_or(Ok(fate), Err)
    }

    async fn ask(&self, request: Request) -> Result<Answer, Status> {
        let fate = self.meet(&request).await?;
        let (client, reached) = self.reach()?;
        let sent = Sent { gate: self.gate.clone(), identity: self.identity.clone(), client, life: reached.life };
        if let Some(wait) = fate.late {
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                // Nobody waits for the answer any more.
                drop(sent.deliver(request).await);
            });
            return Err(Status::timeout("the answer did not come in time", 0));
        }
        let answer = sent.deliver(request).await?;
        if fate.answer_lost || self.gate.network.is_cut(self.part) { Err(fault::reset()) } else { Ok(answer) }
    }
}

/// A timer of no length would still cost a turn of the clock.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// A request that the network has let through.
struct Sent {
    gate: Arc<Gate>,
    identity: Identity,
    client: InProcess,
    life: u64,
}

impl Sent {
    async fn deliver(self, request: Request) -> Result<Answer, Status> {
        let (asked, promised) = (request.clone(), self.gate.ledger.promised());
        let answer = tokio::select! {
            biased;
            answer = self.client.call(request) => answer,
            () = self.gate.gone(self.life) => Err(fault::reset()),
        }?;
        properties::answered(&self.gate, &self.identity, &asked, promised, &answer);
        Ok(answer)
    }
}

impl ApiClient for Door {
    fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>> {
        Box::pin(self.ask(request))
    }

    fn watch(&self, request: Request) -> BoxFuture<'_, Result<Watch, Status>> {
        Box::pin(async move {
            self.meet(&request).await?;
            let (client, reached) = self.reach()?;
            let (resource, life) = (request.resource.resource.clone(), reached.life);
            let watch = client.watch(request).await?;
            let (gate, dice, part) = (self.gate.clone(), self.dice.clone(), self.part);
            let line = Line { gate, dice, life, watch, resource, part, over: false };
            Ok(futures::stream::unfold(line, |mut line| async move { Some((line.next().await?, line)) }).boxed())
        })
    }

    fn discover(&self) -> BoxFuture<'_, Result<Catalog, Status>> {
        Box::pin(async move { self.reach()?.0.discover().await })
    }
}

/// The connection of one watch.
struct Line {
    gate: Arc<Gate>,
    dice: Arc<VirtualClock>,
    life: u64,
    watch: Watch,
    resource: CompactString,
    part: Option<Part>,
    over: bool,
}

impl Line {
    async fn next(&mut self) -> Option<Result<WatchEvent, Status>> {
        if self.over {
            return None;
        }
        let event = self.receive().await?;
        self.over = event.is_err();
        Some(event)
    }

    async fn receive(&mut self) -> Option<Result<WatchEvent, Status>> {
        loop {
            let (gate, life) = (&self.gate, self.life);
            let event = tokio::select! {
                biased;
                () = gate.gone(life) => return Some(Err(fault::reset())),
                event = self.watch.next() => event?,
            };
            if self.drops(&event) {
                continue;
            }
            if self.part.is_none() {
                return Some(event);
            }
            let ended = self.travel().await;
            return Some(ended.map_or(event, Err));
        }
    }

    /// An event's way from the server; says what ended the watch instead.
    async fn travel(&mut self) -> Option<Status> {
        let (network, faults, dice) = (&self.gate.network, self.gate.faults(), self.dice.random());
        if network.is_cut(self.part) {
            network.mended(self.part).await;
            return Some(if dice.is_multiple_of(2) { fault::reset() } else { fault::forgotten() });
        }
        if let Some(hold) = network.held(&self.resource, self.part).filter(|_| (dice >> 32).is_multiple_of(2)) {
            tokio::time::sleep_until(hold.until).await;
            return hold.forgotten.then(fault::forgotten);
        }
        wait(fault::pause(&faults, dice / 1000)).await;
        fault::of_event(&faults, dice)
    }

    fn drops(&self, event: &Result<WatchEvent, Status>) -> bool {
        let change = matches!(event, Ok(WatchEvent::Modified(_)));
        self.gate.bug == Some(Bug::WatchDropsEvents) && change && self.dice.random().is_multiple_of(DROPPED_OF)
    }
}
