//! A MariaDB server in a process of its own.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, ensure};
use futures_util::future::BoxFuture;
use nix::unistd::geteuid;
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, net::TcpStream};

use super::{
    DatabaseServer, Host, Process, Program, Service, check_database_name, data_templates,
    program::find_program, temp_dir,
};

const PACKAGE: &str = "mariadb-server";
/// Small buffers to save memory, and an fsync for each commit.
const SETTINGS: [&str; 12] = [
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--innodb-log-buffer-size=4M",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=1M",
    "--performance-schema=OFF",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
    "--max-connections=600",
];
/// Allows root from all addresses, because clients that connect over a link are not `localhost`.
const ROOT_FROM_ANYWHERE: &str = "CREATE USER IF NOT EXISTS root@'%';\n\
    GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;\n";
/// The first byte of the greeting's payload, after three bytes of length and one of sequence.
const PROTOCOL_VERSION: u8 = 10;

/// A MariaDB server; `root` has no password.
pub struct MariaDb {
    process: Process,
    address: SocketAddr,
    dir: TempDir,
}

impl MariaDb {
    /// Starts a server with a new data directory and waits until it is ready.
    pub async fn start(host: &Host) -> Result<Self> {
        let server = find_program(&["mariadbd", "mysqld"], PACKAGE)?;
        let dir = temp_dir()?;
        let data = dir.path().join("data");
        let version = Program::new(server.clone()).arg("--version").run().await?;
        data_templates::copy(&version, &data, None, |data| async move {
            let install = find_program(&["mariadb-install-db", "mysql_install_db"], PACKAGE)?;
            let install = with_user(Program::new(install).arg("--no-defaults"));
            let install = install.arg(format!("--datadir={}", data.display()));
            let plain = ["--auth-root-authentication-method=normal", "--skip-test-db"];
            install.args(plain).arg("--innodb-log-file-size=16M").run().await.map(drop)
        })
        .await?;
        let init_file = dir.path().join("roots.sql");
        std::fs::write(&init_file, ROOT_FROM_ANYWHERE)?;
        let address = host.free_address()?;
        let program = with_user(Program::new(server).arg("--no-defaults"))
            .on_host(host)
            .args(SETTINGS)
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", dir.path().join("s").display()))
            .arg(format!("--pid-file={}", dir.path().join("pid").display()))
            .arg(format!("--init-file={}", init_file.display()))
            .arg(format!("--bind-address={}", host.bind_address()))
            .arg(format!("--port={}", address.port()));
        let process = Process::start(program, dir.path().join("mariadb.log"))?;
        let server = Self { process, address, dir };
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Runs statements as root over the Unix socket, which a cut link does not affect. Returns the
    /// rows, tab-separated, without a header.
    pub async fn query(&self, sql: &str) -> Result<String> {
        Program::new(find_program(&["mariadb", "mysql"], "mariadb-client")?)
            .args(["--no-defaults", "--user=root", "--batch", "--skip-column-names"])
            .arg(format!("--socket={}", self.dir.path().join("s").display()))
            .args(["--execute", sql])
            .run()
            .await
    }
}

impl Service for MariaDb {
    fn process(&self) -> &Process {
        &self.process
    }

    fn health_check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let mut greeting = [0; 5];
            TcpStream::connect(self.address).await?.read_exact(&mut greeting).await?;
            ensure!(greeting[4] == PROTOCOL_VERSION, "MariaDB is not ready");
            Ok(())
        })
    }
}

impl DatabaseServer for MariaDb {
    fn url_via(&self, address: IpAddr, database: &str) -> String {
        format!("mysql://root@{}/{database}", SocketAddr::new(address, self.address.port()))
    }

    fn url(&self, database: &str) -> String {
        self.url_via(self.address.ip(), database)
    }

    fn create_database<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            check_database_name(name)?;
            self.query(&format!("CREATE DATABASE `{name}`")).await.map(drop)
        })
    }
}

/// Adds the option without which MariaDB refuses to run as root.
fn with_user(program: Program) -> Program {
    if geteuid().is_root() { program.arg("--user=root") } else { program }
}
