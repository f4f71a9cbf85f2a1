//! Everything that can be set, as flags and in the environment. A secret never shows in `Debug`.

use std::{fmt, net::SocketAddr, path::PathBuf};

use clap::Args;

/// Where everything is kept: what every command needs.
#[derive(Clone, Debug, Args)]
pub struct Storage {
    /// Folder of the database and of the key that signs sessions; made if it is not there.
    #[arg(long, env = "HALLWAY_DATA", default_value = "./data")]
    pub data: PathBuf,

    /// Database to use: `sqlite://PATH?mode=rwc`, `mysql://USER:PASSWORD@HOST/NAME` (MySQL,
    /// MariaDB) or `postgres://USER:PASSWORD@HOST/NAME`. [default: hallway.sqlite in the data
    /// folder]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<Secret>,

    /// Connections to the database at most for reading, and as many for writing, of which SQLite
    /// has always one (2 to 1000). A database server must allow twice that for each node.
    #[arg(long, env = "HALLWAY_DATABASE_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub database_connections: u32,
}

impl Storage {
    /// Where the rows are.
    pub fn database_url(&self) -> String {
        let sqlite = || crate::tables::sqlite_url(&self.data);
        self.database_url.as_ref().map_or_else(sqlite, |url| url.0.clone())
    }
}

/// How the server runs.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(long, env = "HALLWAY_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,

    #[command(flatten)]
    pub storage: Storage,

    /// Redis by which several nodes on one database tell each other what happens at once:
    /// `redis://HOST`, `redis-sentinel://..` or `redis-cluster://..`. Without it (or while it is
    /// away) they look into the database four times a second.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<Secret>,

    /// Address that people open, such as https://chat.example.org, where a proxy stands before the
    /// server: requests from that origin are its own, and with https cookies are `Secure`.
    #[arg(long, env = "HALLWAY_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// Header in which a trusted proxy gives the client's address, such as X-Forwarded-For (of a
    /// list, the last counts). Set it only behind a proxy that overwrites or appends to it.
    #[arg(long, env = "HALLWAY_CLIENT_IP_HEADER")]
    pub client_ip_header: Option<String>,

    /// Key that signs sessions, 32 bytes in base64. [default: a random one in the data folder]
    #[arg(long, env = "HALLWAY_SESSION_KEY", hide_env_values = true)]
    pub session_key: Option<Secret>,

    /// Days after which a sign-in ends (1 to 3650).
    #[arg(long, env = "HALLWAY_SESSION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub session_days: u32,

    /// Failed sign-ins that one account may have in five minutes before it has to wait; one address
    /// may have ten times as many.
    #[arg(long, env = "HALLWAY_LOGIN_ATTEMPTS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub login_attempts: u32,

    /// What to log, in the syntax of tracing-subscriber's EnvFilter, such as `info,hallway=debug`.
    #[arg(long, env = "HALLWAY_LOG", default_value = "info")]
    pub log: String,
}

impl Settings {
    /// The origin that people see, such as `https://chat.example.org`, without a path.
    pub fn public_origin(&self) -> Option<&str> {
        let url = self.public_url.as_deref()?;
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let end = url[after_scheme..].find('/').map_or(url.len(), |at| after_scheme + at);
        Some(&url[..end])
    }

    /// Whether people come by https, so that cookies can insist on it.
    pub fn is_https(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret(pub String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
