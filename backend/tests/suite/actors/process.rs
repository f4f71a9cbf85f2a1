//! The server as a program of its own, that can be killed.

use std::{net::SocketAddr, path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use super::{Client, Home, PATIENCE};

/// `hallway serve` in a home, on a port that is free.
pub struct Process {
    pub address: SocketAddr,
    child: Child,
    /// Kept open: a program must not fail for want of somebody who reads it.
    _said: BufReader<ChildStdout>,
}

impl Process {
    /// `hallway` with these arguments, and nothing of our environment that could sway it.
    pub fn command(arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hallway"));
        let ours = std::env::vars().map(|(name, _)| name);
        let sways = |name: &String| {
            name.starts_with("HALLWAY_") || ["DATABASE_URL", "REDIS_URL"].contains(&&**name)
        };
        for name in ours.filter(sways) {
            command.env_remove(name);
        }
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Starts it, and waits until it answers.
    pub async fn serve(home: &Home) -> Self {
        Self::serve_at(home.folder(), &home.url()).await
    }

    /// The same in a folder, on a database.
    pub async fn serve_at(data: &Path, url: &str) -> Self {
        let mut command = Self::command(&["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
        command.arg("--data").arg(data).args(["--database-url", url]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        timeout(PATIENCE, said.read_line(&mut line)).await.expect("a line in time").unwrap();
        let url = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let address = url.and_then(|url| url.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        Client::new(address).get("/health/ready").await.is(200);
        Self { address, child, _said: said }
    }

    /// kill -9, and nothing else.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop.
    pub async fn terminate(&self) {
        let pid = self.child.id().expect("a running process").to_string();
        let kill = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status().await;
        assert!(kill.unwrap().success());
    }

    /// Waits for its end: the exit code.
    pub async fn wait(mut self) -> Option<i32> {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("an end in time");
        status.unwrap().code()
    }
}

/// Runs a command of the program to its end: exit code, output, complaints.
pub async fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Process::command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (mut said, mut complained) = (String::new(), String::new());
    let whole = async {
        let read = tokio::join!(out.read_to_string(&mut said), err.read_to_string(&mut complained));
        read.0.and(read.1).unwrap();
        child.wait().await.unwrap().code()
    };
    let code = timeout(PATIENCE, whole).await.expect("an end in time");
    (code, said, complained)
}
