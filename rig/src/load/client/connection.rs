//! One socket of a client pool.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    sync::Arc,
};

use mio::net::TcpStream;
use shared::{ids::RoomId, live::SUBPROTOCOL, paths};

use super::{
    counters::RevTracker,
    wire::{self, KEY, TEXT},
};

#[derive(Debug)]
pub enum Role {
    Subscriber {
        room: RoomId,
        revs: RevTracker,
    },
    /// Subscribes to several rooms and is live when the last subscription is.
    Person {
        /// The frames to send after `welcome`.
        subscribe: Arc<[String]>,
        /// The number of subscriptions that are not live yet.
        waiting: usize,
    },
    /// Sends, and receives acks only.
    Sender,
}

impl Role {
    /// A subscriber that has received nothing yet.
    pub fn subscriber(room: RoomId) -> Self {
        Self::Subscriber { room, revs: RevTracker::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionState {
    Connecting,
    /// The client sent the upgrade request.
    Upgrading,
    /// The client waits for `welcome`.
    AwaitingWelcome,
    /// The client waits for `subscribed`.
    Subscribing,
    Live,
    Closed,
}

pub struct Connection {
    pub role: Role,
    pub state: ConnectionState,
    pub(super) stream: TcpStream,
    /// The beginning of an incomplete frame.
    pub(super) partial: Vec<u8>,
    /// Bytes that the kernel has not accepted yet.
    unsent: Vec<u8>,
    /// The upgrade request; empty once it is sent.
    upgrade: Vec<u8>,
}

impl Connection {
    /// Starts to connect. `token` is that of a session.
    pub fn open(address: SocketAddr, token: &str, role: Role) -> io::Result<Self> {
        let path = paths::LIVE;
        let upgrade = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        Ok(Self {
            role,
            state: ConnectionState::Connecting,
            stream: TcpStream::connect(address)?,
            partial: Vec::new(),
            unsent: Vec::new(),
            upgrade: upgrade.into_bytes(),
        })
    }

    /// Handles a writable event: sends the upgrade request once connected, or unsent bytes.
    pub(super) fn handle_writable(&mut self) -> io::Result<()> {
        if self.state == ConnectionState::Connecting {
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            if !is_connected(&self.stream)? {
                return Ok(());
            }
            self.stream.set_nodelay(true)?;
            self.state = ConnectionState::Upgrading;
            let upgrade = std::mem::take(&mut self.upgrade);
            return self.write(&upgrade);
        }
        let unsent = std::mem::take(&mut self.unsent);
        if unsent.is_empty() { Ok(()) } else { self.write(&unsent) }
    }

    /// Writes the bytes, or keeps them until the kernel accepts them.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while self.unsent.is_empty() && !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.extend_from_slice(rest);
        Ok(())
    }

    /// Reads available bytes and returns their number; `None` if there are none, 0 at the end of
    /// the stream.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.stream.read(buffer) {
                Ok(read) => return Ok(Some(read)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Handles `welcome`: a subscriber or a person subscribes, a sender is live.
    pub(super) fn handle_welcome(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        match &self.role {
            Role::Sender => {
                self.state = ConnectionState::Live;
                return Ok(());
            }
            Role::Person { subscribe, .. } => {
                for frame in subscribe.iter() {
                    wire::write_client_frame(&mut bytes, TEXT, frame.as_bytes());
                }
            }
            Role::Subscriber { room, revs } => {
                let subscribe = match revs.last {
                    0 => format!(r#"{{"type":"subscribe","room":{room}}}"#),
                    last => format!(r#"{{"type":"subscribe","room":{room},"after_rev":{last}}}"#),
                };
                wire::write_client_frame(&mut bytes, TEXT, subscribe.as_bytes());
            }
        }
        self.state = ConnectionState::Subscribing;
        self.write(&bytes)
    }
}

/// Whether the TCP handshake is complete.
fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
