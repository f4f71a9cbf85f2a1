//! A PostgreSQL server.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, ensure};
use futures_util::future::BoxFuture;
use nix::unistd::User;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    DatabaseServer, Machine, Place, Process, Program, check_name, folder,
    program::{find_postgres, unprivileged},
    templates,
};

const SETTINGS: [&str; 6] = [
    "synchronous_commit=on",
    "shared_buffers=32MB",
    "max_connections=200",
    "max_wal_size=256MB",
    "log_min_messages=warning",
    "jit=off",
];
/// Over a link the other end is no longer on this machine.
const TRUSTED: &str = "local all all trust\nhost all all all trust\n";
/// Protocol 3.0, user and database `postgres`.
const STARTUP: &[u8] = b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0";

/// A PostgreSQL server of our own; everybody may be `postgres`.
pub struct Postgres {
    process: Process,
    address: SocketAddr,
    folder: TempDir,
    user: Option<User>,
}

impl Postgres {
    /// Starts one here, with an empty data folder, and waits until it answers.
    pub async fn start() -> Result<Self> {
        Self::start_at(&Place::local()).await
    }

    /// The same in another place.
    pub async fn start_at(place: &Place) -> Result<Self> {
        let server = find_postgres("postgres")?;
        let user = unprivileged(&["postgres", "nobody"])?;
        let folder = folder()?;
        templates::give(folder.path(), user.as_ref())?;
        let data = folder.path().join("data");
        let version = Program::new(server.clone()).arg("--version").run().await?;
        templates::copy(&version, &data, user.as_ref(), |into| {
            let user = user.as_ref();
            async move {
                let plain = ["--auth=trust", "--username=postgres", "--no-sync"];
                let text = ["--encoding=UTF8", "--locale=C.UTF-8"];
                let initdb = Program::new(find_postgres("initdb")?).user(user);
                let initdb = initdb.args(plain).args(text).arg("--pgdata").arg(&into);
                initdb.run().await.map(drop)
            }
        })
        .await?;
        std::fs::write(data.join("pg_hba.conf"), TRUSTED)?;
        let address = place.free()?;
        let program = Program::new(server)
            .user(user.as_ref())
            .at(place)
            .arg("-D")
            .arg(&data)
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .arg("-c")
            .arg(format!("listen_addresses={}", place.wildcard()))
            .arg("-c")
            .arg(format!("unix_socket_directories={}", folder.path().display()))
            .args(["-p", &address.port().to_string()]);
        let process = Process::start(program, folder.path().join("postgres.log"))?;
        let server = Self { process, address, folder, user };
        server.ready().await?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs a statement as `postgres`, past every link: the rows, tab-separated, without a heading.
    pub async fn query(&self, sql: &str) -> Result<String> {
        let psql = Program::new(find_postgres("psql")?).user(self.user.as_ref());
        let psql = psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet"]);
        let psql = psql.args(["--field-separator=\t", "--set=ON_ERROR_STOP=1"]);
        let psql = psql.arg("--host").arg(self.folder.path());
        let psql = psql.args(["--port", &self.address.port().to_string()]);
        psql.args(["--username=postgres", "--command", sql, "postgres"]).run().await
    }
}

impl Machine for Postgres {
    fn process(&self) -> &Process {
        &self.process
    }

    fn answers(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.write_all(STARTUP).await?;
            // `R` is «you are in», `E` an error, such as «the database system is starting up».
            ensure!(stream.read_u8().await? == b'R', "it lets nobody in yet");
            Ok(())
        })
    }
}

impl DatabaseServer for Postgres {
    fn url(&self, database: &str) -> String {
        self.url_over(self.address.ip(), database)
    }

    fn url_over(&self, address: IpAddr, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", SocketAddr::new(address, self.address.port()))
    }

    fn create_database<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            check_name(name)?;
            self.query(&format!("CREATE DATABASE \"{name}\"")).await.map(drop)
        })
    }
}
