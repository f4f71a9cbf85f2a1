//! A Hallway server.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};
use futures_util::future::BoxFuture;

use super::{Exit, Machine, Place, Process, Program};

/// How long it may take to end when it is asked to, as a supervisor would wait.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// How a Hallway server is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder.
    pub data: PathBuf,
    /// The file that what it says goes to.
    pub log: PathBuf,
    /// The database, if it is not the one in the data folder.
    pub database_url: Option<String>,
    /// The Redis between nodes.
    pub redis_url: Option<String>,
    /// Where it runs.
    pub place: Place,
    /// Where it listens, if not on some free port.
    pub listen: Option<SocketAddr>,
    /// The key that signs sessions, the same on all nodes of a cluster; see [`session_key`].
    pub session_key: Option<String>,
    /// Further variables.
    pub env: Vec<(String, String)>,
}

impl Options {
    /// One node with the database in its data folder, on a free port here. What it says goes to a
    /// file beside that folder.
    pub fn new(data: &Path) -> Self {
        let mut log = data.as_os_str().to_owned();
        log.push(".log");
        Self {
            data: data.to_owned(),
            log: log.into(),
            database_url: None,
            redis_url: None,
            place: Place::local(),
            listen: None,
            session_key: None,
            env: Vec::new(),
        }
    }
}

/// A Hallway server of our own.
pub struct Hallway {
    process: Process,
    address: SocketAddr,
    http: reqwest::Client,
}

impl Hallway {
    /// Starts the program `binary` and waits until it is ready (`/health/ready` says 200).
    pub async fn start(binary: &Path, options: Options) -> Result<Self> {
        let address = match options.listen {
            Some(address) => address,
            None => options.place.free()?,
        };
        let listen = SocketAddr::new(options.place.wildcard(), address.port());
        let mut program = Program::new(binary.to_owned()).at(&options.place).arg("serve");
        let ours = std::env::vars().map(|(name, _)| name);
        let sways = |name: &String| {
            (name.starts_with("HALLWAY_") && name != "HALLWAY_FAULT")
                || name == "DATABASE_URL"
                || name == "REDIS_URL"
        };
        program = ours.filter(sways).fold(program, Program::forget);
        program = program.env("HALLWAY_DATA", &options.data);
        program = program.env("HALLWAY_LISTEN", listen.to_string()).env("HALLWAY_LOG", "info");
        let settings = [
            ("DATABASE_URL", options.database_url),
            ("REDIS_URL", options.redis_url),
            ("HALLWAY_SESSION_KEY", options.session_key),
        ];
        for (name, value) in settings {
            program = value.into_iter().fold(program, |program, value| program.env(name, value));
        }
        program =
            options.env.iter().fold(program, |program, (name, value)| program.env(name, value));
        let process = Process::start(program, options.log)?;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
        let server = Self { process, address, http };
        server.ready().await?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGTERM; waits for its end (30 s at most).
    pub async fn terminate(&self) -> Result<Exit> {
        self.process.terminate(ENDS_WITHIN).await
    }
}

impl Machine for Hallway {
    fn process(&self) -> &Process {
        &self.process
    }

    fn answers(&self) -> BoxFuture<'_, Result<()>> {
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
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // 43 digits hold 258 bits: the last two are none of the 256.
    let digit = |at: usize| DIGITS[fastrand::usize(..64) & if at == 42 { !3 } else { !0 }] as char;
    (0..43).map(digit).chain(['=']).collect()
}
