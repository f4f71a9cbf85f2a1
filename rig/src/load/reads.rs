//! Authenticated reads of 50 messages by REST, over connections that stay, each asking again as
//! soon as it is answered.

use std::{
    fmt,
    io::{self, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use serde::Serialize;
use shared::{
    ids::{RoomId, Seq},
    messages::{Anchor, MessagePage},
    paths,
    rules::PAGE_DEFAULT,
};

use super::{
    client::tally::histogram,
    ground::{
        Ground, interrupt,
        resources::{Usage, raise_file_limit},
    },
    talk::{Latency, Taken},
};

const BUFFER_BYTES: usize = 256 * 1_024;
const OTHER_FILES: usize = 200;

/// What reads.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Connections.
    pub connections: usize,
    /// How long before the measuring begins.
    pub warm_up: Duration,
    /// How long it is measured.
    pub measured: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Reads {
    /// Messages in the room.
    pub messages: i64,
    /// Connections that ask.
    pub connections: usize,
    /// Pages a second.
    pub per_s: f64,
    /// From asking to the whole answer.
    pub latency: Latency,
    /// The server.
    pub server: Option<Taken>,
    /// This process: near one core, the figures are its own.
    pub client: Taken,
}

impl Reading {
    /// Reads pages of 50 messages, anywhere in a room that has so many.
    pub fn run(&self, ground: &Ground, nth: usize, messages: i64) -> Result<Reads> {
        raise_file_limit(self.connections + OTHER_FILES)?;
        ensure!(messages >= PAGE_DEFAULT as i64, "the room has not one page");
        eprintln!("{}: pages of a room of {messages} messages", ground.name);
        let (room, token) = (ground.stage.rooms[nth], ground.stage.listener(nth, 0));
        let asked = Asked { address: ground.target.address, room, token, messages };
        let mut readers = Readers::open(asked, self.connections)?;
        readers.until(Instant::now() + self.warm_up)?;
        readers.begin();
        let (began, before) = (Instant::now(), (ground.target.usage()?, Usage::ours()?));
        readers.until(began + self.measured)?;
        let (apart, after) = (began.elapsed(), (ground.target.usage()?, Usage::ours()?));
        let taken = |before, after| Taken::between(before, after, apart, 0);
        Ok(Reads {
            messages,
            connections: self.connections,
            per_s: readers.pages as f64 / apart.as_secs_f64(),
            latency: (&readers.latency_us).into(),
            server: before.0.zip(after.0).map(|(before, after)| taken(before, after)),
            client: taken(before.1, after.1),
        })
    }
}

/// What is asked for.
struct Asked<'a> {
    address: SocketAddr,
    room: RoomId,
    token: &'a str,
    messages: i64,
}

impl Asked<'_> {
    /// For a page somewhere in the room.
    fn request(&self) -> String {
        let page = PAGE_DEFAULT as i64;
        let last = fastrand::i64(page..=self.messages);
        let (path, token) = (paths::fill(paths::MESSAGES, &[&self.room]), self.token);
        let host = self.address;
        format!(
            "GET {path}?anchor={}&before={} HTTP/1.1\r\nHost: {host}\r\n\
             Authorization: Bearer {token}\r\n\r\n",
            Anchor::Seq(Seq(last)),
            page - 1
        )
    }
}

struct Readers<'a> {
    asked: Asked<'a>,
    poll: Poll,
    readers: Vec<Reader>,
    buffer: Vec<u8>,
    pages: u64,
    latency_us: hdrhistogram::Histogram<u32>,
    is_checked: bool,
}

struct Reader {
    stream: TcpStream,
    heard: Vec<u8>,
    /// Head and body of the answer, once the head is there.
    whole: Option<usize>,
    since: Instant,
}

impl<'a> Readers<'a> {
    fn open(asked: Asked<'a>, connections: usize) -> Result<Self> {
        let poll = Poll::new()?;
        let mut readers = Vec::new();
        for nth in 0..connections {
            let stream = std::net::TcpStream::connect(asked.address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(nth), Interest::READABLE)?;
            let (heard, since) = (Vec::new(), Instant::now());
            readers.push(Reader { stream, heard, whole: None, since });
            let reader = readers.last_mut().context("just added")?;
            reader.ask(&asked)?;
        }
        let (buffer, latency_us) = (vec![0; BUFFER_BYTES], histogram());
        Ok(Self { asked, poll, readers, buffer, pages: 0, latency_us, is_checked: false })
    }

    fn begin(&mut self) {
        self.pages = 0;
        self.latency_us.reset();
    }

    fn until(&mut self, end: Instant) -> Result<()> {
        let mut events = Events::with_capacity(1_024);
        while Instant::now() < end {
            interrupt::check()?;
            match self.poll.poll(&mut events, Some(Duration::from_millis(100))) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                self.read(event.token().0)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, at: usize) -> Result<()> {
        let reader = &mut self.readers[at];
        loop {
            let read = match reader.stream.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                read => read?,
            };
            ensure!(read > 0, "the server hung up");
            reader.heard.extend_from_slice(&self.buffer[..read]);
            if reader.is_whole()? {
                self.pages += 1;
                self.latency_us.saturating_record(reader.since.elapsed().as_micros() as u64);
                if !self.is_checked {
                    reader.check()?;
                    self.is_checked = true;
                }
                reader.ask(&self.asked)?;
            }
            if read < self.buffer.len() {
                return Ok(());
            }
        }
    }
}

impl Reader {
    fn ask(&mut self, asked: &Asked<'_>) -> Result<()> {
        self.heard.clear();
        self.whole = None;
        self.since = Instant::now();
        // A request is shorter than what any socket takes at once.
        Ok(self.stream.write_all(asked.request().as_bytes())?)
    }

    fn is_whole(&mut self) -> Result<bool> {
        if self.whole.is_none()
            && let Some(end) = memmem::find(&self.heard, b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&self.heard[..end])?;
            ensure!(head.starts_with("HTTP/1.1 200 "), "refused: {head}");
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.trim().parse::<usize>().ok())?
            });
            let Some(length) = length else { bail!("an answer without its length: {head}") };
            self.whole = Some(end + 4 + length);
        }
        Ok(self.whole.is_some_and(|whole| self.heard.len() >= whole))
    }

    /// Whether the answer is what was asked for. Looked at once: it would take longer to read than
    /// to write.
    fn check(&self) -> Result<()> {
        let body = memmem::find(&self.heard, b"\r\n\r\n").map(|end| &self.heard[end + 4..]);
        let page: MessagePage = serde_json::from_slice(body.unwrap_or_default())?;
        let seqs = page.messages.iter().map(|message| message.seq.0);
        let first = page.messages.first().map_or(0, |message| message.seq.0);
        let is_page = page.messages.len() == PAGE_DEFAULT as usize && seqs.eq(first..first + 50);
        ensure!(is_page, "that is not a page of {PAGE_DEFAULT} messages");
        Ok(())
    }
}

impl fmt::Display for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, connections, per_s, latency, .. } = self;
        writeln!(f, "{connections} connections read pages of a room of {messages} messages")?;
        writeln!(f, "  reads/s        {per_s:.0}")?;
        writeln!(f, "  latency        {latency}")?;
        for (name, taken) in [("server", self.server.as_ref()), ("client", Some(&self.client))] {
            if let Some(Taken { cores, rss_mib, .. }) = taken {
                writeln!(f, "  {name:<14} {:.0} % of a core, {rss_mib:.1} MiB", cores * 100.0)?;
            }
        }
        Ok(())
    }
}
