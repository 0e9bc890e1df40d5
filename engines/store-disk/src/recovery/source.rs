//! Reading a file's frames in order, and saying what is wrong with them.

use crate::codec::Item;
use crate::disk::DiskFile;
use crate::error::OpenError;
use crate::frame::{Read, Reader};
use bytes::Bytes;
use std::sync::mpsc::sync_channel;

/// A file of this size is read and checked by one thread while another makes use of it.
const READ_BESIDE: u64 = 8 << 20;
/// How many frames the reading thread may be ahead.
const AHEAD: usize = 32;

pub struct Source<'a> {
    name: &'a str,
    reader: Reader<'a>,
    number: u64,
}

/// How the frames of a file end.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Of the frame that would follow.
    pub number: u64,
    pub offset: u64,
    /// What lies behind the whole frames, unless it is nothing but room for more.
    pub broken: Option<&'static str>,
}

enum Step {
    Frame { offset: u64, payload: Bytes },
    End(End),
}

impl<'a> Source<'a> {
    pub fn new(name: &'a str, file: &'a dyn DiskFile, number: u64) -> Result<Source<'a>, OpenError> {
        let reader = Reader::new(file).map_err(OpenError::io("read", name))?;
        Ok(Source { name, reader, number })
    }

    /// The first frame's items; the frames behind it may need a salt that it tells.
    pub fn first(&mut self) -> Result<Result<Vec<Item>, &'static str>, OpenError> {
        let (offset, payload) = match self.step()? {
            Step::Frame { offset, payload } => (offset, payload),
            Step::End(end) => return Ok(Err(end.broken.unwrap_or("the file is empty"))),
        };
        let mut items = Vec::new();
        each_item(self.name, offset, payload, |item| {
            items.push(item);
            Ok(())
        })?;
        Ok(Ok(items))
    }

    pub fn salted(mut self, salt: u32) -> Source<'a> {
        self.reader.salt(salt);
        self
    }

    /// Gives every item that follows to `take`, whose refusal is corruption.
    pub fn drain(self, take: impl FnMut(Item) -> Result<(), String>) -> Result<End, OpenError> {
        if self.reader.length() < READ_BESIDE { self.drain_here(take) } else { self.drain_beside(take) }
    }

    fn drain_here(mut self, mut take: impl FnMut(Item) -> Result<(), String>) -> Result<End, OpenError> {
        loop {
            match self.step()? {
                Step::Frame { offset, payload } => each_item(self.name, offset, payload, &mut take)?,
                Step::End(end) => return Ok(end),
            }
        }
    }

    fn drain_beside(mut self, mut take: impl FnMut(Item) -> Result<(), String>) -> Result<End, OpenError> {
        let name = self.name;
        std::thread::scope(|scope| {
            let (ahead, frames) = sync_channel(AHEAD);
            scope.spawn(move || {
                loop {
                    let step = self.step();
                    let more = matches!(step, Ok(Step::Frame { .. }));
                    if ahead.send(step).is_err() || !more {
                        return;
                    }
                }
            });
            loop {
                match frames.recv().expect("the reader ends with an end or an error")? {
                    Step::Frame { offset, payload } => each_item(name, offset, payload, &mut take)?,
                    Step::End(end) => return Ok(end),
                }
            }
        })
    }

    fn step(&mut self) -> Result<Step, OpenError> {
        let number = self.number;
        match self.reader.next().map_err(OpenError::io("read", self.name))? {
            Read::End { offset } => Ok(Step::End(End { number, offset, broken: None })),
            Read::Broken { offset, reason } => Ok(Step::End(End { number, offset, broken: Some(reason) })),
            Read::Frame { offset, number: read, .. } if read != number => {
                let reason = format!("frame {read} lies where frame {number} belongs");
                Err(OpenError::corrupt(self.name, offset, reason))
            }
            Read::Frame { offset, payload, .. } => {
                self.number += 1;
                Ok(Step::Frame { offset, payload })
            }
        }
    }
}

fn each_item(
    name: &str,
    offset: u64,
    mut payload: Bytes,
    mut take: impl FnMut(Item) -> Result<(), String>,
) -> Result<(), OpenError> {
    while !payload.is_empty() {
        let item = Item::decode(&mut payload).map_err(|reason| OpenError::corrupt(name, offset, reason))?;
        take(item).map_err(|reason| OpenError::corrupt(name, offset, reason))?;
    }
    Ok(())
}
