//! One socket of a crowd.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
};

use mio::net::TcpStream;
use shared::{ids::RoomId, live::SUBPROTOCOL, paths};

use super::{
    tally::Follow,
    wire::{self, KEY, TEXT},
};

/// What a socket is for.
#[derive(Debug)]
pub enum Role {
    /// Listens to a room.
    Subscriber {
        /// Which.
        room: RoomId,
        /// What came of it.
        follow: Follow,
    },
    /// Says things, and listens to nothing but the acks.
    Speaker,
}

/// How far a socket has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// No connection yet.
    Connecting,
    /// The upgrade is asked for.
    Upgrading,
    /// Waiting for `welcome`.
    Greeting,
    /// Waiting for `subscribed`.
    Subscribing,
    /// As it should be.
    Live,
    /// Gone.
    Closed,
}

/// A socket.
pub struct Conn {
    /// What it is for.
    pub role: Role,
    /// How far it has come.
    pub phase: Phase,
    pub(super) stream: TcpStream,
    /// What was read of a frame that is not all there.
    pub(super) rest: Vec<u8>,
    /// What the kernel did not take yet.
    out: Vec<u8>,
    upgrade: Vec<u8>,
}

impl Conn {
    /// Begins to connect, as the owner of this token.
    pub fn open(address: SocketAddr, token: &str, role: Role) -> io::Result<Self> {
        let path = paths::LIVE;
        let upgrade = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        Ok(Self {
            role,
            phase: Phase::Connecting,
            stream: TcpStream::connect(address)?,
            rest: Vec::new(),
            out: Vec::new(),
            upgrade: upgrade.into_bytes(),
        })
    }

    /// Can be written to: asks for the upgrade if that is next, or sends what waits.
    pub(super) fn writable(&mut self) -> io::Result<()> {
        if self.phase == Phase::Connecting {
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            if !is_connected(&self.stream)? {
                return Ok(());
            }
            self.stream.set_nodelay(true)?;
            self.phase = Phase::Upgrading;
            let upgrade = std::mem::take(&mut self.upgrade);
            return self.write(&upgrade);
        }
        let out = std::mem::take(&mut self.out);
        if out.is_empty() { Ok(()) } else { self.write(&out) }
    }

    /// Writes these bytes now, or as soon as the kernel takes them.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while self.out.is_empty() && !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.extend_from_slice(rest);
        Ok(())
    }

    /// Reads what is there; `None` if nothing is.
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

    /// Asks for the room that this socket is for. A speaker is there already.
    pub(super) fn greeted(&mut self) -> io::Result<()> {
        let Role::Subscriber { room, follow } = &self.role else {
            self.phase = Phase::Live;
            return Ok(());
        };
        self.phase = Phase::Subscribing;
        let mut bytes = Vec::new();
        let subscribe = match follow.last {
            0 => format!(r#"{{"type":"subscribe","room":{room}}}"#),
            held => format!(r#"{{"type":"subscribe","room":{room},"after_rev":{held}}}"#),
        };
        wire::put(&mut bytes, TEXT, subscribe.as_bytes(), true);
        self.write(&bytes)
    }
}

fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
