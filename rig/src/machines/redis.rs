//! A Redis server.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::BoxFuture;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{Machine, Place, Process, Program, folder, program::find};

/// A Redis server of our own, which keeps nothing on the disk.
pub struct Redis {
    process: Process,
    address: SocketAddr,
    _folder: TempDir,
}

impl Redis {
    /// Starts one here, and waits until it answers.
    pub async fn start() -> Result<Self> {
        Self::start_at(&Place::local()).await
    }

    /// The same in another place.
    pub async fn start_at(place: &Place) -> Result<Self> {
        let folder = folder()?;
        let address = place.free()?;
        let program = Program::new(find(&["redis-server"], "redis-server")?)
            .at(place)
            .args(["--port", &address.port().to_string()])
            .args(["--bind", &place.wildcard().to_string()])
            .args(["--save", "", "--appendonly", "no", "--protected-mode", "no"])
            .arg("--dir")
            .arg(folder.path());
        let process = Process::start(program, folder.path().join("redis.log"))?;
        let server = Self { process, address, _folder: folder };
        server.ready().await?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is, as `REDIS_URL` takes it.
    pub fn url(&self) -> String {
        self.url_over(self.address.ip())
    }

    /// The same as seen over another link.
    pub fn url_over(&self, address: IpAddr) -> String {
        format!("redis://{}", SocketAddr::new(address, self.address.port()))
    }

    /// Gives it a command, such as `["CLIENT", "KILL", "TYPE", "pubsub"]`, and waits for the
    /// answer: a status, a number or a text; empty for nothing. Fails on an error, and on an array.
    pub async fn command(&self, words: &[&str]) -> Result<String> {
        let mut stream = BufReader::new(TcpStream::connect(self.address).await?);
        let mut order = format!("*{}\r\n", words.len());
        words.iter().for_each(|word| order += &format!("${}\r\n{word}\r\n", word.len()));
        stream.write_all(order.as_bytes()).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).context("Redis hung up")?;
        match kind {
            "+" | ":" => Ok(rest.to_owned()),
            "$" if rest.starts_with('-') => Ok(String::new()),
            "$" => {
                let mut text = vec![0; rest.parse()?];
                stream.read_exact(&mut text).await?;
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            _ => bail!("Redis answered {line}"),
        }
    }
}

impl Machine for Redis {
    fn process(&self) -> &Process {
        &self.process
    }

    fn answers(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let answer = self.command(&["PING"]).await?;
            ensure!(answer == "PONG", "Redis answered {answer}");
            Ok(())
        })
    }
}
