//! A netlink socket: requests answered before `send` returns, and dumps.

use super::wire::{DONE, Messages, Received};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with, sockopt,
};
use std::os::fd::OwnedFd;

pub const ROUTE: Option<Protocol> = None;
pub const NETFILTER: Option<Protocol> = Some(netlink::NETFILTER);

/// The whole of a batch travels in one buffer: 30,000 services with three endpoints each are about 15 MiB.
const SEND_BUFFER: usize = 256 << 20;
const RECEIVE_BUFFER: usize = 16 << 20;
/// The kernel fills dump buffers up to 32 KiB when the reader offers as much.
const READ_SIZE: usize = 64 << 10;

pub struct Socket {
    fd: OwnedFd,
    sequence: u32,
    read: Vec<u8>,
}

impl Socket {
    pub fn open(protocol: Option<Protocol>) -> Result<Self, Errno> {
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
        // Without the right to force them, the ordinary limits stand: small clusters still fit.
        if sockopt::set_socket_send_buffer_size_force(&fd, SEND_BUFFER).is_err() {
            sockopt::set_socket_send_buffer_size(&fd, SEND_BUFFER)?;
        }
        if sockopt::set_socket_recv_buffer_size_force(&fd, RECEIVE_BUFFER).is_err() {
            sockopt::set_socket_recv_buffer_size(&fd, RECEIVE_BUFFER)?;
        }
        Ok(Self { fd, sequence: 0, read: vec![0; READ_SIZE] })
    }

    /// A number that no earlier message had.
    pub fn next(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    fn send(&self, bytes: &[u8]) -> Result<(), Errno> {
        sendto(&self.fd, bytes, SendFlags::empty(), &SocketAddrNetlink::new(0, 0)).map(drop)
    }

    /// Sends messages of which the one numbered `last` asks for an acknowledgement. The first refusal is returned with
    /// the number of the message it is about.
    pub fn request(&mut self, bytes: &[u8], last: u32) -> Result<(), (u32, Errno)> {
        self.send(bytes).map_err(|errno| (last, errno))?;
        loop {
            let got = recv_into(&self.fd, &mut self.read).map_err(|errno| (last, errno))?;
            for message in Messages(&self.read[..got]) {
                match message.errno() {
                    Some(0) if message.sequence == last => return Ok(()),
                    Some(number) if number != 0 => return Err(self.refused(message.sequence, number)),
                    _ => {}
                }
            }
        }
    }

    /// Reads away the other answers to a refused batch, so that the next request sees only its own.
    fn refused(&mut self, sequence: u32, number: i32) -> (u32, Errno) {
        while recv(&self.fd, &mut self.read[..], RecvFlags::DONTWAIT).is_ok() {}
        (sequence, Errno::from_raw_os_error(number))
    }

    /// Hands every message of the answer to `each`.
    pub fn dump(&mut self, bytes: &[u8], sequence: u32, mut each: impl FnMut(Received<'_>)) -> Result<(), Errno> {
        self.send(bytes)?;
        loop {
            let got = recv_into(&self.fd, &mut self.read)?;
            for message in Messages(&self.read[..got]).filter(|message| message.sequence == sequence) {
                match (message.kind, message.errno()) {
                    (DONE, _) | (_, Some(0)) => return Ok(()),
                    (_, Some(number)) => return Err(Errno::from_raw_os_error(number)),
                    _ => each(message),
                }
            }
        }
    }
}

fn recv_into(fd: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
    loop {
        match recv(fd, &mut *buffer, RecvFlags::empty()) {
            Err(Errno::INTR) => {}
            other => return other.map(|(read, _)| read),
        }
    }
}
