//! An answer that comes piece by piece.

use super::Door;
use crate::failure::Failure;
use http_body_util::BodyExt;
use kube::client::Body;
use meta::Value;
use std::time::Duration;

pub struct Lines<'d> {
    door: &'d Door,
    body: Body,
    kept: Vec<u8>,
    ended: bool,
}

/// What a wait for the next piece ended with.
pub enum Next<T> {
    Piece(T),
    End,
    /// Nothing came in time.
    Late,
}

impl<'d> Lines<'d> {
    pub fn new(door: &'d Door, body: Body) -> Lines<'d> {
        Lines { door, body, kept: Vec::new(), ended: false }
    }

    /// The next line with its end; the last one may have none.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match self.next_within(None)? {
            Next::Piece(line) => Ok(Some(line)),
            Next::End | Next::Late => Ok(None),
        }
    }

    pub fn next_within(&mut self, most: Option<Duration>) -> Result<Next<Vec<u8>>, Failure> {
        loop {
            if let Some(end) = self.kept.iter().position(|byte| *byte == b'\n') {
                let rest = self.kept.split_off(end + 1);
                return Ok(Next::Piece(std::mem::replace(&mut self.kept, rest)));
            }
            if self.ended {
                let last = std::mem::take(&mut self.kept);
                return Ok(if last.is_empty() { Next::End } else { Next::Piece(last) });
            }
            if let Some(late) = self.read(most)? {
                return Ok(late);
            }
        }
    }

    fn read(&mut self, most: Option<Duration>) -> Result<Option<Next<Vec<u8>>>, Failure> {
        let frame = match most {
            None => self.door.block_on(self.body.frame()),
            Some(most) => match self.door.block_on(async { tokio::time::timeout(most, self.body.frame()).await }) {
                Ok(frame) => frame,
                Err(_) => return Ok(Some(Next::Late)),
            },
        };
        match frame {
            Some(Ok(frame)) => self.kept.extend(frame.into_data().unwrap_or_default()),
            Some(Err(why)) => return Err(self.door.broken(&why)),
            None => self.ended = true,
        }
        Ok(None)
    }

    /// The next event of a watch.
    pub fn event(&mut self, most: Option<Duration>) -> Result<Next<Value>, Failure> {
        Ok(match self.next_within(most)? {
            Next::Piece(line) => Next::Piece(meta::parse(&line).map_err(|why| Failure::text(why.to_string()))?),
            Next::End => Next::End,
            Next::Late => Next::Late,
        })
    }
}
