//! Frames: what is written at once is framed once, with a number and two checksums.
//!
//! `magic u32 | length u32 | number u64 | crc32c of the payload u32 | crc32c of all before u32 | payload`
//!
//! Little-endian. The header has a checksum of its own, so that a damaged length cannot lead the reader astray. It is
//! salted with a number that only the log knows: a value that looks like a frame must not be taken for one when the
//! reader looks for whole frames behind a broken one.

use crate::disk::DiskFile;
use bytes::Bytes;
use std::io;

pub const HEADER: usize = 24;
const MAGIC: [u8; 4] = [0x6b, 0x31, 0xf4, 0xa3];
/// For frames that can be read without knowing the store: the first of a segment, and those of snapshots.
pub const NO_SALT: u32 = 0;
/// How much is read ahead: small frames come many to a read, large ones are read into place.
const WINDOW: usize = 256 << 10;

/// Makes room for the header; the payload follows, then [`seal`].
pub fn begin(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.resize(HEADER, 0);
}

pub fn seal(buffer: &mut [u8], number: u64, salt: u32) {
    let (header, payload) = buffer.split_at_mut(HEADER);
    let length = u32::try_from(payload.len()).expect("batches are far smaller than 4 GiB");
    header[0..4].copy_from_slice(&MAGIC);
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[8..16].copy_from_slice(&number.to_le_bytes());
    header[16..20].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    let checksum = crc32c::crc32c_append(salt, &header[..20]);
    header[20..24].copy_from_slice(&checksum.to_le_bytes());
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    length: usize,
    number: u64,
    checksum: u32,
}

impl Header {
    fn parse(bytes: &[u8], salt: u32) -> Option<Header> {
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let whole = bytes.starts_with(&MAGIC) && word(20)? == crc32c::crc32c_append(salt, &bytes[..20]);
        let number = u64::from(word(8)?) | u64::from(word(12)?) << 32;
        whole.then_some(Header { length: word(4)? as usize, number, checksum: word(16)? })
    }

    fn admits(&self, payload: &[u8]) -> bool {
        crc32c::crc32c(payload) == self.checksum
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    Frame {
        offset: u64,
        number: u64,
        payload: Bytes,
    },
    /// Nothing but zeros follows, or nothing: there is room for the next frame.
    End {
        offset: u64,
    },
    /// What begins here is not a whole frame.
    Broken {
        offset: u64,
        reason: &'static str,
    },
}

/// Reads a file frame by frame.
pub struct Reader<'a> {
    file: &'a dyn DiskFile,
    length: u64,
    offset: u64,
    window: Vec<u8>,
    window_at: u64,
    salt: u32,
}

impl<'a> Reader<'a> {
    pub fn new(file: &'a dyn DiskFile) -> io::Result<Reader<'a>> {
        Ok(Reader { file, length: file.length()?, offset: 0, window: Vec::new(), window_at: 0, salt: NO_SALT })
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    /// From the next frame on.
    pub fn salt(&mut self, salt: u32) {
        self.salt = salt;
    }

    pub fn next(&mut self) -> io::Result<Read> {
        let offset = self.offset;
        let broken = |reason| Ok(Read::Broken { offset, reason });
        let left = self.length - offset;
        let salt = self.salt;
        let start = self.peek(left.min(HEADER as u64) as usize)?;
        let Some(header) = Header::parse(start, salt) else {
            return match self.only_room_is_left()? {
                true => Ok(Read::End { offset }),
                false if left < HEADER as u64 => broken("the file ends within a frame's header"),
                false => broken("there is no frame header"),
            };
        };
        if left - (HEADER as u64) < header.length as u64 {
            return broken("the file ends within a frame");
        }
        let payload = self.payload(header.length)?;
        if !header.admits(&payload) {
            return broken("the checksum does not match");
        }
        self.offset += (HEADER + header.length) as u64;
        Ok(Read::Frame { offset, number: header.number, payload })
    }

    fn only_room_is_left(&self) -> io::Result<bool> {
        let mut at = self.offset;
        let mut piece = [0; 4096];
        while at < self.length {
            let piece = &mut piece[..(self.length - at).min(4096) as usize];
            self.file.read_exact_at(at, piece)?;
            if piece.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += piece.len() as u64;
        }
        Ok(true)
    }

    /// The next bytes, which are known to exist.
    fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        let skip = (self.offset - self.window_at) as usize;
        if self.window.len() < skip + wanted {
            let ahead = (self.length - self.offset).min(WINDOW.max(wanted) as u64) as usize;
            self.window.resize(ahead, 0);
            self.file.read_exact_at(self.offset, &mut self.window)?;
            self.window_at = self.offset;
            return Ok(&self.window[..wanted]);
        }
        Ok(&self.window[skip..skip + wanted])
    }

    /// Each payload has its own memory: values are slices of it, and one value that lives long keeps no more than the
    /// frame it came in.
    fn payload(&mut self, length: usize) -> io::Result<Bytes> {
        let start = self.offset + HEADER as u64;
        let skip = (start - self.window_at) as usize;
        if let Some(there) = self.window.get(skip..skip + length) {
            return Ok(Bytes::copy_from_slice(there));
        }
        let mut payload = vec![0; length];
        let there = &self.window[skip.min(self.window.len())..];
        payload[..there.len()].copy_from_slice(there);
        let missing = start + there.len() as u64;
        let known = there.len();
        self.file.read_exact_at(missing, &mut payload[known..])?;
        Ok(payload.into())
    }
}

/// Where, from `offset` on, a whole frame of at least `number` begins.
pub fn find_later(file: &dyn DiskFile, offset: u64, number: u64, salt: u32) -> io::Result<Option<u64>> {
    let mut rest = vec![0; (file.length()? - offset) as usize];
    file.read_exact_at(offset, &mut rest)?;
    let begins = |at: &usize| {
        Header::parse(&rest[*at..], salt).is_some_and(|header| {
            let start = at + HEADER;
            let payload = start.checked_add(header.length).and_then(|end| rest.get(start..end));
            header.number >= number && payload.is_some_and(|payload| header.admits(payload))
        })
    };
    Ok((0..rest.len()).find(begins).map(|at| offset + at as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;
    use crate::sim_disk::SimDisk;

    const SALT: u32 = 77;

    fn reader(file: &dyn DiskFile) -> Reader<'_> {
        let mut reader = Reader::new(file).unwrap();
        reader.salt(SALT);
        reader
    }

    fn frames(payloads: &[&[u8]]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut buffer = Vec::new();
        for (number, payload) in payloads.iter().enumerate() {
            begin(&mut buffer);
            buffer.extend_from_slice(payload);
            seal(&mut buffer, number as u64, SALT);
            file.extend_from_slice(&buffer);
        }
        file
    }

    fn stored(bytes: &[u8]) -> Box<dyn DiskFile> {
        let mut file = SimDisk::new(1).create("x").unwrap();
        file.write_at(0, bytes).unwrap();
        file
    }

    #[test]
    fn what_was_sealed_is_read() {
        let large = vec![9; WINDOW + 1000];
        let payloads: [&[u8]; 5] = [b"one", b"", &large, b"four", &large];
        let mut bytes = frames(&payloads);
        let end = bytes.len() as u64;
        bytes.resize(bytes.len() + 5000, 0);
        let file = stored(&bytes);
        let mut reader = reader(&*file);
        for (expect, payload) in payloads.iter().enumerate() {
            match reader.next().unwrap() {
                Read::Frame { number, payload: read, .. } => assert_eq!((number, &read[..]), (expect as u64, *payload)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(reader.next().unwrap(), Read::End { offset: end });
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let whole = frames(&[b"first", b"second"]);
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let file = stored(&bytes);
            let mut reader = reader(&*file);
            let read = [reader.next().unwrap(), reader.next().unwrap()];
            let broken = |read: &Read| matches!(read, Read::Broken { .. });
            assert!(read.iter().any(broken), "bit {bit} went unnoticed: {read:?}");
        }
    }

    #[test]
    fn a_later_frame_is_found_behind_damage() {
        let mut bytes = frames(&[b"first", b"second", b"third"]);
        let second = HEADER + 5;
        let third = second + HEADER + 6;
        bytes[second + HEADER] ^= 1;
        let check = |from: usize, number: u64, expect: Option<usize>| {
            let found = find_later(&*stored(&bytes), from as u64, number, SALT).unwrap();
            assert_eq!(found, expect.map(|at| at as u64), "from {from}, number {number}");
        };
        check(second, 1, Some(third));
        check(second, 3, None);
        check(third + 1, 1, None);
        check(0, 0, Some(0));
        let forged = find_later(&*stored(&bytes), 0, 0, SALT + 1).unwrap();
        assert_eq!(forged, None, "a frame with another salt is a value that looks like one");
    }
}
