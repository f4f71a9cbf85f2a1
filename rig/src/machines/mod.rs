//! Processes of our own, that can be killed, paused and cut off.
//!
//! Everything here is private to the run: temporary folders, free ports, and namespaces that the
//! run makes. It all ends with the values that stand for it.

mod clock;
mod disk;
mod hallway;
mod mariadb;
mod network;
mod postgres;
mod process;
mod program;
mod proxy;
mod redis;
mod templates;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use futures_util::future::BoxFuture;

pub use clock::Clock;
pub use disk::SmallDisk;
pub use hallway::{Hallway, Options, session_key};
pub use mariadb::MariaDb;
pub use network::{Link, Namespace};
pub use postgres::Postgres;
pub use process::{Exit, Process};
pub use program::Program;
pub use proxy::Proxy;
pub use redis::Redis;

/// How long a service may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks whether it does.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A service that runs in a process of its own.
pub trait Machine: Send + Sync {
    /// The process.
    fn process(&self) -> &Process;

    /// Whether it does its work, asked once.
    fn answers(&self) -> BoxFuture<'_, Result<()>>;

    /// The process number, for `/proc`; none once it has ended.
    fn pid(&self) -> Option<u32> {
        self.process().pid()
    }

    /// `kill -9`; returns when it is gone.
    fn kill(&self) -> Result<()> {
        self.process().kill()
    }

    /// SIGSTOP: connections stay open, nothing moves.
    fn pause(&self) -> Result<()> {
        self.process().pause()
    }

    /// SIGCONT.
    fn resume(&self) -> Result<()> {
        self.process().resume()
    }

    /// Starts it again, at the same address and with the same data, once it has ended or was
    /// killed; waits until it answers. The answer is how long that took.
    fn restart(&self) -> BoxFuture<'_, Result<Duration>> {
        Box::pin(async {
            self.process().start_again()?;
            self.ready().await
        })
    }

    /// Waits until it answers (30 s at most): how long that took. Fails at once if it has ended.
    fn ready(&self) -> BoxFuture<'_, Result<Duration>> {
        Box::pin(async {
            let began = Instant::now();
            loop {
                let asked = tokio::time::timeout(Duration::from_secs(2), self.answers()).await;
                let name = self.process().name();
                match asked.unwrap_or_else(|_| bail!("no answer in time")) {
                    Ok(()) => return Ok(began.elapsed()),
                    Err(_) if self.pid().is_none() => {
                        bail!("{name} has ended: {}", self.process().last_words())
                    }
                    Err(error) if began.elapsed() > READY_WITHIN => {
                        let words = self.process().last_words();
                        return Err(error).with_context(|| format!("{name} is not ready: {words}"));
                    }
                    Err(_) => tokio::time::sleep(LOOK_EVERY).await,
                }
            }
        })
    }
}

/// A database server on a machine of its own.
pub trait DatabaseServer: Machine {
    /// Where the database of this name is, as `DATABASE_URL` takes it.
    fn url(&self, database: &str) -> String;

    /// The same as seen over another link.
    fn url_over(&self, address: IpAddr, database: &str) -> String;

    /// Makes an empty database; the name takes letters, digits and `_`.
    fn create_database<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>>;
}

/// Where a machine runs: an address, and whose network it belongs to.
#[derive(Clone, Debug)]
pub struct Place {
    pub(super) address: IpAddr,
    pub(super) namespace: Option<String>,
}

impl Place {
    /// Here, on 127.0.0.1.
    pub fn local() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), namespace: None }
    }

    /// The address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// An address to listen on at which nobody does. Its port is below those from which connections
    /// go out: one of those could be taken while its server is down, or connect to itself.
    pub fn free(&self) -> Result<SocketAddr> {
        (0..1_000)
            .map(|_| SocketAddr::new(self.address, fastrand::u16(10_000..30_000)))
            .find(|address| self.namespace.is_some() || TcpListener::bind(address).is_ok())
            .with_context(|| format!("no port is free at {}", self.address))
    }

    /// What to listen on so that every link into the place leads there.
    fn wildcard(&self) -> IpAddr {
        match self.namespace {
            Some(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            None => self.address,
        }
    }
}

/// A folder that is gone with the value.
fn folder() -> Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new().prefix("rig-").tempdir()?)
}

/// A database's name is put into a statement as it is.
fn check_name(name: &str) -> Result<()> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || !is_plain {
        bail!("{name:?} is no name for a database: letters, digits and _ only");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
