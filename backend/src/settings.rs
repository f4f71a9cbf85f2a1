//! Configuration by command-line flags and environment variables.

use std::{fmt, net::SocketAddr, path::PathBuf};

use clap::Args;
use url::Url;

/// The settings of every command.
#[derive(Clone, Debug, Args)]
pub struct Storage {
    /// Folder of the SQLite database and the session key; created if missing.
    #[arg(long, env = "HALLWAY_DATA", default_value = "./data")]
    pub data: PathBuf,

    /// Database to use: `sqlite://PATH?mode=rwc`, `mysql://USER:PASSWORD@HOST/NAME` (MySQL,
    /// MariaDB) or `postgres://USER:PASSWORD@HOST/NAME`. [default: hallway.sqlite in the data
    /// folder]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<Secret>,

    /// Maximum number of database connections for reading, again for writing, and half as many for
    /// searches (2 to 1000). SQLite always has one for writing. A database server must allow two and a
    /// half times this number per node, and two more at its start.
    #[arg(long, env = "HALLWAY_DATABASE_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub database_connections: u32,
}

impl Storage {
    pub fn database_url(&self) -> String {
        let sqlite = || crate::tables::sqlite_url(&self.data);
        self.database_url.as_ref().map_or_else(sqlite, |url| url.0.clone())
    }
}

/// The settings of `hallway serve`.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(long, env = "HALLWAY_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,

    #[command(flatten)]
    pub storage: Storage,

    /// Redis that connects several nodes on one database: `redis://HOST`, `redis-sentinel://..` or
    /// `redis-cluster://..`. Without it, or while it is down, nodes poll the database four times a
    /// second.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<Secret>,

    /// URL under which users reach the server through a proxy, such as https://chat.example.org.
    /// Requests from this origin are accepted, and those for another host are refused, except for
    /// loopback names. Cookies are `Secure` if it is https.
    #[arg(long, env = "HALLWAY_PUBLIC_URL", value_parser = parse_public_url)]
    pub public_url: Option<Url>,

    /// Header with the client's address, such as X-Forwarded-For (the last address of a list). Set
    /// it only behind a proxy that overwrites the header or appends to it.
    #[arg(long, env = "HALLWAY_CLIENT_IP_HEADER")]
    pub client_ip_header: Option<String>,

    /// Key that signs session tokens, 32 bytes in base64. [default: a random one in the data folder]
    #[arg(long, env = "HALLWAY_SESSION_KEY", hide_env_values = true)]
    pub session_key: Option<Secret>,

    /// Days after which a session expires (1 to 3650).
    #[arg(long, env = "HALLWAY_SESSION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub session_days: u32,

    /// Failed logins allowed in five minutes from an address to an account; ten times as many from an
    /// address to all accounts. All addresses and devices from which nobody signed in to an account
    /// before have twenty times as many together in an hour.
    #[arg(long, env = "HALLWAY_LOGIN_ATTEMPTS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub login_attempts: u32,

    /// Messages that one account may post or edit per second for as long as it likes (1 to 1000000);
    /// ten times as many at once. On average a message may have 4 KiB. Ten times as many other
    /// changes are allowed, such as read marks and joins. Raise it for bots and imports.
    #[arg(long, env = "HALLWAY_MESSAGES_PER_SECOND", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub messages_per_second: u32,

    /// Accounts that can be created from one address per hour (1 to 1000000), and as many at once.
    /// Accounts that an admin creates do not count.
    #[arg(long, env = "HALLWAY_SIGN_UPS_PER_HOUR", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub sign_ups_per_hour: u32,

    /// Hours for which an account is new (0 to 8760): it may post 20 messages a minute, 10 messages with
    /// links an hour, and begin 20 direct rooms and 3 invitations a day. Guests have these limits always.
    /// 0 switches them off.
    #[arg(long, env = "HALLWAY_NEW_ACCOUNT_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=8_760))]
    pub new_account_hours: u32,
    #[command(flatten)]
    pub mail: MailSettings,

    /// Exports that one account may download at once on each node (1 to 1000); four times as many in
    /// total. The classic endpoint sends twice as many whole histories.
    #[arg(long, env = "HALLWAY_EXPORTS_PER_ACCOUNT", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub exports_per_account: u32,

    /// Bearer token for `/metrics`. Without it, only this machine can read them, and nobody if a
    /// public URL is set, since a proxy on this machine would look like it.
    #[arg(long, env = "HALLWAY_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<Secret>,

    /// Open connections allowed per client address. Behind a proxy, requests in progress and
    /// websockets count instead. [default: 4096, or half of what the limit of open files allows]
    #[arg(long, env = "HALLWAY_CONNECTIONS_PER_ADDRESS", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_per_address: Option<u32>,

    /// Open websockets allowed per account, on each node.
    #[arg(long, env = "HALLWAY_SOCKETS_PER_ACCOUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub sockets_per_account: u32,

    /// Log filter in the syntax of tracing-subscriber's EnvFilter, such as `info,hallway=debug`.
    #[arg(long, env = "HALLWAY_LOG", default_value = "info")]
    pub log: String,
}

impl Settings {
    /// The public URL without its path, such as `https://chat.example.org`.
    pub fn public_origin(&self) -> Option<String> {
        self.public_url.as_ref().map(|url| url.origin().ascii_serialization())
    }

    /// The public URL without its path, for links in mails, if the server sends mails.
    pub fn origin_for_mails(&self) -> Option<String> {
        self.sends_mails().then(|| self.public_origin()).flatten()
    }

    pub fn sends_mails(&self) -> bool {
        self.mail.smtp().0.is_some()
    }

    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

/// How the server sends mails. Without a mail server, nobody can sign up by e-mail domain.
#[derive(Clone, Debug, Args)]
pub struct MailSettings {
    /// Mail server for confirmations: `smtp://USER:PASSWORD@HOST:587` (STARTTLS is required) or
    /// `smtps://USER:PASSWORD@HOST`. `smtp://HOST?tls=none` sends without encryption and without a
    /// password, for a mail server on this machine. Needs HALLWAY_SMTP_FROM.
    #[arg(long, env = "HALLWAY_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<Secret>,

    /// Sender of mails, such as `Hallway <chat@example.org>`. Needs HALLWAY_SMTP_URL.
    #[arg(long, env = "HALLWAY_SMTP_FROM")]
    pub smtp_from: Option<String>,

    /// Mails per hour that requests from one address may cause (1 to 1000000), and as many at once. At
    /// most three go to the same e-mail address.
    #[arg(long, env = "HALLWAY_MAILS_PER_HOUR", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub mails_per_hour: u32,
}

impl MailSettings {
    /// The URL of the mail server and the sender, unless they are empty.
    pub fn smtp(&self) -> (Option<&str>, Option<&str>) {
        let not_empty = |text: &&str| !text.trim().is_empty();
        let url = self.smtp_url.as_ref().map(|url| &*url.0).filter(not_empty);
        (url, self.smtp_from.as_deref().filter(not_empty))
    }
}

/// Parses the public URL. The host and the scheme may be in upper case, and blanks may surround the URL.
fn parse_public_url(text: &str) -> Result<Url, String> {
    const EXAMPLE: &str = "write scheme and host, such as https://chat.example.org";
    let url = Url::parse(text.trim()).map_err(|error| format!("{error}: {EXAMPLE}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("must begin with http:// or https://: {EXAMPLE}"));
    }
    let is_only_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_only_origin || !url.username().is_empty() || url.password().is_some() {
        return Err(format!("must have neither path nor query nor user name: {EXAMPLE}"));
    }
    Ok(url)
}

/// A string that `Debug` output hides, such as a key or a URL with a password.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_url_is_an_http_url() {
        let origin = |text| parse_public_url(text).map(|url| url.origin().ascii_serialization());
        assert_eq!(
            origin(" HTTPS://Chat.example.org:443/\n"),
            Ok("https://chat.example.org".into())
        );
        assert_eq!(origin("http://localhost:8000"), Ok("http://localhost:8000".into()));
        for text in [
            "",
            "chat.example.org",
            "localhost:8000",
            "ftp://chat.example.org",
            "https://chat.example.org/hallway",
            "https://chat.example.org/?a=b",
            "https://chat.example.org/#a",
            "https://ada@chat.example.org",
            "https://chat example.org",
            "https://",
        ] {
            let error = origin(text).unwrap_err();
            assert!(error.contains("such as https://chat.example.org"), "{text}: {error}");
        }
    }
}
