//! A Redis server in a process of its own.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, ensure};
use futures_util::future::BoxFuture;
use tempfile::TempDir;

use super::{Host, Process, Program, Service, program::find_program, temp_dir};

/// A Redis server without persistence.
pub struct Redis {
    process: Process,
    address: SocketAddr,
    _dir: TempDir,
}

impl Redis {
    /// Starts a server and waits until it is ready.
    pub async fn start(host: &Host) -> Result<Self> {
        let dir = temp_dir()?;
        let address = host.free_address()?;
        let program = Program::new(find_program(&["redis-server"], "redis-server")?)
            .on_host(host)
            .args(["--port", &address.port().to_string()])
            .args(["--bind", &host.bind_address().to_string()])
            .args(["--save", "", "--appendonly", "no", "--protected-mode", "no"])
            .arg("--dir")
            .arg(dir.path());
        let process = Process::start(program, dir.path().join("redis.log"))?;
        let server = Self { process, address, _dir: dir };
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// The `REDIS_URL`.
    pub fn url(&self) -> String {
        self.url_via(self.address.ip())
    }

    /// The `REDIS_URL` for clients that reach the server at `address`.
    pub fn url_via(&self, address: IpAddr) -> String {
        format!("redis://{}", SocketAddr::new(address, self.address.port()))
    }

    /// Runs a command such as `["CLIENT", "KILL", "TYPE", "pubsub"]` and returns the reply as text.
    /// A nil reply is empty text. Fails on an error reply.
    pub async fn command(&self, words: &[&str]) -> Result<String> {
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let client = Program::new(find_program(&["redis-cli"], "redis-tools")?);
        let reply = client.args(["-e", "-h", &ip, "-p", &port]).args(words).run().await?;
        Ok(reply.trim_end().to_owned())
    }
}

impl Service for Redis {
    fn process(&self) -> &Process {
        &self.process
    }

    fn health_check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let reply = self.command(&["PING"]).await?;
            ensure!(reply == "PONG", "Redis answered {reply}");
            Ok(())
        })
    }
}
