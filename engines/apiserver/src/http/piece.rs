//! A part of an answer: slices that are sent one after the other. Long ones are sent from where they lie, in an object
//! or in a frame that many watchers share; only what stands between them is written for the answer.

use crate::hub::{Change, Encoding, Form, Joined};
use bytes::{Buf, Bytes};
use meta::Object;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;
use std::sync::Arc;

/// To send a shorter slice by itself costs as much as to copy it.
const WORTH_SHARING: usize = 512;

pub type Items = Vec<Arc<Object>>;

/// Bytes that lie somewhere else.
#[derive(Debug)]
pub enum Shared {
    Bytes(Bytes),
    /// The rest of an item of a list.
    Item(Arc<Items>, usize),
    /// How watchers are told of a change.
    Frame(Arc<Change>, Encoding, Form),
    /// The same of several.
    Joined(Arc<Joined>),
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        match self {
            Shared::Bytes(bytes) => bytes,
            Shared::Item(items, i) => items[*i].rest(),
            Shared::Frame(change, event, form) => change.frame(*event, *form).unwrap_or_default(),
            Shared::Joined(joined) => &joined.bytes,
        }
    }
}

#[derive(Debug)]
enum Slice {
    Written(Range<usize>),
    Shared(Shared),
}

/// While it is put together, what is written or shared goes to its end. None of its slices is empty.
#[derive(Debug, Default)]
pub struct Piece {
    slices: VecDeque<Slice>,
    /// How long they are together.
    length: usize,
    written: Vec<u8>,
    /// From here on, what is written goes behind all slices.
    cut: usize,
    /// So much of what comes first has been sent.
    sent: usize,
}

impl From<Vec<u8>> for Piece {
    fn from(written: Vec<u8>) -> Piece {
        Piece { written, ..Piece::default() }
    }
}

impl From<Bytes> for Piece {
    fn from(whole: Bytes) -> Piece {
        let mut piece = Piece::default();
        piece.share(Shared::Bytes(whole));
        piece
    }
}

impl Piece {
    pub fn written(&mut self) -> &mut Vec<u8> {
        &mut self.written
    }

    pub fn share(&mut self, shared: Shared) {
        let bytes = shared.as_ref();
        if bytes.len() < WORTH_SHARING {
            return self.written.extend_from_slice(bytes);
        }
        let (written, end) = (self.cut..self.written.len(), bytes.len());
        self.length += written.len() + end;
        self.cut = written.end;
        self.slices.extend((!written.is_empty()).then_some(Slice::Written(written)));
        self.slices.push_back(Slice::Shared(shared));
    }

    fn bytes<'a>(&'a self, slice: &'a Slice) -> &'a [u8] {
        match slice {
            Slice::Written(range) => &self.written[range.clone()],
            Slice::Shared(shared) => shared.as_ref(),
        }
    }

    /// What is left of it.
    fn left(&self) -> impl Iterator<Item = &[u8]> {
        let slices = self.slices.iter().map(|slice| self.bytes(slice));
        let mut sent = self.sent;
        let all = slices.chain([&self.written[self.cut..]]);
        all.map(move |bytes| &bytes[std::mem::take(&mut sent)..]).filter(|bytes| !bytes.is_empty())
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.length + self.written.len() - self.cut - self.sent
    }

    fn chunk(&self) -> &[u8] {
        self.left().next().unwrap_or_default()
    }

    fn advance(&mut self, count: usize) {
        self.sent += count;
        while let Some(length) = self.slices.front().map(|first| self.bytes(first).len()).filter(|n| *n <= self.sent) {
            self.slices.pop_front();
            self.length -= length;
            self.sent -= length;
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let left = slices.iter_mut().zip(self.left());
        left.map(|(slot, bytes)| *slot = IoSlice::new(bytes)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(byte: u8) -> Bytes {
        vec![byte; WORTH_SHARING].into()
    }

    fn pieces() -> Vec<(Piece, Vec<u8>)> {
        let mut cases = vec![(Piece::default(), Vec::new())];
        for parts in [
            vec![("a", None)],
            vec![("", Some(long(1)))],
            vec![("a", Some(long(1))), ("b", None)],
            vec![("a", Some(long(1))), ("", Some(long(2))), ("c", Some(Bytes::from_static(b"short"))), ("d", None)],
        ] {
            let (mut piece, mut whole) = (Piece::default(), Vec::new());
            for (text, slice) in parts {
                piece.written().extend_from_slice(text.as_bytes());
                whole.extend_from_slice(text.as_bytes());
                if let Some(slice) = slice {
                    whole.extend_from_slice(&slice);
                    piece.share(Shared::Bytes(slice));
                }
            }
            cases.push((piece, whole));
        }
        cases
    }

    fn gathered(piece: &Piece) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 16];
        let filled = piece.chunks_vectored(&mut slices);
        slices[..filled].iter().flat_map(|slice| slice.iter().copied()).collect()
    }

    #[test]
    fn what_was_put_together_is_sent_in_whatever_steps() {
        for step in [1, 3, WORTH_SHARING, WORTH_SHARING + 1, usize::MAX] {
            for (mut piece, whole) in pieces() {
                assert_eq!(piece.remaining(), whole.len());
                let mut sent = 0;
                while piece.has_remaining() {
                    assert_eq!(piece.remaining(), whole.len() - sent);
                    assert!(whole[sent..].starts_with(piece.chunk()) && !piece.chunk().is_empty());
                    assert_eq!(gathered(&piece), whole[sent..]);
                    let step = step.min(piece.remaining());
                    piece.advance(step);
                    sent += step;
                }
                assert_eq!(sent, whole.len());
                assert!(piece.chunk().is_empty());
            }
        }
    }

    #[test]
    fn long_slices_are_sent_from_where_they_lie() {
        let (mut piece, slice) = (Piece::default(), long(7));
        piece.share(Shared::Bytes(slice.clone()));
        assert_eq!(piece.chunk().as_ptr(), slice.as_ptr());
    }
}
