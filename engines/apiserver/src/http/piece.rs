//! A part of an answer: slices that are sent one after the other. Long ones are sent from where they lie, in an object
//! or in a frame that many watchers share; only what stands between them is written for the answer.

use bytes::{Buf, Bytes};
use meta::Object;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;
use std::sync::Arc;

/// To send a shorter slice by itself costs as much as to copy it.
const WORTH_SHARING: usize = 512;

/// Bytes that lie somewhere.
#[derive(Debug)]
pub enum Slice {
    Bytes(Bytes),
    /// The rest of an item of a list.
    Item(Arc<Items>, usize),
}

pub type Items = Vec<Arc<Object>>;

impl AsRef<[u8]> for Slice {
    fn as_ref(&self) -> &[u8] {
        match self {
            Slice::Bytes(bytes) => bytes,
            Slice::Item(items, i) => items[*i].rest(),
        }
    }
}

/// None of its slices is empty, unless it is empty itself.
#[derive(Debug)]
pub struct Piece {
    first: Slice,
    /// So much of the first slice is gone.
    gone: usize,
    rest: VecDeque<Slice>,
    left: usize,
}

impl From<Bytes> for Piece {
    fn from(whole: Bytes) -> Piece {
        Piece { left: whole.len(), first: Slice::Bytes(whole), gone: 0, rest: VecDeque::new() }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.left
    }

    fn chunk(&self) -> &[u8] {
        &self.first.as_ref()[self.gone..]
    }

    fn advance(&mut self, count: usize) {
        self.left -= count;
        self.gone += count;
        while self.gone >= self.first.as_ref().len() && let Some(next) = self.rest.pop_front() {
            self.gone -= self.first.as_ref().len();
            self.first = next;
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let own = std::iter::once(self.chunk()).chain(self.rest.iter().map(Slice::as_ref));
        let mut filled = 0;
        for (slot, slice) in slices.iter_mut().zip(own.filter(|slice| !slice.is_empty())) {
            *slot = IoSlice::new(slice);
            filled += 1;
        }
        filled
    }
}

/// A piece that is being put together.
#[derive(Default)]
pub struct Draft {
    written: Vec<u8>,
    /// Slices, each behind so much of what was written.
    shared: Vec<(usize, Slice)>,
    length: usize,
}

impl Draft {
    pub fn beginning_with(written: Vec<u8>) -> Draft {
        Draft { written, ..Draft::default() }
    }

    pub fn written(&mut self) -> &mut Vec<u8> {
        &mut self.written
    }

    pub fn share(&mut self, slice: Slice) {
        let bytes = slice.as_ref();
        if bytes.len() < WORTH_SHARING {
            return self.written.extend_from_slice(bytes);
        }
        self.length += bytes.len();
        self.shared.push((self.written.len(), slice));
    }

    pub fn len(&self) -> usize {
        self.length + self.written.len()
    }

    pub fn finish(self) -> Piece {
        let (left, written, mut from) = (self.len(), Bytes::from(self.written), 0);
        let text = |range: Range<usize>| (!range.is_empty()).then(|| Slice::Bytes(written.slice(range)));
        let mut slices = VecDeque::with_capacity(2 * self.shared.len() + 1);
        for (at, slice) in self.shared {
            slices.extend(text(from..at));
            slices.push_back(slice);
            from = at;
        }
        slices.extend(text(from..written.len()));
        let first = slices.pop_front().unwrap_or(Slice::Bytes(Bytes::new()));
        Piece { first, gone: 0, rest: slices, left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(byte: u8) -> Bytes {
        vec![byte; WORTH_SHARING].into()
    }

    fn drafts() -> Vec<(Draft, Vec<u8>)> {
        let mut cases = vec![(Draft::default(), Vec::new())];
        for parts in [
            vec![("a", None)],
            vec![("", Some(long(1)))],
            vec![("a", Some(long(1))), ("b", None)],
            vec![("a", Some(long(1))), ("", Some(long(2))), ("c", Some(Bytes::from_static(b"short"))), ("d", None)],
        ] {
            let (mut draft, mut whole) = (Draft::default(), Vec::new());
            for (text, slice) in parts {
                draft.written().extend_from_slice(text.as_bytes());
                whole.extend_from_slice(text.as_bytes());
                if let Some(slice) = slice {
                    whole.extend_from_slice(&slice);
                    draft.share(Slice::Bytes(slice));
                }
            }
            cases.push((draft, whole));
        }
        cases
    }

    fn gathered(piece: &Piece) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 16];
        let filled = piece.chunks_vectored(&mut slices);
        slices[..filled].iter().flat_map(|slice| slice.iter().copied()).collect()
    }

    #[test]
    fn what_was_drafted_is_sent_in_whatever_steps() {
        for step in [1, 3, WORTH_SHARING, WORTH_SHARING + 1, usize::MAX] {
            for (draft, whole) in drafts() {
                assert_eq!(draft.len(), whole.len());
                let (mut piece, mut sent) = (draft.finish(), 0);
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
        let (mut draft, slice) = (Draft::default(), long(7));
        draft.share(Slice::Bytes(slice.clone()));
        assert_eq!(draft.finish().chunk().as_ptr(), slice.as_ptr());
    }
}
