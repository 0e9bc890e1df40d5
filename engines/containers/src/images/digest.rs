//! SHA-256, of bytes and of streams.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::error::{ImageError, Result};

pub fn of(bytes: &[u8]) -> String {
    text(Sha256::new_with_prefix(bytes))
}

fn text(hasher: Sha256) -> String {
    use std::fmt::Write;
    let mut text = "sha256:".to_owned();
    for byte in hasher.finalize() {
        let _ = write!(text, "{byte:02x}"); // writing to a string cannot fail
    }
    text
}

pub fn check(bytes: &[u8], expected: &str) -> Result<()> {
    compare(of(bytes), expected)
}

fn compare(found: String, expected: &str) -> Result<()> {
    if found == expected { Ok(()) } else { Err(ImageError::Digest { expected: expected.to_owned(), found }) }
}

/// Hashes what passes through.
pub struct Reader<R> {
    inner: R,
    hasher: Sha256,
}

impl<R: Read> Reader<R> {
    pub fn new(inner: R) -> Reader<R> {
        Reader { inner, hasher: Sha256::new() }
    }

    /// Reads what is left, then compares.
    pub fn finish(mut self, expected: &str) -> Result<()> {
        let drained = io::copy(&mut self, &mut io::sink());
        drained.map_err(|source| ImageError::Io { step: "reading a layer".into(), source })?;
        compare(text(self.hasher), expected)
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        Ok(length)
    }
}
