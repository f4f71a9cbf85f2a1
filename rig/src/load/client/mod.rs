//! A crowd: thousands of sockets on one thread, and one buffer for reading all of them. It must
//! take more than any server gives, or it would measure itself.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Interest, Poll, Token};

mod conn;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod wire;

pub use conn::{Conn, Phase, Role};
use tally::{Follow, Tally};
use wire::{CLOSE, PING, PONG, Said, Stamp, TEXT};

use super::ground::interrupt;

/// For reading: more than the longest frame (the `welcome` of somebody in a thousand rooms).
const BUFFER_BYTES: usize = 2 * 1_024 * 1_024;
/// Sockets that come in at once, when it is not about that: a server takes so many in one go.
pub const AT_ONCE: usize = 128;

/// Many sockets.
pub struct Crowd {
    /// What they have heard.
    pub tally: Tally,
    /// Speakers whose message was answered since this was last emptied.
    pub answered: Vec<usize>,
    /// Deliveries still to come of each message, by number, where somebody wants to know; a message
    /// that nobody waits for any more has 0.
    pub awaited: Option<Vec<u32>>,
    /// Messages that the last of those deliveries came of, since this was last emptied.
    pub complete: Vec<usize>,
    /// The newest change that an ack has told of, and of which room.
    pub acked: Vec<(i64, i64)>,
    conns: Vec<Conn>,
    address: SocketAddr,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    began: Instant,
}

impl Crowd {
    /// An empty one, for this server.
    pub fn new(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            tally: Tally::default(),
            answered: Vec::new(),
            awaited: None,
            complete: Vec::new(),
            acked: Vec::new(),
            conns: Vec::new(),
            address,
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
            buffer: vec![0; BUFFER_BYTES],
            began: Instant::now(),
        })
    }

    /// Microseconds since the crowd was made: the clock of every [`Stamp`].
    pub fn now_us(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    /// The sockets, in the order in which they were opened.
    pub fn conns(&self) -> &[Conn] {
        &self.conns
    }

    /// Opens sockets, so many at a time, and waits until all are live. Answers when each was, in
    /// microseconds from now. Fails if one ends, or when `within` is over.
    pub fn open(
        &mut self,
        who: Vec<(&str, Role)>,
        at_once: usize,
        within: Duration,
    ) -> Result<Vec<u64>> {
        let (first, total, began_us) = (self.conns.len(), who.len(), self.now_us());
        let mut who = who.into_iter().enumerate();
        let mut opening: Vec<usize> = Vec::new();
        let mut live = Vec::with_capacity(total);
        while live.len() < total {
            for (nth, (token, role)) in who.by_ref().take(at_once - opening.len()) {
                self.connect(token, role)?;
                opening.push(first + nth);
            }
            self.turn(Duration::from_millis(100))?;
            let since_us = self.now_us() - began_us;
            opening.retain(|at| {
                let is_live = self.conns[*at].phase == Phase::Live;
                live.extend(is_live.then_some(since_us));
                !is_live
            });
            if let Some(complaint) = &self.tally.faults.complaint {
                bail!("{complaint}");
            }
            let is_late = u128::from(since_us) > within.as_micros();
            ensure!(!is_late, "only {} of {total} sockets came in", live.len());
        }
        Ok(live)
    }

    fn connect(&mut self, token: &str, role: Role) -> Result<()> {
        let mut conn = Conn::open(self.address, token, role).context("cannot connect")?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut conn.stream, Token(self.conns.len()), interest)?;
        self.conns.push(conn);
        Ok(())
    }

    /// Waits for something to happen, at most this long, and deals with it; whether anything did.
    pub fn turn(&mut self, within: Duration) -> Result<bool> {
        interrupt::check()?;
        match self.poll.poll(&mut self.events, Some(within)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            polled => polled?,
        }
        let ready: Vec<_> = self
            .events
            .iter()
            .map(|event| {
                let is_readable = event.is_readable() || event.is_read_closed() || event.is_error();
                (event.token().0, event.is_writable(), is_readable, event.is_read_closed())
            })
            .collect();
        for (at, is_writable, is_readable, is_closing) in &ready {
            if *is_writable {
                let written = self.conns[*at].writable();
                self.check(*at, written.map_err(Into::into));
            }
            if *is_readable {
                let read = self.read(*at, *is_closing);
                self.check(*at, read);
            }
        }
        Ok(!ready.is_empty())
    }

    /// A socket that fails is closed and counted.
    fn check(&mut self, at: usize, done: Result<()>) {
        if let Err(error) = done
            && self.conns[at].phase != Phase::Closed
        {
            self.conns[at].phase = Phase::Closed;
            self.tally.faults.closed += 1;
            self.tally.faults.complain(format!("a socket ended: {error}"));
        }
    }

    /// Sends a message from a speaker; its text begins with a [`Stamp`].
    pub fn say(&mut self, at: usize, frame: &[u8]) {
        self.tally.sends += 1;
        let written = self.conns[at].write(frame);
        self.check(at, written.map_err(Into::into));
    }

    /// Lets go of every socket; what each was for, to come back with.
    pub fn hang_up(&mut self) -> Vec<Role> {
        self.conns.drain(..).map(|conn| conn.role).collect()
    }

    fn read(&mut self, at: usize, is_closing: bool) -> Result<()> {
        loop {
            let conn = &mut self.conns[at];
            if conn.phase == Phase::Closed {
                return Ok(());
            }
            let kept = conn.rest.len();
            ensure!(kept < self.buffer.len(), "a frame of more than {kept} bytes");
            self.buffer[..kept].copy_from_slice(&conn.rest);
            let Some(read) = conn.read(&mut self.buffer[kept..])? else { return Ok(()) };
            ensure!(read > 0, "hung up");
            let end = kept + read;
            let buffer = std::mem::take(&mut self.buffer);
            let used = self.take(at, &buffer[..end]);
            self.buffer = buffer;
            let conn = &mut self.conns[at];
            conn.rest.clear();
            conn.rest.extend_from_slice(&self.buffer[used?..end]);
            // Less than asked for: the socket is empty, and the next bytes are another event.
            if end < self.buffer.len() && !is_closing {
                return Ok(());
            }
        }
    }

    /// Takes what is whole; how many bytes that was.
    fn take(&mut self, at: usize, bytes: &[u8]) -> Result<usize> {
        let mut used = 0;
        if self.conns[at].phase == Phase::Upgrading {
            let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Ok(0) };
            upgraded(&bytes[..end])?;
            used = end + 4;
            self.conns[at].phase = Phase::Greeting;
        }
        let now_us = self.now_us();
        while let Some((frame, length)) = wire::frame(&bytes[used..])? {
            used += length;
            match frame.opcode {
                TEXT => self.hear(at, frame.payload, now_us)?,
                PING => {
                    let mut pong = Vec::new();
                    wire::put(&mut pong, PONG, frame.payload, true);
                    self.conns[at].write(&pong)?;
                }
                CLOSE => {
                    let code = frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    bail!("closed with {}", code.unwrap_or_default());
                }
                _ => {}
            }
        }
        Ok(used)
    }

    fn hear(&mut self, at: usize, payload: &[u8], now_us: u64) -> Result<()> {
        let said = wire::said(payload)?;
        let conn = &mut self.conns[at];
        let faults = &mut self.tally.faults;
        match (&mut conn.role, said) {
            (Role::Subscriber { room, follow }, Said::Change { room: told, rev, stamp }) => {
                ensure!(room.0 == told, "something of room {told} on a socket of room {room}");
                follow.heard(rev, faults);
                if let Some(stamp) = stamp {
                    self.tally.delivered(stamp, now_us);
                    self.count_down(stamp);
                }
            }
            // Another one comes after the server has caught up with what this socket was too slow
            // for, and says nothing new.
            (Role::Subscriber { follow, .. }, Said::Subscribed(rev))
                if conn.phase == Phase::Subscribing =>
            {
                conn.phase = Phase::Live;
                if follow.last == 0 {
                    *follow = Follow::after(rev);
                }
            }
            (Role::Subscriber { follow, .. }, Said::Gap(rev)) => follow.skip(rev, faults),
            (_, Said::Welcome) => conn.greeted()?,
            (_, Said::Ack { room, rev, stamp }) => {
                self.tally.acked(stamp, now_us);
                self.acked.push((room, rev));
                self.answered.push(at);
            }
            (_, Said::Nack(why)) => {
                faults.refused += 1;
                faults.complain(why);
                self.answered.push(at);
            }
            (_, Said::Error(why)) => faults.complain(why),
            _ => {}
        }
        Ok(())
    }

    fn count_down(&mut self, stamp: Stamp) {
        let Some(awaited) = &mut self.awaited else { return };
        if let Some(left @ 1..) = awaited.get_mut(stamp.nth) {
            *left -= 1;
            if *left == 0 {
                self.complete.push(stamp.nth);
            }
        }
    }
}

fn upgraded(head: &[u8]) -> Result<()> {
    let head = String::from_utf8_lossy(head);
    ensure!(head.starts_with("HTTP/1.1 101 "), "refused: {}", head.lines().next().unwrap_or("?"));
    ensure!(head.contains(wire::ACCEPT), "the answer to the handshake does not fit");
    Ok(())
}
