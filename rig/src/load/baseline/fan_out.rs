//! A fan-out server on one thread, without checks or storage. It supports only the part of the live
//! protocol that a client pool uses.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::{Context, Result};
use memchr::memmem;
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

use crate::load::client::wire::{self, ACCEPT, TEXT};

const LISTENER: Token = Token(usize::MAX);
const BUFFER_BYTES: usize = 256 * 1_024;

/// Runs until the process is killed.
pub fn run(port: u16, joins_writes: bool) -> Result<()> {
    FanOut::new(port, joins_writes)?.run()
}

struct FanOut {
    poll: Poll,
    listener: TcpListener,
    sockets: Vec<Socket>,
    rooms: HashMap<i64, Room>,
    /// Whether all frames for a socket are written together after each poll.
    joins_writes: bool,
    /// Sockets with frames for that write.
    unflushed: Vec<usize>,
    buffer: Vec<u8>,
}

#[derive(Default)]
struct Room {
    subscribers: Vec<usize>,
    rev: i64,
}

struct Socket {
    stream: TcpStream,
    is_upgraded: bool,
    is_closed: bool,
    /// The beginning of an incomplete frame.
    partial: Vec<u8>,
    /// Bytes that the kernel has not accepted yet.
    unsent: Vec<u8>,
}

impl FanOut {
    fn new(port: u16, joins_writes: bool) -> Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            sockets: Vec::new(),
            rooms: HashMap::new(),
            joins_writes,
            unflushed: Vec::new(),
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    fn run(&mut self) -> Result<()> {
        let mut events = Events::with_capacity(1_024);
        loop {
            self.poll.poll(&mut events, None)?;
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(index) => {
                        if event.is_writable() {
                            self.sockets[index].flush();
                        }
                        if event.is_readable() || event.is_read_closed() {
                            self.handle_readable(index)?;
                        }
                    }
                }
            }
            for index in std::mem::take(&mut self.unflushed) {
                self.sockets[index].flush();
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            let (mut stream, _) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let (token, interest) =
                (Token(self.sockets.len()), Interest::READABLE | Interest::WRITABLE);
            self.poll.registry().register(&mut stream, token, interest)?;
            self.sockets.push(Socket {
                stream,
                is_upgraded: false,
                is_closed: false,
                partial: Vec::new(),
                unsent: Vec::new(),
            });
        }
    }

    fn handle_readable(&mut self, index: usize) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let socket = &mut self.sockets[index];
            let partial = socket.partial.len();
            buffer[..partial].copy_from_slice(&socket.partial);
            let read = match socket.stream.read(&mut buffer[partial..]) {
                Ok(read @ 1..) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Ok(0) | Err(_) => {
                    socket.is_closed = true;
                    break;
                }
            };
            let used = self.handle_bytes(index, &buffer[..partial + read])?;
            let socket = &mut self.sockets[index];
            socket.partial.clear();
            socket.partial.extend_from_slice(&buffer[used..partial + read]);
            if partial + read < buffer.len() {
                break;
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Handles all complete frames and returns the number of bytes in them.
    fn handle_bytes(&mut self, index: usize, bytes: &[u8]) -> Result<usize> {
        let mut used = 0;
        if !self.sockets[index].is_upgraded {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(0) };
            used = end + 4;
            self.sockets[index].upgrade();
        }
        while let Some((frame, length)) = wire::parse_frame(&bytes[used..])? {
            used += length;
            if frame.opcode == TEXT {
                let text = std::str::from_utf8(frame.payload)?;
                self.handle_text(index, text).with_context(|| format!("unknown frame: {text}"))?;
            }
        }
        Ok(used)
    }

    /// Handles a text frame; `None` if it is not valid. Relies on the order of fields that the
    /// client pool writes.
    fn handle_text(&mut self, index: usize, text: &str) -> Option<()> {
        let id: i64 = between(text, r#""room":"#, &[',', '}'])?.parse().ok()?;
        let room = self.rooms.entry(id).or_default();
        if text.starts_with(r#"{"type":"subscribe""#) {
            room.subscribers.push(index);
            let rev = room.rev;
            let subscribed = format!(r#"{{"type":"subscribed","room":{id},"rev":{rev}}}"#);
            self.sockets[index].send(&text_frame(&subscribed));
            return Some(());
        }
        room.rev += 1;
        let rev = room.rev;
        let client_id = between(text, r#""client_id":""#, &['"'])?;
        let content = between(text, r#""content":""#, &['"'])?;
        let message = message_json(id, rev, client_id, content);
        let change = format!(r#"{{"type":"message","room":{id},"rev":{rev},"message":{message}}}"#);
        let change = text_frame(&change);
        for subscriber in &room.subscribers {
            let socket = &mut self.sockets[*subscriber];
            if self.joins_writes {
                if socket.unsent.is_empty() {
                    self.unflushed.push(*subscriber);
                }
                socket.unsent.extend_from_slice(&change);
            } else {
                socket.send(&change);
            }
        }
        let ack = format!(r#"{{"type":"ack","client_id":"{client_id}","message":{message}}}"#);
        self.sockets[index].send(&text_frame(&ack));
        Some(())
    }
}

/// A message in JSON, as long as a real one.
fn message_json(room: i64, number: i64, client_id: &str, content: &str) -> String {
    format!(
        r#"{{"id":{number},"room":{room},"seq":{number},"rev":{number},"user":{{"id":2,"username":"rig-1a2b3c4d-sender"}},"content":"{content}","client_id":"{client_id}","reply_to":null,"created_at":"2026-01-01T00:00:00.000000Z","edited_at":null,"deleted_at":null}}"#
    )
}

/// The text between `before` and the first of the characters `after`.
fn between<'a>(text: &'a str, before: &str, after: &[char]) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split(after).next()
}

fn text_frame(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::write_server_frame(&mut bytes, TEXT, text.as_bytes());
    bytes
}

impl Socket {
    /// Accepts the WebSocket upgrade and sends `welcome`.
    fn upgrade(&mut self) {
        self.is_upgraded = true;
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        self.send(head.as_bytes());
        self.send(&text_frame(r#"{"type":"welcome"}"#));
    }

    /// Writes the bytes, or appends them to unsent ones.
    fn send(&mut self, bytes: &[u8]) {
        let written = if self.unsent.is_empty() && !self.is_closed { self.write(bytes) } else { 0 };
        if !self.is_closed {
            self.unsent.extend_from_slice(&bytes[written..]);
        }
    }

    fn flush(&mut self) {
        let unsent = std::mem::take(&mut self.unsent);
        if !unsent.is_empty() && !self.is_closed {
            let written = self.write(&unsent);
            self.unsent = unsent;
            self.unsent.drain(..written);
        }
    }

    /// Writes bytes and returns the number that the kernel accepted.
    fn write(&mut self, bytes: &[u8]) -> usize {
        match self.stream.write(bytes) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => {
                self.is_closed = true;
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use shared::ids::RoomId;

    use super::*;
    use crate::load::{
        client::{ClientPool, Role, wire::Stamp},
        text::SendFrameEncoder,
    };

    /// Every subscriber of a client pool gets every message, once and in order.
    fn assert_delivers_everything(joins_writes: bool) {
        let mut fan_out = FanOut::new(0, joins_writes).unwrap();
        let address = fan_out.listener.local_addr().unwrap();
        thread::spawn(move || fan_out.run());
        let mut pool = ClientPool::new(address).unwrap();
        let subscriber = |room| ("", Role::subscriber(RoomId(room)));
        let clients = vec![subscriber(1), subscriber(1), subscriber(2), ("", Role::Sender)];
        pool.open(clients, 2, Duration::from_secs(10)).unwrap();
        let mut frames = SendFrameEncoder::new(150);
        for index in 0..200 {
            let stamp = Stamp { scheduled_us: pool.now_us(), index };
            pool.send(3, frames.encode(RoomId(1 + index as i64 % 2), stamp));
        }
        while pool.counters.acks < 200 || pool.counters.deliveries < 300 {
            assert!(pool.poll(Duration::from_secs(10)).unwrap(), "something is missing");
        }
        let errors = &pool.counters.errors;
        assert_eq!((errors.duplicated, errors.misordered, errors.closed), (0, 0, 0), "{errors:?}");
        assert_eq!(pool.counters.delivery_us.len(), 300);
        let lost = pool.connections().iter().map(|connection| match &connection.role {
            Role::Subscriber { revs, .. } => revs.count_lost(100),
            Role::Sender | Role::Person { .. } => 0,
        });
        assert_eq!(lost.sum::<u64>(), 0);
    }

    #[test]
    fn one_write_for_each_delivery_delivers_everything() {
        assert_delivers_everything(false);
    }

    #[test]
    fn joined_writes_deliver_everything() {
        assert_delivers_everything(true);
    }
}
