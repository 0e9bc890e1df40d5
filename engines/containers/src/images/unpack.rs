//! Unpacks one layer. Its content is a stranger's: nothing is followed out of the layer, and everything is counted.

mod entries;
mod merged;

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::digest;
use super::error::{ImageError, Result, Step};
use entries::Layer;

/// What a layer may hold at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub bytes: u64,
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 64 << 30, entries: 5_000_000 }
    }
}

const READ_AHEAD: usize = 256 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Plain, gzip or zstd, by its first bytes.
pub fn decompress<'a>(content: impl Read + Send + 'a) -> Result<Box<dyn Read + Send + 'a>> {
    use std::io::BufRead;
    let mut content = BufReader::with_capacity(READ_AHEAD, content);
    let start = content.fill_buf().step("reading a layer")?;
    Ok(if start.starts_with(&GZIP) {
        Box::new(flate2::bufread::MultiGzDecoder::new(content))
    } else if start.starts_with(&ZSTD) {
        Box::new(zstd::stream::read::Decoder::with_buffer(content).step("zstd")?)
    } else {
        Box::new(content)
    })
}

/// Fills the directory; `lower` are the layers below it, nearest first. Returns the bytes of its files.
pub fn unpack(
    content: impl Read + Send,
    diff_id: &str,
    into: &Path,
    lower: &[PathBuf],
    limits: &Limits,
) -> Result<u64> {
    let plain = digest::Reader::new(decompress(content)?);
    let mut archive = tar::Archive::new(plain);
    let mut layer = Layer::open(into, lower, limits)?;
    for entry in archive.entries().step("reading a layer")? {
        let mut entry = entry.step("reading a layer")?;
        let path = relative(&entry.path_bytes())?;
        layer.apply(&path, &mut entry)?;
    }
    let size = layer.finish()?;
    archive.into_inner().finish(diff_id)?;
    Ok(size)
}

/// Leading slashes and dots are custom; `..` never is.
pub fn relative(path: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    use std::path::Component;
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => {
                let path = path.display().to_string();
                return Err(ImageError::Entry { path, reason: "leads out of the layer" });
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Ok(clean)
}

#[cfg(test)]
mod tests;
