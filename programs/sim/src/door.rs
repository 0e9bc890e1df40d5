//! A component's door to the API, with the network's faults in between.

use crate::fault;
use crate::gate::{Gate, Reached};
use crate::properties;
use crate::scenario::Bug;
use apiserver::InProcess;
use apiserver::identity::Identity;
use client::{Answer, ApiClient, Request, Watch, WatchEvent};
use clock::{Clock, VirtualClock};
use futures::StreamExt;
use futures::future::BoxFuture;
use meta::Status;
use plan::Catalog;
use std::sync::Arc;

/// One in so many events is swallowed by [`Bug::WatchDropsEvents`].
const DROPPED_OF: u64 = 50;

pub struct Door {
    pub gate: Arc<Gate>,
    pub identity: Identity,
    pub manager: &'static str,
    pub dice: Arc<VirtualClock>,
    /// Whether the faults of the day concern this door.
    pub faulty: bool,
}

impl Door {
    fn reach(&self) -> Result<(InProcess, Reached), Status> {
        let reached = self.gate.reach().ok_or_else(|| Status::unavailable("connection refused"))?;
        Ok((InProcess::new(reached.api.clone(), self.identity.clone(), self.manager), reached))
    }

    async fn meet(&self, request: &Request) -> Result<bool, Status> {
        if !self.faulty {
            return Ok(false);
        }
        let fate = fault::of_call(&self.gate.faults(), request, self.dice.random());
        tokio::time::sleep(fate.delay).await;
        fate.refused.map_or(Ok(fate.answer_lost), Err)
    }

    async fn ask(&self, request: Request) -> Result<Answer, Status> {
        let lost = self.meet(&request).await?;
        let (client, reached) = self.reach()?;
        let (gate, asked) = (&self.gate, request.clone());
        let answer = tokio::select! {
            biased;
            answer = client.call(request) => answer,
            () = gate.gone(reached.life()) => Err(reset()),
        }?;
        properties::acknowledged(gate, &self.identity, &asked, &answer);
        if lost { Err(reset()) } else { Ok(answer) }
    }
}

fn reset() -> Status {
    Status::unavailable("the connection was reset")
}

impl ApiClient for Door {
    fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>> {
        Box::pin(self.ask(request))
    }

    fn watch(&self, request: Request) -> BoxFuture<'_, Result<Watch, Status>> {
        Box::pin(async move {
            self.meet(&request).await?;
            let (client, reached) = self.reach()?;
            let watch = client.watch(request).await?;
            let (gate, dice, life) = (self.gate.clone(), self.dice.clone(), reached.life());
            let line = Line { gate, dice, life, watch, faulty: self.faulty, over: false };
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
    faulty: bool,
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
                () = gate.gone(life) => return Some(Err(reset())),
                event = self.watch.next() => event?,
            };
            if self.drops(&event) {
                continue;
            }
            if !self.faulty {
                return Some(event);
            }
            let (faults, dice) = (self.gate.faults(), self.dice.random());
            tokio::time::sleep(fault::pause(&faults, dice / 1000)).await;
            return Some(fault::of_event(&faults, dice).map_or(event, Err));
        }
    }

    fn drops(&self, event: &Result<WatchEvent, Status>) -> bool {
        let change = matches!(event, Ok(WatchEvent::Modified(_)));
        self.gate.bug == Some(Bug::WatchDropsEvents) && change && self.dice.random().is_multiple_of(DROPPED_OF)
    }
}
