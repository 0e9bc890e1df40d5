//! A connection behind its TLS. What it holds for a client that reads slowly is bounded, and what it may send at once is
//! more while few long lists are on their way.

use super::Frontend;
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// With what TLS and TCP add to it, it is one packet to them.
const LEAST: usize = 63 * 1024;

pub struct Encrypted {
    stream: TlsStream<TcpStream>,
    frontend: Arc<Frontend>,
}

impl Encrypted {
    pub fn new(stream: TlsStream<TcpStream>, frontend: Arc<Frontend>) -> Encrypted {
        Encrypted { stream, frontend }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut TlsStream<TcpStream>> {
        Pin::new(&mut self.get_mut().stream)
    }

    fn bound(&mut self) {
        let burst = self.frontend.long_lists.burst().unwrap_or_default();
        self.stream.get_mut().1.set_buffer_limit(Some(burst.max(LEAST)));
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.stream().poll_read(cx, into)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, plain: &[u8]) -> Poll<Result<usize>> {
        self.bound();
        self.stream().poll_write(cx, plain)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        plain: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.bound();
        self.stream().poll_write_vectored(cx, plain)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
