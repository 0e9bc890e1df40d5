//! Frames on the wire.

use bytes::Bytes;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const VERSION: u16 = 3;
const FIN: u8 = 1;
/// No frame of a client may be longer.
const LONGEST: usize = 4 << 20;
const ID_MASK: u32 = 0x7fff_ffff;

#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    SynStream {
        id: u32,
        fin: bool,
        block: Bytes,
    },
    SynReply {
        id: u32,
        fin: bool,
        block: Bytes,
    },
    Reset {
        id: u32,
        status: u32,
    },
    Ping {
        id: u32,
    },
    GoAway,
    Headers {
        id: u32,
        fin: bool,
        block: Bytes,
    },
    Data {
        id: u32,
        fin: bool,
        bytes: Bytes,
    },
    /// Settings and windows: read and left aside.
    Other,
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("broken SPDY frame: {what}"))
}

/// None at the end of the connection.
pub async fn read(wire: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Frame>> {
    let mut head = [0; 8];
    match wire.read_exact(&mut head).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    };
    let first = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    let (fin, length) = (head[4] & FIN != 0, u32::from_be_bytes([0, head[5], head[6], head[7]]) as usize);
    if length > LONGEST {
        return Err(broken("too long"));
    }
    let mut body = vec![0; length];
    wire.read_exact(&mut body).await?;
    let body = Bytes::from(body);
    if first & !ID_MASK == 0 {
        return Ok(Some(Frame::Data { id: first, fin, bytes: body }));
    }
    if (first >> 16) & 0x7fff != u32::from(VERSION) {
        return Err(broken("another version"));
    }
    control(first & 0xffff, fin, &body).map(Some)
}

fn control(kind: u32, fin: bool, body: &Bytes) -> io::Result<Frame> {
    let word = |at: usize| -> io::Result<u32> {
        let bytes = body.get(at..at + 4).ok_or_else(|| broken("too short"))?;
        Ok(u32::from_be_bytes(bytes.try_into().map_err(|_| broken("too short"))?))
    };
    let rest = |at: usize| if body.len() < at { Err(broken("too short")) } else { Ok(body.slice(at..)) };
    Ok(match kind {
        1 => Frame::SynStream { id: word(0)? & ID_MASK, fin, block: rest(10)? },
        2 => Frame::SynReply { id: word(0)? & ID_MASK, fin, block: rest(4)? },
        3 => Frame::Reset { id: word(0)? & ID_MASK, status: word(4)? },
        6 => Frame::Ping { id: word(0)? },
        7 => Frame::GoAway,
        8 => Frame::Headers { id: word(0)? & ID_MASK, fin, block: rest(4)? },
        _ => Frame::Other,
    })
}

pub async fn write(wire: &mut (impl AsyncWrite + Unpin), frame: &Frame) -> io::Result<()> {
    let mut out = Vec::new();
    match frame {
        Frame::Data { id, fin, bytes } => {
            out.extend_from_slice(&(id & ID_MASK).to_be_bytes());
            out.extend_from_slice(&flags_and_length(*fin, bytes.len())?);
            out.extend_from_slice(bytes);
        }
        Frame::SynStream { id, fin, block } => {
            let head = [id & ID_MASK, 0];
            put(&mut out, 1, *fin, &[&words(&head), &[0, 0], block])?;
        }
        Frame::SynReply { id, fin, block } => put(&mut out, 2, *fin, &[&words(&[*id]), block])?,
        Frame::Reset { id, status } => put(&mut out, 3, false, &[&words(&[*id, *status])])?,
        Frame::Ping { id } => put(&mut out, 6, false, &[&words(&[*id])])?,
        Frame::GoAway => put(&mut out, 7, false, &[&words(&[0, 0])])?,
        Frame::Headers { id, fin, block } => put(&mut out, 8, *fin, &[&words(&[*id]), block])?,
        Frame::Other => return Ok(()),
    }
    wire.write_all(&out).await?;
    wire.flush().await
}

fn words(list: &[u32]) -> Vec<u8> {
    list.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn put(out: &mut Vec<u8>, kind: u16, fin: bool, parts: &[&[u8]]) -> io::Result<()> {
    let length = parts.iter().map(|part| part.len()).sum();
    out.extend_from_slice(&(0x8000 | VERSION).to_be_bytes());
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&flags_and_length(fin, length)?);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    Ok(())
}

fn flags_and_length(fin: bool, length: usize) -> io::Result<[u8; 4]> {
    let length = u32::try_from(length).ok().filter(|l| *l < 1 << 24).ok_or_else(|| broken("too long"))?;
    let [_, a, b, c] = length.to_be_bytes();
    Ok([if fin { FIN } else { 0 }, a, b, c])
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(frame: Frame) {
        let mut wire = Vec::new();
        write(&mut wire, &frame).await.unwrap();
        assert_eq!(read(&mut wire.as_slice()).await.unwrap(), Some(frame));
    }

    #[tokio::test]
    async fn frames_are_read_as_they_were_written() {
        let bytes = Bytes::from_static(b"abc");
        check(Frame::SynStream { id: 1, fin: false, block: bytes.clone() }).await;
        check(Frame::SynReply { id: 1, fin: true, block: bytes.clone() }).await;
        check(Frame::Reset { id: 3, status: 5 }).await;
        check(Frame::Ping { id: 9 }).await;
        check(Frame::GoAway).await;
        check(Frame::Headers { id: 5, fin: false, block: bytes.clone() }).await;
        check(Frame::Data { id: 7, fin: true, bytes }).await;
        assert_eq!(read(&mut [0_u8; 0].as_slice()).await.unwrap(), None);
        assert!(read(&mut [0x80, 2, 0, 1, 0, 0, 0, 0].as_slice()).await.is_err());
    }
}
