//! A server of our own to test against: on a free port, with fresh data, gone when dropped.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{commands, places};

const START_LIMIT: Duration = Duration::from_secs(30);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A running `hallway serve`.
pub struct Server {
    process: Child,
    address: SocketAddr,
    data: PathBuf,
}

impl Server {
    /// Starts the debug build, which the tests have just made, and waits until it is ready.
    pub fn start() -> Result<Server> {
        // Bound and let go: the port stays free for the moment until the server takes it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let data = places::target().join(format!("contract-data-{}", address.port()));
        let log = places::test_output().join("contract-server.log");
        fs::create_dir_all(places::test_output())?;
        let log = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let process = commands::new(places::server("debug"))
            .arg("serve")
            .env("HALLWAY_LISTEN", address.to_string())
            .env("HALLWAY_DATA", &data)
            // Made-up sign-ins come by the hundred, all from one address.
            .env("HALLWAY_LOGIN_ATTEMPTS", "1000000")
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start the server")?;
        let mut server = Server { process, address, data };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START_LIMIT {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended at once ({status}): test-output/contract-server.log");
            }
            if self.call("GET", "/health/ready", "", "").is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!("the server is not ready after {START_LIMIT:?}: test-output/contract-server.log")
    }

    /// True while nothing has brought it down.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// `http://host:port`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// One request, its status and body. An HTTP client would be the largest part of xtask.
    pub fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.address, ANSWER_LIMIT)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        let authorization = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let (host, length) = (self.address, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{authorization}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).context("not an HTTP answer")?.parse()?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        Ok((status, body.to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}
