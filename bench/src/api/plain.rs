//! A client without a runtime between itself and the socket: it writes a request and waits for its answer. What it does
//! itself would be measured with the server, where one request follows another.

use super::BenchError;
use super::client::Target;
use memchr::memmem;
use rustls::{ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;

pub struct Plain {
    stream: StreamOwned<ClientConnection, TcpStream>,
    host: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// How long an answer's body is.
enum Length {
    Known(usize),
    Chunked,
}

impl Plain {
    pub fn connect(target: &Target) -> Result<Plain, BenchError> {
        let stream = TcpStream::connect(&target.host).map_err(BenchError::new)?;
        stream.set_nodelay(true).map_err(BenchError::new)?;
        let (name, tls) = target.session("http/1.1")?;
        let session = ClientConnection::new(tls, name).map_err(BenchError::new)?;
        let stream = StreamOwned::new(session, stream);
        Ok(Plain { stream, host: target.host.clone(), request: Vec::new(), answer: Vec::new() })
    }

    /// The answer must be a success.
    pub fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Result<(), BenchError> {
        self.request.clear();
        let Plain { request, host, .. } = self;
        write!(
            request,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\ncontent-type: application/json\r\n\
             user-agent: bench\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .map_err(BenchError::new)?;
        request.extend_from_slice(body);
        self.stream.write_all(request).map_err(BenchError::new)?;
        self.answer.clear();
        let (head, length) = loop {
            self.read()?;
            if let Some(end) = memmem::find(&self.answer, b"\r\n\r\n") {
                break (end + 4, length(&self.answer[..end + 4])?);
            }
        };
        while !is_whole(&self.answer[head..], &length)? {
            self.read()?;
        }
        match self.answer.starts_with(b"HTTP/1.1 2") {
            true => Ok(()),
            false => Err(BenchError(format!("{method} {path}: {}", String::from_utf8_lossy(&self.answer)))),
        }
    }

    fn read(&mut self) -> Result<(), BenchError> {
        let mut part = [0; 4096];
        match self.stream.read(&mut part).map_err(BenchError::new)? {
            0 => Err(BenchError("the connection was closed".into())),
            count => {
                self.answer.extend_from_slice(&part[..count]);
                Ok(())
            }
        }
    }
}

fn length(head: &[u8]) -> Result<Length, BenchError> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(head).map_err(BenchError::new)?;
    let known = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let Some(known) = known else { return Ok(Length::Chunked) };
    let text = std::str::from_utf8(known.value).map_err(BenchError::new)?;
    text.parse().map(Length::Known).map_err(BenchError::new)
}

fn is_whole(mut body: &[u8], length: &Length) -> Result<bool, BenchError> {
    if let Length::Known(length) = length {
        return Ok(body.len() >= *length);
    }
    while let httparse::Status::Complete((begin, size)) = httparse::parse_chunk_size(body).map_err(|_| no_chunk())? {
        let Some(rest) = body.get(begin + size as usize + 2..) else { return Ok(false) };
        if size == 0 {
            return Ok(true);
        }
        body = rest;
    }
    Ok(false)
}

fn no_chunk() -> BenchError {
    BenchError("an answer that is neither of known length nor in chunks".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_answer_is_seen() {
        let (known, chunked) = ("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n");
        for (head, body) in [(known, "hello"), (chunked, "5\r\nhello\r\n0\r\n\r\n"), (chunked, "0\r\n\r\n")] {
            let length = length(head.as_bytes()).unwrap();
            for end in 0..body.len() {
                assert!(!is_whole(&body.as_bytes()[..end], &length).unwrap(), "{body:?} up to {end}");
            }
            assert!(is_whole(body.as_bytes(), &length).unwrap(), "{body:?}");
        }
        assert!(is_whole(b"hello", &Length::Chunked).is_err());
    }
}
