//! Header blocks: names and values, compressed over the whole connection with a dictionary that both sides know.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::collections::BTreeMap;
use std::io;

/// The dictionary of SPDY/3.
const DICTIONARY: &[u8] = include_bytes!("dictionary.bin");
/// No client of ours sends more; a longer block is an attack.
const LONGEST_BLOCK: usize = 64 << 10;
const STEP: usize = 4096;

pub type Headers = BTreeMap<String, String>;

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("broken header block: {what}"))
}

pub struct HeaderReader {
    inflate: Decompress,
}

impl HeaderReader {
    pub fn new() -> HeaderReader {
        HeaderReader { inflate: Decompress::new(true) }
    }

    pub fn read(&mut self, block: &[u8]) -> io::Result<Headers> {
        parse(&self.inflate(block)?)
    }

    fn inflate(&mut self, mut input: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            let (taken, had) = (self.inflate.total_in(), out.len());
            out.reserve(STEP);
            match self.inflate.decompress_vec(input, &mut out, FlushDecompress::Sync) {
                Err(error) if error.needs_dictionary().is_some() => {
                    self.inflate.set_dictionary(DICTIONARY).map_err(|e| broken(&e.to_string()))?;
                }
                Err(error) => return Err(broken(&error.to_string())),
                Ok(Status::StreamEnd) => return Ok(out),
                Ok(_) => {}
            }
            let used = usize::try_from(self.inflate.total_in() - taken).unwrap_or(input.len());
            input = &input[used.min(input.len())..];
            if out.len() > LONGEST_BLOCK {
                return Err(broken("too long"));
            }
            if input.is_empty() && out.len() == had {
                return Ok(out);
            }
            if used == 0 && out.len() == had && !input.is_empty() {
                return Err(broken("no progress"));
            }
        }
    }
}

pub struct HeaderWriter {
    deflate: Compress,
}

impl HeaderWriter {
    pub fn new() -> io::Result<HeaderWriter> {
        let mut deflate = Compress::new(Compression::fast(), true);
        deflate.set_dictionary(DICTIONARY).map_err(io::Error::other)?;
        Ok(HeaderWriter { deflate })
    }

    pub fn write(&mut self, headers: &Headers) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        put_length(&mut plain, headers.len());
        for (name, value) in headers {
            for text in [name, value] {
                put_length(&mut plain, text.len());
                plain.extend_from_slice(text.as_bytes());
            }
        }
        let mut out = Vec::with_capacity(plain.len() + STEP);
        let mut input = plain.as_slice();
        loop {
            let before = self.deflate.total_in();
            out.reserve(STEP);
            self.deflate.compress_vec(input, &mut out, FlushCompress::Sync).map_err(io::Error::other)?;
            let used = usize::try_from(self.deflate.total_in() - before).unwrap_or(input.len());
            input = &input[used..];
            if input.is_empty() && out.capacity() > out.len() {
                return Ok(out);
            }
        }
    }
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

fn parse(mut block: &[u8]) -> io::Result<Headers> {
    let count = take_length(&mut block)?;
    let mut headers = Headers::new();
    for _ in 0..count {
        let name = take_text(&mut block)?.to_lowercase();
        headers.insert(name, take_text(&mut block)?);
    }
    Ok(headers)
}

fn take_length(block: &mut &[u8]) -> io::Result<usize> {
    let (head, rest) = block.split_first_chunk::<4>().ok_or_else(|| broken("it ends early"))?;
    *block = rest;
    usize::try_from(u32::from_be_bytes(*head)).map_err(|_| broken("too long"))
}

fn take_text(block: &mut &[u8]) -> io::Result<String> {
    let length = take_length(block)?;
    let (text, rest) = block.split_at_checked(length).ok_or_else(|| broken("it ends early"))?;
    *block = rest;
    String::from_utf8(text.to_vec()).map_err(|_| broken("it is no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_share_one_compression_over_the_connection() {
        let (mut writer, mut reader) = (HeaderWriter::new().unwrap(), HeaderReader::new());
        for round in 0..20 {
            let headers = Headers::from([
                ("streamtype".to_owned(), "stdin".to_owned()),
                ("requestid".to_owned(), round.to_string()),
                ("long".to_owned(), "x".repeat(round * 700)),
            ]);
            let block = writer.write(&headers).unwrap();
            assert_eq!(reader.read(&block).unwrap(), headers, "{round}");
        }
    }

    #[test]
    fn no_headers_and_broken_ones() {
        let block = HeaderWriter::new().unwrap().write(&Headers::new()).unwrap();
        assert_eq!(HeaderReader::new().read(&block).unwrap(), Headers::new());
        assert!(HeaderReader::new().read(b"nonsense").is_err());
        assert!(parse(&[0, 0, 0, 1, 0, 0, 0, 9, b'a']).is_err());
    }

    #[test]
    fn a_bomb_is_refused() {
        let headers = Headers::from([("a".to_owned(), "x".repeat(1 << 20))]);
        let block = HeaderWriter::new().unwrap().write(&headers).unwrap();
        assert!(HeaderReader::new().read(&block).is_err());
    }
}
