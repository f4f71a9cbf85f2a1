//! Limits of open connections: in total, as many as the process may have files open, and per client
//! network, so that one client leaves room for the others.

use std::{
    collections::HashMap,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::{Settings, http::client_address::network_of};

/// Files that are neither connections of clients nor of the database: standard streams, the listener,
/// the runtime, Redis, the web app of a debug build.
const OTHER_FILES: usize = 48;
/// Open files per connection of the reader pool, with those of the other pools: SQLite opens the database
/// and its write-ahead log for each connection.
const FILES_PER_DATABASE_CONNECTION: usize = 4;
/// The maximum number of connections however many files may be open, because each takes memory.
const CONNECTIONS_MAX: usize = 250_000;
/// The default of the connections per network: an office behind one address has fewer, and the bodies
/// of so many requests fit into memory.
const PER_NETWORK_DEFAULT: usize = 4_096;
/// The number of connections above the limit that are accepted to answer health checks and to tell
/// other clients to come back later.
const SURPLUS_CONNECTIONS: usize = 64;
/// How many of them one network may have.
const SURPLUS_PER_NETWORK: usize = 32;

/// Counts open connections, in total and per client network. Cheap to clone.
#[derive(Clone)]
pub struct ConnectionLimits(Arc<Inner>);

struct Inner {
    max: usize,
    max_per_network: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// The right to one connection; dropping it gives the place to others.
pub struct ConnectionPermit {
    limits: ConnectionLimits,
    network: Option<IpAddr>,
}

impl ConnectionLimits {
    pub fn new(max: usize, max_per_network: usize) -> Self {
        Self(Arc::new(Inner { max, max_per_network, open: Mutex::default() }))
    }

    /// The limits of this process, and those of the connections above them.
    pub fn for_process(settings: &Settings) -> (Self, Self) {
        let files = raise_file_limit();
        let max = max_connections(files, settings.storage.database_connections as usize);
        let default = PER_NETWORK_DEFAULT.min(max / 2).max(1);
        let max_per_network = settings.connections_per_address.map_or(default, |max| max as usize);
        tracing::info!(files, connections = max, per_address = max_per_network, "limits");
        (Self::new(max, max_per_network), Self::new(SURPLUS_CONNECTIONS, SURPLUS_PER_NETWORK))
    }

    /// The same limits with counts of their own.
    pub fn separate(&self) -> Self {
        Self::new(self.0.max, self.0.max_per_network)
    }

    /// Counts a connection until the permit is dropped; `None` if a limit is reached. Without an
    /// address only the total counts.
    pub fn acquire(&self, address: Option<IpAddr>) -> Option<ConnectionPermit> {
        let network = address.map(network_of);
        let mut open = self.open();
        if !self.0.has_room(&open, network) {
            return None;
        }
        open.total += 1;
        if let Some(network) = network {
            *open.by_network.entry(network).or_default() += 1;
        }
        drop(open);
        Some(ConnectionPermit { limits: self.clone(), network })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// While more than three quarters of all places are taken, no network gets more than an equal
    /// share of them, so that the network with the most connections gives way.
    fn has_room(&self, open: &Open, network: Option<IpAddr>) -> bool {
        if open.total >= self.max {
            return false;
        }
        let Some(network) = network else { return true };
        let own = open.by_network.get(&network).copied().unwrap_or_default();
        let networks = open.by_network.len() + usize::from(own == 0);
        let is_crowded = open.total >= self.max - self.max / 4;
        own < self.max_per_network && (!is_crowded || (own + 1) * networks <= self.max)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.limits.open();
        open.total -= 1;
        if let Some(network) = self.network
            && let Some(own) = open.by_network.get_mut(&network)
        {
            *own -= 1;
            if *own == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

/// A response body that counts as a connection until it is sent.
pub struct WithPermit {
    body: Body,
    _permit: ConnectionPermit,
}

impl WithPermit {
    pub fn new(body: Body, permit: ConnectionPermit) -> Self {
        Self { body, _permit: permit }
    }
}

impl HttpBody for WithPermit {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The maximum number of connections of clients: what the limit of open files leaves after our own
/// files, but at least a quarter of it.
fn max_connections(files: usize, database_connections: usize) -> usize {
    let database = FILES_PER_DATABASE_CONNECTION * database_connections;
    let reserved = OTHER_FILES + SURPLUS_CONNECTIONS + database;
    files.saturating_sub(reserved).max(files / 4).min(CONNECTIONS_MAX)
}

/// Raises the limit of open files to the highest that the system allows this process, and returns it.
/// The usual default is 1024, which a single client could use up.
#[cfg(unix)]
fn raise_file_limit() -> usize {
    use nix::sys::resource::{Resource::RLIMIT_NOFILE, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(RLIMIT_NOFILE) else { return 1_024 };
    // Fails on macOS if the hard limit is "unlimited"; then the soft limit stays.
    let limit = setrlimit(RLIMIT_NOFILE, hard, hard).map_or(soft, |()| hard);
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Other systems count no connections as files.
#[cfg(not(unix))]
fn raise_file_limit() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(last: u8) -> Option<IpAddr> {
        Some([192, 0, 2, last].into())
    }

    #[test]
    fn a_network_has_a_limit_and_gets_its_places_back() {
        let limits = ConnectionLimits::new(100, 3);
        let permits: Vec<_> = (0..3).map(|_| limits.acquire(v4(1)).unwrap()).collect();
        assert!(limits.acquire(v4(1)).is_none());
        assert!(limits.acquire(v4(2)).is_some());
        drop(permits);
        assert!(limits.acquire(v4(1)).is_some());
        assert!(limits.open().by_network.is_empty());
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_count_as_one() {
        let limits = ConnectionLimits::new(100, 3);
        let v6 = |last| Some([0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into());
        let _permits: Vec<_> = (0..3).map(|last| limits.acquire(v6(last)).unwrap()).collect();
        assert!(limits.acquire(v6(9)).is_none());
    }

    #[test]
    fn a_crowded_server_has_room_for_networks_with_few_connections() {
        let limits = ConnectionLimits::new(100, 100);
        let mut permits = Vec::new();
        permits.extend(std::iter::from_fn(|| limits.acquire(v4(1))));
        assert_eq!(permits.len(), 100, "a network alone may use all places");
        permits.truncate(80);
        let others = (2..10).filter_map(|last| limits.acquire(v4(last))).collect::<Vec<_>>();
        assert_eq!(others.len(), 8);
        assert!(limits.acquire(v4(1)).is_none(), "the largest network gives way");
        assert!(limits.acquire(v4(2)).is_some());
    }

    #[test]
    fn any_limit_of_open_files_leaves_connections() {
        for (files, expected) in [
            (256, 112),
            (1_024, 880),
            (524_288, CONNECTIONS_MAX),
            (1_048_576, CONNECTIONS_MAX),
            (usize::MAX, CONNECTIONS_MAX),
        ] {
            assert_eq!(max_connections(files, 8), expected, "{files}");
        }
        assert_eq!(max_connections(256, 1_000), 64);
    }

    #[test]
    fn without_an_address_only_the_total_counts() {
        let limits = ConnectionLimits::new(10, 1);
        let permits: Vec<_> = std::iter::from_fn(|| limits.acquire(None)).collect();
        assert_eq!(permits.len(), 10);
    }
}
