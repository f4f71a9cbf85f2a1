//! A MariaDB server.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, ensure};
use futures_util::future::BoxFuture;
use nix::unistd::geteuid;
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, net::TcpStream};

use super::{
    DatabaseServer, Machine, Place, Process, Program, check_name, folder, program::find, templates,
};

const PACKAGE: &str = "mariadb-server";
/// As small as it works well, and a commit is on the disk before it is acknowledged.
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
    "--max-connections=300",
];
/// With an address of a namespace the other end is no longer `localhost`.
const ROOT_FROM_ANYWHERE: &str = "CREATE USER IF NOT EXISTS root@'%';\n\
    GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;\n";

/// A MariaDB server of our own; `root` has no password.
pub struct MariaDb {
    process: Process,
    address: SocketAddr,
    folder: TempDir,
}

impl MariaDb {
    /// Starts one here, with an empty data folder, and waits until it answers.
    pub async fn start() -> Result<Self> {
        Self::start_at(&Place::local()).await
    }

    /// The same in another place.
    pub async fn start_at(place: &Place) -> Result<Self> {
        let server = find(&["mariadbd", "mysqld"], PACKAGE)?;
        let folder = folder()?;
        let data = folder.path().join("data");
        let version = Program::new(server.clone()).arg("--version").run().await?;
        templates::copy(&version, &data, None, |into| async move {
            let install = find(&["mariadb-install-db", "mysql_install_db"], PACKAGE)?;
            let install = with_user(Program::new(install).arg("--no-defaults"));
            let install = install.arg(format!("--datadir={}", into.display()));
            let plain = ["--auth-root-authentication-method=normal", "--skip-test-db"];
            install.args(plain).arg("--innodb-log-file-size=16M").run().await.map(drop)
        })
        .await?;
        let roots = folder.path().join("roots.sql");
        std::fs::write(&roots, ROOT_FROM_ANYWHERE)?;
        let address = place.free()?;
        let program = with_user(Program::new(server).arg("--no-defaults"))
            .at(place)
            .args(SETTINGS)
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", folder.path().join("s").display()))
            .arg(format!("--pid-file={}", folder.path().join("pid").display()))
            .arg(format!("--init-file={}", roots.display()))
            .arg(format!("--bind-address={}", place.wildcard()))
            .arg(format!("--port={}", address.port()));
        let process = Process::start(program, folder.path().join("mariadb.log"))?;
        let server = Self { process, address, folder };
        server.ready().await?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs statements as root, past every link: the rows, tab-separated, without a heading.
    pub async fn query(&self, sql: &str) -> Result<String> {
        let client = Program::new(find(&["mariadb", "mysql"], "mariadb-client")?);
        let socket = format!("--socket={}", self.folder.path().join("s").display());
        let client =
            client.args(["--no-defaults", "--user=root", "--batch", "--skip-column-names"]);
        client.arg(socket).arg("--execute").arg(sql).run().await
    }
}

impl Machine for MariaDb {
    fn process(&self) -> &Process {
        &self.process
    }

    fn answers(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            // The server speaks first: a packet's length, its number, the protocol's version.
            let mut greeting = [0; 5];
            TcpStream::connect(self.address).await?.read_exact(&mut greeting).await?;
            ensure!(greeting[4] == 10, "that is no MariaDB which is ready");
            Ok(())
        })
    }
}

impl DatabaseServer for MariaDb {
    fn url(&self, database: &str) -> String {
        self.url_over(self.address.ip(), database)
    }

    fn url_over(&self, address: IpAddr, database: &str) -> String {
        format!("mysql://root@{}/{database}", SocketAddr::new(address, self.address.port()))
    }

    fn create_database<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            check_name(name)?;
            self.query(&format!("CREATE DATABASE `{name}`")).await.map(drop)
        })
    }
}

/// It refuses to run as root unless it is told to.
fn with_user(program: Program) -> Program {
    if geteuid().is_root() { program.arg("--user=root") } else { program }
}
