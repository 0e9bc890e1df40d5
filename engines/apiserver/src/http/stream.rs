//! A watch as a stream of lines.

use super::accept::{Accepted, Media, View};
use super::piece::{Piece, Shared};
use super::present::{Presenting, metadata_only};
use super::respond::{self, Response};
use super::table;
use crate::engine::{Api, Call, Following};
use crate::hub::{Change, Encoding, Form, Joined, Seen, Watcher, frame};
use crate::protobuf;
use crate::rows::Row;
use bytes::Buf;
use futures::{Stream, StreamExt};
use http::header::{CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use meta::{Object, Status, Value, value};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::time::{Instant, Sleep, sleep};

/// How often a quiet watch that asked for bookmarks is told how far it has come.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// What is told is gathered into one write up to this size, beyond which goes the last of it: together still one packet.
const GATHERED: usize = 63 * 1024 - Joined::MOST;
/// Without a wish of the client's, a watch ends after upstream's least time and a random part of as much again.
const LEAST: u64 = 1_800;

pub struct Streaming {
    pub api: Arc<Api>,
    pub call: Arc<Call>,
    pub row: Arc<Row>,
    pub accepted: Accepted,
    pub include: String,
    pub stopping: signal::Receiver<bool>,
}

impl Streaming {
    fn form(&self) -> Form {
        if self.accepted.media == Media::Protobuf { Form::Protobuf } else { Form::Json }
    }
}

pub fn respond(streaming: Streaming, following: Following) -> Response {
    let content_type = match streaming.form() {
        Form::Json => "application/json",
        Form::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
    };
    let mut response = http::Response::new(respond::streamed(lines(streaming, following)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.remove(TRANSFER_ENCODING);
    response
}

struct State {
    streaming: Streaming,
    following: Following,
    initial: VecDeque<Arc<Object>>,
    announce_end: bool,
    columns_sent: bool,
    /// Where bookmarks were asked for.
    bookmark_due: Option<Pin<Box<Sleep>>>,
    over: bool,
}

fn lines(streaming: Streaming, mut following: Following) -> impl Stream<Item = Piece> + Send {
    let wish = streaming.call.request.list.timeout_seconds;
    let seconds = wish.filter(|s| *s > 0).unwrap_or_else(|| LEAST + streaming.api.clock.random() % LEAST);
    let end = ended(streaming.stopping.clone(), Duration::from_secs(seconds));
    let state = State {
        initial: std::mem::take(&mut following.initial).into(),
        announce_end: following.announce_end,
        columns_sent: false,
        bookmark_due: following.bookmarks.then(|| Box::pin(sleep(BOOKMARK_EVERY))),
        over: false,
        streaming,
        following,
    };
    let pieces = futures::stream::unfold(state, |mut state| async move {
        let piece = state.piece().await?;
        Some((piece, state))
    });
    pieces.take_until(end)
}

async fn ended(mut stopping: signal::Receiver<bool>, time: Duration) {
    tokio::select! {
        biased;
        _stopped = stopping.wait_for(|stopping| *stopping) => {}
        () = sleep(time) => {}
    }
}

impl State {
    /// The next lines; none when the watch is over.
    async fn piece(&mut self) -> Option<Piece> {
        if self.over {
            return None;
        }
        if let Some(lines) = self.initial_lines().await {
            return Some(lines);
        }
        let shares = self.shares_frames();
        // Who waits for a bookmark keeps its place among the timers while events come.
        let bookmark_due = async {
            match &mut self.bookmark_due {
                Some(due) => due.await,
                None => std::future::pending().await,
            }
        };
        let next = tokio::select! {
            biased;
            next = self.following.watcher.first(|watcher| told(watcher, shares)) => Some(next),
            () = bookmark_due => None,
        };
        if let Some(next) = next {
            return self.told(next).await;
        }
        if let Some(due) = &mut self.bookmark_due {
            due.as_mut().reset(Instant::now() + BOOKMARK_EVERY);
        }
        Some(self.bookmark(false).into())
    }

    async fn initial_lines(&mut self) -> Option<Piece> {
        let mut out = Vec::new();
        while out.len() < GATHERED {
            let Some(object) = self.initial.pop_front() else { break };
            self.write(Encoding::Added, &object, &mut out).await;
        }
        if self.initial.is_empty() && self.announce_end {
            self.announce_end = false;
            out.extend_from_slice(&self.bookmark(true));
        }
        (!out.is_empty()).then(|| out.into())
    }

    async fn told(&mut self, first: Told) -> Option<Piece> {
        let shares = self.shares_frames();
        let mut next = Some(first);
        let mut out = Piece::default();
        while let Some(now) = next {
            match now {
                Told::Joined(joined) => out.share(Shared::Joined(joined)),
                Told::One(Seen::Lost) => {
                    self.over = true;
                    let status = crate::engine::too_old(self.following.watcher.revision());
                    out.written().extend_from_slice(&self.error(&status));
                    break;
                }
                Told::One(Seen::Change(event, change)) => match shares {
                    Some(form) => out.share(Shared::Frame(change, event, form)),
                    None => self.write_change(event, &change, out.written()).await,
                },
            }
            next = if out.remaining() < GATHERED { told(&mut self.following.watcher, shares) } else { None };
        }
        Some(out)
    }

    /// The form of the lines that all plain watchers of the stored version share, where this is one of them.
    fn shares_frames(&self) -> Option<Form> {
        let plain = self.streaming.accepted.view == View::Whole && !self.following.converted;
        plain.then(|| self.streaming.form())
    }

    async fn write_change(&mut self, event: Encoding, change: &Change, out: &mut Vec<u8>) {
        let Streaming { api, call, .. } = &self.streaming;
        match Box::pin(self.following.event(api, call, event, change)).await {
            Ok(Some(event)) => {
                if let Some(object) = change.shown(event) {
                    self.write(event, &object.clone(), out).await;
                }
            }
            Ok(None) => {}
            Err(status) => out.extend_from_slice(&self.error(&status)),
        }
    }

    async fn write(&mut self, event: Encoding, object: &Arc<Object>, out: &mut Vec<u8>) {
        let shown = match self.following.converted {
            // Behind a pointer: every watch has the room of what it may have to wait for, and few are ever converted.
            true => match Box::pin(self.streaming.api.presented(&self.streaming.call, object.clone())).await {
                Ok(shown) => shown,
                Err(status) => return out.extend_from_slice(&self.error(&status)),
            },
            false => object.clone(),
        };
        if self.streaming.accepted.view == View::Whole {
            return out.extend_from_slice(&frame(self.streaming.form(), event.word(), &shown));
        }
        let value = self.viewed(&shown);
        out.extend_from_slice(&event_of(self.streaming.form(), event.word(), &value));
    }

    fn viewed(&mut self, object: &Arc<Object>) -> Value {
        match self.streaming.accepted.view {
            View::Table => {
                let first = !std::mem::replace(&mut self.columns_sent, true);
                table::of_event(&self.presenting(), &self.streaming.row, object, first)
            }
            View::Metadata | View::MetadataList => metadata_only(object, self.streaming.accepted.view_version()),
            View::Whole => object.decode_value(),
        }
    }

    fn presenting(&self) -> Presenting<'_> {
        Presenting {
            row: Some(&self.streaming.row),
            version: &self.streaming.call.request.resource.version,
            accepted: self.streaming.accepted,
            now: self.streaming.api.clock.now(),
            include: &self.streaming.include,
            gzip: false,
        }
    }

    fn error(&self, status: &Status) -> Vec<u8> {
        event_of(self.streaming.form(), "ERROR", &status.to_value())
    }

    fn bookmark(&mut self, initial_end: bool) -> Vec<u8> {
        let revision = self.following.watcher.revision().to_string();
        let kind = self.streaming.row.def.gvk(&self.streaming.call.request.resource.version);
        let mut object = value!({
            "kind": (&kind.kind),
            "apiVersion": (kind.group_version().api_version()),
            "metadata": {"resourceVersion": (revision.clone())},
        });
        if initial_end {
            object.set("metadata.annotations", value!({"k8s.io/initial-events-end": "true"}));
        }
        let shown = match self.streaming.accepted.view {
            View::Table => value!({"kind": "Table", "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": revision},
                "columnDefinitions": [], "rows": [{"cells": [], "object": object}]}),
            _ => object,
        };
        event_of(self.streaming.form(), "BOOKMARK", &shown)
    }
}

/// What a watch is told at once.
enum Told {
    Joined(Arc<Joined>),
    One(Seen),
}

fn told(watcher: &mut Watcher, shares: Option<Form>) -> Option<Told> {
    let joined = shares.and_then(|form| watcher.joined(form)).map(Told::Joined);
    joined.or_else(|| watcher.poll().map(Told::One))
}

fn event_of(form: Form, word: &str, object: &Value) -> Vec<u8> {
    match form {
        Form::Json => line(word, object),
        Form::Protobuf => protobuf::event(word, protobuf::of_value(object)).unwrap_or_else(|| line(word, object)),
    }
}

fn line(word: &str, object: &Value) -> Vec<u8> {
    let mut out = format!("{{\"type\":\"{word}\",\"object\":").into_bytes();
    object.write_json(&mut out);
    out.extend_from_slice(b"}\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_answer<A, B, R>(_: fn(A, B) -> R) -> usize {
        size_of::<R>()
    }

    /// There are many watches, and most wait most of the time.
    #[test]
    fn a_watch_at_rest_takes_little_room() {
        assert!(size_of_answer(lines) <= 2_048, "{}", size_of_answer(lines));
    }
}
