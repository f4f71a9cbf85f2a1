//! Fan-out and nothing else: speaks as much of the live wire as the crowd needs, on one thread.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    thread,
};

use anyhow::{Context, Result};
use memchr::memmem;
use mio::{
    Events, Interest, Poll, Token, Waker,
    net::{TcpListener, TcpStream},
};

use crate::load::client::wire::{self, ACCEPT, TEXT};

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);
const BUFFER_BYTES: usize = 256 * 1_024;

/// Runs until standard input ends.
pub fn run(is_joined: bool) -> Result<()> {
    let mut fan = Fan::new(is_joined)?;
    println!("The bare loop is at http://{}", fan.listener.local_addr()?);
    let waker = fan.waker()?;
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = waker.wake();
    });
    fan.run()
}

struct Fan {
    poll: Poll,
    listener: TcpListener,
    sockets: Vec<Socket>,
    rooms: HashMap<i64, Room>,
    is_joined: bool,
    /// Sockets for which something waits.
    waiting: Vec<usize>,
    buffer: Vec<u8>,
}

#[derive(Default)]
struct Room {
    listeners: Vec<usize>,
    rev: i64,
}

struct Socket {
    stream: TcpStream,
    is_upgraded: bool,
    is_gone: bool,
    rest: Vec<u8>,
    out: Vec<u8>,
}

impl Fan {
    fn new(is_joined: bool) -> Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            sockets: Vec::new(),
            rooms: HashMap::new(),
            is_joined,
            waiting: Vec::new(),
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    /// What ends it.
    fn waker(&self) -> Result<Waker> {
        Ok(Waker::new(self.poll.registry(), WAKER)?)
    }

    fn run(&mut self) -> Result<()> {
        let mut events = Events::with_capacity(1_024);
        loop {
            self.poll.poll(&mut events, None)?;
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    WAKER => return Ok(()),
                    Token(at) => {
                        if event.is_writable() {
                            self.sockets[at].flush();
                        }
                        if event.is_readable() || event.is_read_closed() {
                            self.read(at)?;
                        }
                    }
                }
            }
            for at in std::mem::take(&mut self.waiting) {
                self.sockets[at].flush();
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
            let (token, both) =
                (Token(self.sockets.len()), Interest::READABLE | Interest::WRITABLE);
            self.poll.registry().register(&mut stream, token, both)?;
            let (rest, out) = (Vec::new(), Vec::new());
            self.sockets.push(Socket { stream, is_upgraded: false, is_gone: false, rest, out });
        }
    }

    fn read(&mut self, at: usize) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let socket = &mut self.sockets[at];
            let kept = socket.rest.len();
            buffer[..kept].copy_from_slice(&socket.rest);
            let read = match socket.stream.read(&mut buffer[kept..]) {
                Ok(read @ 1..) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Ok(0) | Err(_) => {
                    socket.is_gone = true;
                    break;
                }
            };
            let used = self.take(at, &buffer[..kept + read])?;
            let socket = &mut self.sockets[at];
            socket.rest.clear();
            socket.rest.extend_from_slice(&buffer[used..kept + read]);
            if kept + read < buffer.len() {
                break;
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    fn take(&mut self, at: usize, bytes: &[u8]) -> Result<usize> {
        let mut used = 0;
        if !self.sockets[at].is_upgraded {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(0) };
            used = end + 4;
            self.sockets[at].upgrade();
        }
        while let Some((frame, length)) = wire::frame(&bytes[used..])? {
            used += length;
            if frame.opcode == TEXT {
                let text = std::str::from_utf8(frame.payload)?;
                self.obey(at, text).with_context(|| format!("not understood: {text}"))?;
            }
        }
        Ok(used)
    }

    /// The fields are where the crowd puts them.
    fn obey(&mut self, at: usize, text: &str) -> Option<()> {
        let room: i64 = between(text, r#""room":"#, &[',', '}'])?.parse().ok()?;
        let state = self.rooms.entry(room).or_default();
        if text.starts_with(r#"{"type":"subscribe""#) {
            state.listeners.push(at);
            let rev = state.rev;
            let subscribed = format!(r#"{{"type":"subscribed","room":{room},"rev":{rev}}}"#);
            self.sockets[at].say(subscribed.as_bytes());
            return Some(());
        }
        state.rev += 1;
        let name = between(text, r#""client_id":""#, &['"'])?;
        let content = between(text, r#""content":""#, &['"'])?;
        let message = message(room, state.rev, name, content);
        let frame = format!(
            r#"{{"type":"message","room":{room},"rev":{},"message":{message}}}"#,
            state.rev
        );
        let mut bytes = Vec::new();
        wire::put(&mut bytes, TEXT, frame.as_bytes(), false);
        for listener in &state.listeners {
            let socket = &mut self.sockets[*listener];
            if self.is_joined {
                if socket.out.is_empty() {
                    self.waiting.push(*listener);
                }
                socket.out.extend_from_slice(&bytes);
            } else {
                socket.write(&bytes);
            }
        }
        let ack = format!(r#"{{"type":"ack","client_id":"{name}","message":{message}}}"#);
        self.sockets[at].say(ack.as_bytes());
        Some(())
    }
}

/// As long as a real one.
fn message(room: i64, number: i64, name: &str, content: &str) -> String {
    format!(
        r#"{{"id":{number},"room":{room},"seq":{number},"rev":{number},"user":{{"id":2,"username":"rig-1a2b3c4d-speaker"}},"content":"{content}","client_id":"{name}","reply_to":null,"created_at":"2026-01-01T00:00:00.000000Z","edited_at":null,"deleted_at":null}}"#
    )
}

fn between<'a>(text: &'a str, before: &str, after: &[char]) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split(after).next()
}

impl Socket {
    fn upgrade(&mut self) {
        self.is_upgraded = true;
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        self.write(head.as_bytes());
        self.say(br#"{"type":"welcome"}"#);
    }

    fn say(&mut self, payload: &[u8]) {
        let mut bytes = Vec::new();
        wire::put(&mut bytes, TEXT, payload, false);
        self.write(&bytes);
    }

    /// Writes, behind what waits already.
    fn write(&mut self, bytes: &[u8]) {
        let written = if self.out.is_empty() && !self.is_gone { self.try_write(bytes) } else { 0 };
        if !self.is_gone {
            self.out.extend_from_slice(&bytes[written..]);
        }
    }

    fn flush(&mut self) {
        let out = std::mem::take(&mut self.out);
        if !out.is_empty() && !self.is_gone {
            let written = self.try_write(&out);
            self.out = out;
            self.out.drain(..written);
        }
    }

    /// How much the kernel took.
    fn try_write(&mut self, bytes: &[u8]) -> usize {
        match self.stream.write(bytes) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => {
                self.is_gone = true;
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared::ids::RoomId;

    use super::*;
    use crate::load::{
        client::{Crowd, Role, tally::Follow, wire::Stamp},
        talk::Words,
    };

    /// Both ends against each other: everybody in a room hears everything, once and in order.
    fn everybody_hears_everything(is_joined: bool) {
        let mut fan = Fan::new(is_joined).unwrap();
        let (address, waker) = (fan.listener.local_addr().unwrap(), fan.waker().unwrap());
        let fan = thread::spawn(move || fan.run());
        let mut crowd = Crowd::new(address).unwrap();
        let listener = |room| Role::Subscriber { room: RoomId(room), follow: Follow::default() };
        let who =
            vec![("", listener(1)), ("", listener(1)), ("", listener(2)), ("", Role::Speaker)];
        crowd.open(who, 2, Duration::from_secs(10)).unwrap();
        let mut words = Words::new(150);
        for nth in 0..200 {
            let stamp = Stamp { at_us: crowd.now_us(), nth };
            crowd.say(3, words.frame(RoomId(1 + nth as i64 % 2), stamp));
        }
        while crowd.tally.acks < 200 || crowd.tally.deliveries < 300 {
            assert!(crowd.turn(Duration::from_secs(10)).unwrap(), "something is missing");
        }
        let faults = &crowd.tally.faults;
        assert_eq!((faults.duplicated, faults.misordered, faults.closed), (0, 0, 0), "{faults:?}");
        assert_eq!(crowd.tally.delivery_us.len(), 300);
        let lost = crowd.conns().iter().map(|conn| match &conn.role {
            Role::Subscriber { follow, .. } => follow.lost(100),
            Role::Speaker => 0,
        });
        assert_eq!(lost.sum::<u64>(), 0);
        waker.wake().unwrap();
        fan.join().unwrap().unwrap();
    }

    #[test]
    fn one_write_each() {
        everybody_hears_everything(false);
    }

    #[test]
    fn all_that_waits_in_one_write() {
        everybody_hears_everything(true);
    }
}
