//! Authenticated reads by REST, over connections that stay, each asking again as soon as it is
//! answered.

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

use super::{
    client::tally::histogram,
    ground::{
        Ground, interrupt,
        resources::{Usage, raise_file_limit},
    },
    questions::Question,
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
    /// Connections that ask.
    pub connections: usize,
    /// Answers a second.
    pub per_s: f64,
    /// From asking to the whole answer.
    pub latency: Latency,
    /// The server.
    pub server: Option<Taken>,
    /// This process: near one core, the figures are its own.
    pub client: Taken,
}

impl Reading {
    /// Asks, as somebody who is in the `nth` room.
    pub fn run(&self, ground: &Ground, nth: usize, question: Question) -> Result<Reads> {
        raise_file_limit(self.connections + OTHER_FILES)?;
        let token = ground.stage.listener(nth, 0);
        let asked = Asked { address: ground.target.address, question, token };
        let mut readers = Readers::open(asked, self.connections)?;
        readers.until(Instant::now() + self.warm_up)?;
        readers.begin();
        let (began, before) = (Instant::now(), (ground.target.usage()?, Usage::ours()?));
        readers.until(began + self.measured)?;
        let (apart, after) = (began.elapsed(), (ground.target.usage()?, Usage::ours()?));
        let taken = |before, after| Taken::between(before, after, apart, 0);
        Ok(Reads {
            connections: self.connections,
            per_s: readers.answers as f64 / apart.as_secs_f64(),
            latency: (&readers.latency_us).into(),
            server: before.0.zip(after.0).map(|(before, after)| taken(before, after)),
            client: taken(before.1, after.1),
        })
    }
}

/// What is asked for.
struct Asked<'a> {
    address: SocketAddr,
    question: Question,
    token: &'a str,
}

impl Asked<'_> {
    fn request(&self) -> String {
        let (path, host, token) = (self.question.path(), self.address, self.token);
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n")
    }
}

struct Readers<'a> {
    asked: Asked<'a>,
    poll: Poll,
    readers: Vec<Reader>,
    buffer: Vec<u8>,
    answers: u64,
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
        Ok(Self { asked, poll, readers, buffer, answers: 0, latency_us, is_checked: false })
    }

    fn begin(&mut self) {
        self.answers = 0;
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
                self.answers += 1;
                self.latency_us.saturating_record(reader.since.elapsed().as_micros() as u64);
                // Only once: it takes longer to read than to write.
                if !self.is_checked {
                    self.asked.question.check(reader.body())?;
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

    fn body(&self) -> &[u8] {
        let end = memmem::find(&self.heard, b"\r\n\r\n");
        end.map_or(&[], |end| &self.heard[end + 4..])
    }
}

impl fmt::Display for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, per_s, latency, .. } = self;
        writeln!(f, "{connections} connections")?;
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
