//! A PostgreSQL server in a process of its own.

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
    DatabaseServer, Host, Process, Program, Service, check_database_name, data_templates,
    program::{find_postgres, find_unprivileged_user},
    temp_dir,
};

/// Small buffers to save memory, and an fsync for each commit.
const SETTINGS: [&str; 6] = [
    "synchronous_commit=on",
    "shared_buffers=32MB",
    "max_connections=400",
    "max_wal_size=256MB",
    "log_min_messages=warning",
    "jit=off",
];
/// Trusts all addresses, because clients that connect over a link are not local.
const HBA_TRUST_ALL: &str = "local all all trust\nhost all all all trust\n";
/// The startup message of protocol 3.0: user and database `postgres`.
const STARTUP: &[u8] = b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0";

/// A PostgreSQL server that requires no password.
pub struct Postgres {
    process: Process,
    address: SocketAddr,
    dir: TempDir,
    user: Option<User>,
}

impl Postgres {
    /// Starts a server with a new data directory and waits until it is ready.
    pub async fn start(host: &Host) -> Result<Self> {
        let server = find_postgres("postgres")?;
        let user = find_unprivileged_user(&["postgres", "nobody"])?;
        let dir = temp_dir()?;
        data_templates::set_owner(dir.path(), user.as_ref())?;
        let data = dir.path().join("data");
        let version = Program::new(server.clone()).arg("--version").run().await?;
        data_templates::copy(&version, &data, user.as_ref(), |data| {
            let user = user.as_ref();
            async move {
                let initdb = Program::new(find_postgres("initdb")?)
                    .as_user(user)
                    .args(["--auth=trust", "--username=postgres", "--no-sync"])
                    .args(["--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"])
                    .arg(&data);
                initdb.run().await.map(drop)
            }
        })
        .await?;
        std::fs::write(data.join("pg_hba.conf"), HBA_TRUST_ALL)?;
        let address = host.free_address()?;
        let program = Program::new(server)
            .as_user(user.as_ref())
            .on_host(host)
            .arg("-D")
            .arg(&data)
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .arg("-c")
            .arg(format!("listen_addresses={}", host.bind_address()))
            .arg("-c")
            .arg(format!("unix_socket_directories={}", dir.path().display()))
            .args(["-p", &address.port().to_string()]);
        let process = Process::start(program, dir.path().join("postgres.log"))?;
        let server = Self { process, address, dir, user };
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Runs a statement as `postgres` over the Unix socket, which a cut link does not affect.
    /// Returns the rows, tab-separated, without a header.
    pub async fn query(&self, sql: &str) -> Result<String> {
        Program::new(find_postgres("psql")?)
            .as_user(self.user.as_ref())
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet"])
            .args(["--field-separator=\t", "--set=ON_ERROR_STOP=1", "--host"])
            .arg(self.dir.path())
            .args(["--port", &self.address.port().to_string()])
            .args(["--username=postgres", "--command", sql, "postgres"])
            .run()
            .await
    }
}

impl Service for Postgres {
    fn process(&self) -> &Process {
        &self.process
    }

    fn health_check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.write_all(STARTUP).await?;
            // `R` is AuthenticationOk; `E` is an error, such as "the database system is starting
            // up".
            ensure!(stream.read_u8().await? == b'R', "PostgreSQL does not accept sessions yet");
            Ok(())
        })
    }
}

impl DatabaseServer for Postgres {
    fn url_via(&self, address: IpAddr, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", SocketAddr::new(address, self.address.port()))
    }

    fn url(&self, database: &str) -> String {
        self.url_via(self.address.ip(), database)
    }

    fn create_database<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            check_database_name(name)?;
            self.query(&format!("CREATE DATABASE \"{name}\"")).await.map(drop)
        })
    }
}
