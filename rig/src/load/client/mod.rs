//! A client pool: thousands of sockets on one thread, with one read buffer for all. The pool must
//! be faster than any server, or the load generator would measure itself.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Interest, Poll, Token};

mod connection;
pub mod counters;
#[cfg(test)]
mod tests;
pub mod wire;

pub use connection::{Connection, ConnectionState, Role};
use counters::{Counters, RevTracker};
use wire::{CLOSE, PING, PONG, ServerEvent, Stamp, TEXT};

use super::runtime::check_interrupt;

/// The size of the read buffer. It must hold the longest frame, which is the `welcome` of an
/// account in a thousand rooms.
const BUFFER_BYTES: usize = 2 * 1_024 * 1_024;
/// The number of sockets that connect concurrently, unless connecting is measured. It must be below
/// the server's listen backlog.
pub const CONCURRENT_CONNECTS: usize = 128;

pub struct ClientPool {
    pub counters: Counters,
    /// The connections whose message was acknowledged or refused. The driver empties the list.
    pub replied_senders: Vec<usize>,
    /// By message: the number of deliveries that have not come yet. `None` if the driver does not
    /// wait for them.
    pub pending_deliveries: Option<Vec<u32>>,
    /// Messages that all subscribers have received. The driver empties the list.
    pub fully_delivered: Vec<usize>,
    /// The room and rev of each ack. The driver empties the list.
    pub acked_revs: Vec<(i64, i64)>,
    connections: Vec<Connection>,
    address: SocketAddr,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    started: Instant,
}

impl ClientPool {
    /// An empty pool for this server.
    pub fn new(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            counters: Counters::default(),
            replied_senders: Vec::new(),
            pending_deliveries: None,
            fully_delivered: Vec::new(),
            acked_revs: Vec::new(),
            connections: Vec::new(),
            address,
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
            buffer: vec![0; BUFFER_BYTES],
            started: Instant::now(),
        })
    }

    /// Microseconds since the pool was created: the clock of every [`Stamp`].
    pub fn now_us(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    /// The connections, in the order of opening.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Opens sockets, `concurrent` at a time, and waits until all are live. Returns the times until
    /// each was live, in microseconds since the call. Fails if a socket ends, or after `timeout`.
    pub fn open(
        &mut self,
        clients: Vec<(&str, Role)>,
        concurrent: usize,
        timeout: Duration,
    ) -> Result<Vec<u64>> {
        let (first, total, start_us) = (self.connections.len(), clients.len(), self.now_us());
        let mut clients = clients.into_iter().enumerate();
        let mut opening: Vec<usize> = Vec::new();
        let mut live_us = Vec::with_capacity(total);
        while live_us.len() < total {
            for (nth, (token, role)) in clients.by_ref().take(concurrent - opening.len()) {
                self.connect(token, role)?;
                opening.push(first + nth);
            }
            self.poll(Duration::from_millis(100))?;
            let elapsed_us = self.now_us() - start_us;
            opening.retain(|index| {
                let is_live = self.connections[*index].state == ConnectionState::Live;
                live_us.extend(is_live.then_some(elapsed_us));
                !is_live
            });
            if let Some(error) = &self.counters.errors.first_message {
                bail!("{error}");
            }
            let is_late = u128::from(elapsed_us) > timeout.as_micros();
            ensure!(!is_late, "only {} of {total} sockets connected", live_us.len());
        }
        Ok(live_us)
    }

    /// Starts to connect a socket.
    fn connect(&mut self, token: &str, role: Role) -> Result<()> {
        let mut connection =
            Connection::open(self.address, token, role).context("cannot connect")?;
        let (token, interest) =
            (Token(self.connections.len()), Interest::READABLE | Interest::WRITABLE);
        self.poll.registry().register(&mut connection.stream, token, interest)?;
        self.connections.push(connection);
        Ok(())
    }

    /// Waits at most `timeout` for events and handles them. Returns whether there were any. Fails
    /// after Ctrl+C.
    pub fn poll(&mut self, timeout: Duration) -> Result<bool> {
        check_interrupt()?;
        match self.poll.poll(&mut self.events, Some(timeout)) {
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
        for (index, is_writable, is_readable, is_closing) in &ready {
            if *is_writable {
                let written = self.connections[*index].handle_writable();
                self.close_on_error(*index, written.map_err(Into::into));
            }
            if *is_readable {
                let read = self.handle_readable(*index, *is_closing);
                self.close_on_error(*index, read);
            }
        }
        Ok(!ready.is_empty())
    }

    /// Counts a socket with an error as closed.
    fn close_on_error(&mut self, index: usize, result: Result<()>) {
        if let Err(error) = result
            && self.connections[index].state != ConnectionState::Closed
        {
            self.connections[index].state = ConnectionState::Closed;
            self.counters.errors.closed += 1;
            self.counters.errors.add_message(format!("a socket ended: {error}"));
        }
    }

    /// Sends a frame with a message whose text begins with a [`Stamp`].
    pub fn send(&mut self, sender: usize, frame: &[u8]) {
        self.counters.sends += 1;
        let written = self.connections[sender].write(frame);
        self.close_on_error(sender, written.map_err(Into::into));
    }

    /// Closes all sockets and returns their roles, for reconnecting.
    pub fn close_all(&mut self) -> Vec<Role> {
        self.connections.drain(..).map(|connection| connection.role).collect()
    }

    fn handle_readable(&mut self, index: usize, is_closing: bool) -> Result<()> {
        loop {
            let connection = &mut self.connections[index];
            if connection.state == ConnectionState::Closed {
                return Ok(());
            }
            let partial = connection.partial.len();
            ensure!(partial < self.buffer.len(), "a frame of more than {partial} bytes");
            self.buffer[..partial].copy_from_slice(&connection.partial);
            let Some(read) = connection.read(&mut self.buffer[partial..])? else { return Ok(()) };
            ensure!(read > 0, "the server closed the connection");
            let end = partial + read;
            let buffer = std::mem::take(&mut self.buffer);
            let used = self.handle_bytes(index, &buffer[..end]);
            self.buffer = buffer;
            let connection = &mut self.connections[index];
            connection.partial.clear();
            connection.partial.extend_from_slice(&self.buffer[used?..end]);
            // A short read means that the socket is empty; further bytes come with another event.
            if end < self.buffer.len() && !is_closing {
                return Ok(());
            }
        }
    }

    /// Handles all complete frames and returns the number of bytes in them.
    fn handle_bytes(&mut self, index: usize, bytes: &[u8]) -> Result<usize> {
        let mut used = 0;
        if self.connections[index].state == ConnectionState::Upgrading {
            let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Ok(0) };
            check_upgrade(&bytes[..end])?;
            used = end + 4;
            self.connections[index].state = ConnectionState::AwaitingWelcome;
        }
        let now_us = self.now_us();
        while let Some((frame, length)) = wire::parse_frame(&bytes[used..])? {
            used += length;
            if frame.opcode == TEXT {
                self.handle_text(index, frame.payload, now_us)?;
            } else if frame.opcode == PING {
                let mut pong = Vec::new();
                wire::write_client_frame(&mut pong, PONG, frame.payload);
                self.connections[index].write(&pong)?;
            } else if frame.opcode == CLOSE {
                let code = frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                bail!("closed with {}", code.unwrap_or_default());
            }
        }
        Ok(used)
    }

    fn handle_text(&mut self, index: usize, payload: &[u8], now_us: u64) -> Result<()> {
        let event = wire::decode(payload)?;
        let connection = &mut self.connections[index];
        let errors = &mut self.counters.errors;
        match (&mut connection.role, event) {
            (Role::Subscriber { room, revs }, ServerEvent::Change { room: of, rev, stamp }) => {
                ensure!(room.0 == of, "a change of room {of} on a socket of room {room}");
                revs.add(rev, errors);
                if let Some(stamp) = stamp {
                    self.counters.add_delivery(stamp, now_us);
                    self.count_down_pending(stamp);
                }
            }
            // The server also sends `subscribed` after it caught up for a slow socket; that changes
            // nothing here.
            (Role::Subscriber { revs, .. }, ServerEvent::Subscribed(rev))
                if connection.state == ConnectionState::Subscribing =>
            {
                connection.state = ConnectionState::Live;
                if revs.last == 0 {
                    *revs = RevTracker::starting_after(rev);
                }
            }
            (Role::Subscriber { revs, .. }, ServerEvent::Gap(rev)) => revs.skip_to(rev, errors),
            (Role::Person { waiting, .. }, ServerEvent::Subscribed(_) | ServerEvent::Gap(_))
                if connection.state == ConnectionState::Subscribing =>
            {
                *waiting = waiting.saturating_sub(1);
                if *waiting == 0 {
                    connection.state = ConnectionState::Live;
                }
            }
            (_, ServerEvent::Welcome) => connection.handle_welcome()?,
            (_, ServerEvent::Ack { room, rev, stamp }) => {
                self.counters.add_ack(stamp, now_us);
                self.acked_revs.push((room, rev));
                self.replied_senders.push(index);
            }
            (_, ServerEvent::Nack(reason)) => {
                errors.refused += 1;
                errors.add_message(reason);
                self.replied_senders.push(index);
            }
            (_, ServerEvent::Error(reason)) => errors.add_message(reason),
            _ => {}
        }
        Ok(())
    }

    /// Counts a delivery down from the pending ones of its message.
    fn count_down_pending(&mut self, stamp: Stamp) {
        let Some(pending) = &mut self.pending_deliveries else { return };
        if let Some(left @ 1..) = pending.get_mut(stamp.index) {
            *left -= 1;
            if *left == 0 {
                self.fully_delivered.push(stamp.index);
            }
        }
    }
}

/// Checks the response to an upgrade request.
fn check_upgrade(head: &[u8]) -> Result<()> {
    let head = String::from_utf8_lossy(head);
    ensure!(head.starts_with("HTTP/1.1 101 "), "refused: {}", head.lines().next().unwrap_or("?"));
    ensure!(head.contains(wire::ACCEPT), "the response to the handshake is wrong");
    Ok(())
}
