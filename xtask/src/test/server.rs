//! A server for the contract tests, on a free port with empty data.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{commands, places};

const START_TIMEOUT: Duration = Duration::from_secs(30);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// A running `hallway serve`. Dropping it ends the process and deletes its data.
pub struct Server {
    process: Child,
    address: SocketAddr,
    data: PathBuf,
}

impl Server {
    /// Starts the debug build and waits until it is ready.
    pub fn start() -> Result<Server> {
        // The port stays free between this listener and the server.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let data = places::target().join(format!("contract-data-{}", address.port()));
        let log = places::test_output().join("contract-server.log");
        fs::create_dir_all(places::test_output())?;
        let log = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let process = commands::new(places::server("debug"))
            .arg("serve")
            .env("HALLWAY_LISTEN", address.to_string())
            .env("HALLWAY_DATA", &data)
            // Hundreds of generated sign-ins come from one address.
            .env("HALLWAY_LOGIN_ATTEMPTS", "1000000")
            .env("HALLWAY_NEW_ACCOUNT_HOURS", "0")
            .env("HALLWAY_MESSAGES_PER_SECOND", "1000000")
            .env("HALLWAY_SIGN_UPS_PER_HOUR", "1000000")
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
        while start.elapsed() < START_TIMEOUT {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server exited at its start ({status}): test-output/contract-server.log");
            }
            if self.call("GET", "/health/ready", "", "").is_ok_and(|(status, _)| status == 200) {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!("the server is not ready after {START_TIMEOUT:?}: test-output/contract-server.log")
    }

    /// Whether the process still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// `http://host:port`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends a request; returns status and body. Written by hand, because an HTTP client would be the
    /// largest dependency of xtask.
    pub fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.address, RESPONSE_TIMEOUT)?;
        stream.set_read_timeout(Some(RESPONSE_TIMEOUT))?;
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
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        let status = response.split(' ').nth(1).context("not an HTTP response")?.parse()?;
        let body = response.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
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
