//! The load of REST reads over persistent connections. Each connection sends its next request right
//! after a response.

use std::{
    cell::{Cell, RefCell},
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use shared::{
    ids::{RoomId, Seq},
    messages::{Anchor, MessagePage},
    paths,
    rules::PAGE_DEFAULT,
    search::Hits,
};

use super::{
    client::counters::{Histogram, new_histogram},
    drive::{Latency, ResourceUse},
    runtime::{block_on, check_interrupt},
    setup::Setup,
};
use crate::services::{Usage, raise_file_limit};

/// The number of hits that a search requests.
pub const HITS: usize = 20;
/// Open files besides the connections.
const OTHER_FILES: usize = 200;

/// The requests of the connections.
#[derive(Clone, Debug)]
pub enum Query {
    /// Random pages of 50 messages in a room with this many messages.
    Page(RoomId, i64),
    /// Random ones of these searches; each must have at least this many hits.
    Search(Vec<String>, usize),
}

impl Query {
    fn request(&self, client: &Client, setup: &Setup, token: &str) -> RequestBuilder {
        let get = |path: &str| client.get(format!("http://{}{path}", setup.address));
        let request = match self {
            Self::Page(room, messages) => {
                let page = PAGE_DEFAULT as i64;
                let last = Anchor::Seq(Seq(fastrand::i64(page..=*messages)));
                let path = paths::fill(paths::MESSAGES, &[room]);
                get(&format!("{path}?anchor={last}&before={}", page - 1))
            }
            Self::Search(searches, _) => {
                let search = &searches[fastrand::usize(..searches.len())];
                get(paths::SEARCH).query(&[("before", HITS.to_string().as_str()), ("q", search)])
            }
        };
        request.bearer_auth(token)
    }

    fn check_response(&self, body: &[u8]) -> Result<()> {
        match self {
            Self::Page(..) => {
                let page: MessagePage = serde_json::from_slice(body)?;
                let seqs = page.messages.iter().map(|message| message.seq.0);
                let first = page.messages.first().map_or(0, |message| message.seq.0);
                let is_page = page.messages.len() == PAGE_DEFAULT as usize
                    && seqs.eq(first..first + PAGE_DEFAULT as i64);
                ensure!(is_page, "the response is not a page of {PAGE_DEFAULT} messages");
            }
            Self::Search(_, min_hits) => {
                let hits: Hits = serde_json::from_slice(body)?;
                let count = hits.hits.len();
                ensure!(count >= *min_hits, "{count} hits instead of {min_hits} at least");
                ensure!(hits.hits.iter().all(|hit| !hit.ranges.is_empty()), "a hit has no ranges");
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
pub struct ReadLoad {
    pub connections: usize,
    pub warm_up: Duration,
    pub measured: Duration,
}

#[derive(Clone, Debug, Serialize)]
pub struct ReadResult {
    pub connections: usize,
    /// Responses a second.
    pub per_s: f64,
    /// From the request to the end of the response.
    pub latency: Latency,
    pub server: Option<ResourceUse>,
    /// The rig's process. Near one core, the load generator is the bottleneck.
    pub client: ResourceUse,
}

impl ReadLoad {
    /// Reads as a subscriber of a room; `room` is an index into the fixture's rooms.
    pub fn run(&self, setup: &Setup, room: usize, query: &Query) -> Result<ReadResult> {
        raise_file_limit(self.connections + OTHER_FILES)?;
        let client = Client::builder().no_proxy().tcp_nodelay(true).build()?;
        let token = setup.fixture.subscriber_token(room, 0);
        let (latency_us, is_checked) = (RefCell::new(new_histogram()), Cell::new(false));
        let connection = async |deadline: Instant| {
            while Instant::now() < deadline {
                check_interrupt()?;
                let started = Instant::now();
                let response = query.request(&client, setup, token).send().await?;
                let body = response.error_for_status()?.bytes().await?;
                record(&latency_us, started.elapsed());
                // Only the first response is checked, because decoding takes the client longer than
                // encoding takes the server.
                if !is_checked.replace(true) {
                    query.check_response(&body)?;
                }
            }
            anyhow::Ok(())
        };
        let read_until = |deadline: Instant| {
            block_on(try_join_all((0..self.connections).map(|_| connection(deadline))))
        };
        let usage = || anyhow::Ok((setup.usage()?, Usage::of(std::process::id())?));
        read_until(Instant::now() + self.warm_up)?;
        latency_us.borrow_mut().reset();
        let (started, before) = (Instant::now(), usage()?);
        read_until(started + self.measured)?;
        let (elapsed, after) = (started.elapsed(), usage()?);
        let between = |before, after| ResourceUse::between(before, after, elapsed, 0);
        let latency_us = latency_us.borrow();
        Ok(ReadResult {
            connections: self.connections,
            per_s: latency_us.len() as f64 / elapsed.as_secs_f64(),
            latency: (&*latency_us).into(),
            server: before.0.zip(after.0).map(|(before, after)| between(before, after)),
            client: between(before.1, after.1),
        })
    }
}

fn record(latency_us: &RefCell<Histogram>, latency: Duration) {
    latency_us.borrow_mut().saturating_record(latency.as_micros() as u64);
}

impl fmt::Display for ReadResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, per_s, latency, .. } = self;
        writeln!(f, "{connections} connections")?;
        writeln!(f, "  reads/s        {per_s:.0}")?;
        writeln!(f, "  latency        {latency}")?;
        for (name, used) in [("server", self.server.as_ref()), ("client", Some(&self.client))] {
            if let Some(ResourceUse { cores, rss_mib, .. }) = used {
                writeln!(f, "  {name:<14} {:.0} % of a core, {rss_mib:.1} MiB", cores * 100.0)?;
            }
        }
        Ok(())
    }
}
