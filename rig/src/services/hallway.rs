//! A Hallway server in a process of its own.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::future::BoxFuture;

use super::{Exit, Host, Process, Program, READY_TIMEOUT, Service};

/// How long the server may take to end after SIGTERM, as with a process supervisor.
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(30);

/// The configuration of a Hallway server.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The data directory.
    pub data: PathBuf,
    /// The file that receives standard output and standard error.
    pub log: PathBuf,
    /// The `DATABASE_URL`; `None` uses the SQLite file in the data directory.
    pub database_url: Option<String>,
    /// The `REDIS_URL` of the Redis server that connects the nodes.
    pub redis_url: Option<String>,
    pub host: Host,
    /// The address at which the server listens; `None` chooses a free port of `host`.
    pub listen: Option<SocketAddr>,
    /// The key that signs sessions, the same on all nodes of a cluster; see [`session_key`].
    pub session_key: Option<String>,
    /// The only processor core that the server may use.
    pub core: Option<usize>,
    pub ready_timeout: Duration,
    /// Further environment variables.
    pub env: Vec<(String, String)>,
}

impl ServerOptions {
    /// A single local node on SQLite. Its log file lies beside the data directory.
    pub fn new(data: &Path) -> Self {
        let mut log = data.as_os_str().to_owned();
        log.push(".log");
        Self {
            data: data.to_owned(),
            log: log.into(),
            database_url: None,
            redis_url: None,
            host: Host::local(),
            listen: None,
            session_key: None,
            core: None,
            ready_timeout: READY_TIMEOUT,
            env: Vec::new(),
        }
    }
}

/// A running Hallway server.
pub struct Hallway {
    process: Process,
    address: SocketAddr,
    ready_timeout: Duration,
    http: reqwest::Client,
}

impl Hallway {
    /// Starts the program `binary` and waits until `/health/ready` answers 200.
    pub async fn start(binary: &Path, options: ServerOptions) -> Result<Self> {
        let address = match options.listen {
            Some(address) => address,
            None => options.host.free_address()?,
        };
        let ready_timeout = options.ready_timeout;
        let listen = SocketAddr::new(options.host.bind_address(), address.port());
        let settings = [
            ("DATABASE_URL", options.database_url),
            ("REDIS_URL", options.redis_url),
            ("HALLWAY_SESSION_KEY", options.session_key),
        ];
        let settings = settings.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
        let env = settings.chain(options.env);
        let program = std::env::vars()
            .map(|(name, _)| name)
            .filter(|name| configures_server(name))
            .fold(Program::new(binary.to_owned()), Program::env_remove)
            .on_host(&options.host)
            .on_core(options.core)
            .arg("serve")
            .env("HALLWAY_DATA", &options.data)
            .env("HALLWAY_LISTEN", listen.to_string())
            // The load comes from a few accounts, some with thousands of sockets, and from one address.
            .env("HALLWAY_NEW_ACCOUNT_HOURS", "0")
            .env("HALLWAY_MESSAGES_PER_SECOND", "1000000")
            .env("HALLWAY_SIGN_UPS_PER_HOUR", "1000000")
            .env("HALLWAY_CONNECTIONS_PER_ADDRESS", "1000000")
            .env("HALLWAY_SOCKETS_PER_ACCOUNT", "1000000")
            .env("HALLWAY_LOG", "info");
        let program =
            env.fold(program, |program, (name, value): (String, _)| program.env(name, value));
        let process = Process::start(program, options.log)?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        let server = Self { process, address, ready_timeout, http };
        server.wait_until_ready().await?;
        Ok(server)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends SIGTERM and waits at most 30 s for the process to end.
    pub async fn terminate(&self) -> Result<Exit> {
        self.process.terminate(TERMINATE_TIMEOUT).await
    }
}

/// Whether a variable of the rig's environment configures servers, so that the server must not
/// inherit it. `HALLWAY_FAULT` is inherited, because it selects the deliberate fault of a mutant.
fn configures_server(name: &str) -> bool {
    (name.starts_with("HALLWAY_") && name != "HALLWAY_FAULT")
        || matches!(name, "DATABASE_URL" | "REDIS_URL")
}

impl Service for Hallway {
    fn process(&self) -> &Process {
        &self.process
    }

    fn ready_timeout(&self) -> Duration {
        self.ready_timeout
    }

    fn health_check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let url = format!("http://{}/health/ready", self.address);
            let status = self.http.get(url).send().await?.status();
            ensure!(status.is_success(), "it answers {status}");
            Ok(())
        })
    }
}

/// A random key for sessions: 32 bytes in base64.
pub fn session_key() -> String {
    BASE64_STANDARD.encode(std::array::from_fn::<u8, 32, _>(|_| fastrand::u8(..)))
}
