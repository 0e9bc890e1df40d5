//! Live streams between a client and a container: WebSocket channels and SPDY/3.1 streams, and the two protocols on
//! top of them, remote commands and forwarded ports.

pub mod port_forward;
pub mod remote_command;
pub mod spdy;
pub mod upgrade;
pub mod websocket;

use tokio::io::{AsyncRead, AsyncWrite};

/// An upgraded connection.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Wire for T {}
