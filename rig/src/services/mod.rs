//! Real services in processes of their own, which a run can kill, pause and disconnect.
//!
//! A run uses no resources that others use: it creates temporary directories and network
//! namespaces, and chooses free ports. Dropping a value ends its process or removes its directory
//! or namespace.

mod clock;
mod data_templates;
mod disk;
mod hallway;
mod mariadb;
mod network;
mod postgres;
mod process;
mod program;
mod proxy;
mod redis;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use futures_util::future::BoxFuture;

pub use clock::Clock;
pub use disk::SmallDisk;
pub use hallway::{Hallway, ServerOptions, session_key};
pub use mariadb::MariaDb;
pub use network::{Link, Namespace};
pub use postgres::Postgres;
pub use process::{Exit, Process, Usage, raise_file_limit};
pub use program::{Program, find_program};
pub use proxy::Proxy;
pub use redis::Redis;

/// The default of [`Service::ready_timeout`].
const READY_TIMEOUT: Duration = Duration::from_secs(30);
const HEALTH_CHECK_TIMEOUT: Duration = Duration::from_secs(2);
const HEALTH_CHECK_INTERVAL: Duration = Duration::from_millis(2);

/// A service that runs in a process of its own.
pub trait Service: Send + Sync {
    fn process(&self) -> &Process;

    /// Succeeds if the service handles requests.
    fn health_check(&self) -> BoxFuture<'_, Result<()>>;

    /// How long the service may take until it is ready.
    fn ready_timeout(&self) -> Duration {
        READY_TIMEOUT
    }

    /// The process id; `None` once the process has ended.
    fn pid(&self) -> Option<u32> {
        self.process().pid()
    }

    /// Sends SIGKILL and waits until the process has ended.
    fn kill(&self) -> Result<()> {
        self.process().kill()
    }

    /// Sends SIGSTOP: connections stay open, but the service does nothing.
    fn pause(&self) -> Result<()> {
        self.process().pause()
    }

    /// Sends SIGCONT.
    fn resume(&self) -> Result<()> {
        self.process().resume()
    }

    /// Starts an ended service again with the same address and data, and returns the time until it
    /// was ready.
    fn restart(&self) -> BoxFuture<'_, Result<Duration>> {
        Box::pin(async {
            self.process().start_again()?;
            self.wait_until_ready().await
        })
    }

    /// Waits for a successful health check and returns the time it took. Fails after the ready
    /// timeout, and at once if the process has ended.
    fn wait_until_ready(&self) -> BoxFuture<'_, Result<Duration>> {
        Box::pin(async {
            let started = Instant::now();
            loop {
                let check = tokio::time::timeout(HEALTH_CHECK_TIMEOUT, self.health_check()).await;
                let (name, log) = (self.process().name(), || self.process().log_tail());
                match check.unwrap_or_else(|_| bail!("the health check timed out")) {
                    Ok(()) => return Ok(started.elapsed()),
                    Err(_) if self.pid().is_none() => bail!("{name} has ended: {}", log()),
                    Err(error) if started.elapsed() > self.ready_timeout() => {
                        return Err(error)
                            .with_context(|| format!("{name} is not ready: {}", log()));
                    }
                    Err(_) => tokio::time::sleep(HEALTH_CHECK_INTERVAL).await,
                }
            }
        })
    }
}

/// A database server.
pub trait DatabaseServer: Service {
    /// The `DATABASE_URL` of a database, for clients that reach the server at `address`.
    fn url_via(&self, address: IpAddr, database: &str) -> String;

    /// The `DATABASE_URL` of a database.
    fn url(&self, database: &str) -> String;

    /// Creates an empty database. The name consists of letters, digits and `_`.
    fn create_database<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>>;
}

/// The address at which a service runs, and its network namespace.
#[derive(Clone, Debug)]
pub struct Host {
    address: IpAddr,
    /// The name of the namespace; `None` is that of the rig.
    namespace: Option<String>,
}

impl Host {
    /// 127.0.0.1 in the rig's network namespace.
    pub fn local() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), namespace: None }
    }

    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// An unused address to listen on. The port is below the ephemeral range, because an outgoing
    /// connection could take an ephemeral port while its server is down, or connect to itself.
    pub fn free_address(&self) -> Result<SocketAddr> {
        (0..1_000)
            .map(|_| SocketAddr::new(self.address, fastrand::u16(10_000..30_000)))
            .find(|address| self.namespace.is_some() || TcpListener::bind(address).is_ok())
            .with_context(|| format!("no port is free at {}", self.address))
    }

    /// The address that a service must bind, so that clients reach it over every link into the
    /// namespace.
    fn bind_address(&self) -> IpAddr {
        match self.namespace {
            Some(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            None => self.address,
        }
    }
}

/// A directory that is removed when the value is dropped.
fn temp_dir() -> Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new().prefix("rig-").tempdir()?)
}

/// Fails if a name has characters that statements would have to escape.
fn check_database_name(name: &str) -> Result<()> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || !is_plain {
        bail!("{name:?} is not a valid database name: use letters, digits and _ only");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
