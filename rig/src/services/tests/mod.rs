//! Tests that kill, pause and disconnect real services.

use std::{
    io::{BufRead, BufReader},
    time::Duration,
};

use nix::unistd::geteuid;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::*;

/// A paused database does not answer; a killed one restarts at the same address with its data.
async fn assert_survives_pause_and_kill(server: &(impl DatabaseServer + ?Sized)) {
    server.create_database("rooms").await.unwrap();
    assert!(server.create_database("rooms").await.is_err(), "created twice");
    assert!(server.create_database("a b").await.is_err(), "invalid name");
    server.pause().unwrap();
    let check = timeout(Duration::from_millis(200), server.health_check()).await;
    assert!(check.is_err(), "a paused server answered");
    server.resume().unwrap();
    server.wait_until_ready().await.unwrap();
    server.kill().unwrap();
    assert_eq!(server.pid(), None);
    assert!(server.health_check().await.is_err(), "a killed server answered");
    server.restart().await.unwrap();
    assert!(server.create_database("rooms").await.is_err(), "the database was lost");
}

#[tokio::test]
async fn mariadb_survives_pause_and_kill() {
    let server = MariaDb::start(&Host::local()).await.unwrap();
    assert!(server.url("x").starts_with("mysql://root@127.0.0.1:"), "{}", server.url("x"));
    assert_survives_pause_and_kill(&server).await;
    let flush = server.query("SELECT @@innodb_flush_log_at_trx_commit").await.unwrap();
    assert_eq!(flush.trim(), "1");
}

#[tokio::test]
async fn postgres_survives_pause_and_kill() {
    let server = Postgres::start(&Host::local()).await.unwrap();
    let url = server.url("x");
    assert!(url.starts_with("postgres://postgres@127.0.0.1:"), "{url}");
    assert_survives_pause_and_kill(&server).await;
    let durable = server.query("SHOW synchronous_commit").await.unwrap();
    assert_eq!(durable.trim(), "on");
}

#[tokio::test]
async fn redis_runs_commands_and_loses_its_data_when_killed() {
    let server = Redis::start(&Host::local()).await.unwrap();
    assert_eq!(server.command(&["SET", "k", "two words"]).await.unwrap(), "OK");
    assert_eq!(server.command(&["GET", "k"]).await.unwrap(), "two words");
    assert_eq!(server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap(), "0");
    assert!(server.command(&["NONSENSE"]).await.is_err());
    server.kill().unwrap();
    server.restart().await.unwrap();
    assert_eq!(server.command(&["GET", "k"]).await.unwrap(), "");
}

#[tokio::test]
async fn a_process_ends_by_sigterm_or_times_out() {
    let dir = temp_dir().unwrap();
    let sh = |script: &str| {
        let program = Program::new("/bin/sh".into()).args(["-c", script]);
        Process::start(program, dir.path().join("log")).unwrap()
    };
    let process = sh("trap 'exit 7' TERM; echo here; while :; do sleep 0.01; done");
    while process.log_tail() != "here" {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(process.start_again().is_err(), "started twice");
    let exit = process.terminate(Duration::from_secs(5)).await.unwrap();
    assert_eq!(exit.code, Some(7));
    let stubborn = sh("trap '' TERM; while :; do sleep 0.01; done");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(stubborn.terminate(Duration::from_millis(50)).await.is_err());
}

#[tokio::test]
async fn a_process_dies_with_its_children() {
    let dir = temp_dir().unwrap();
    let program = Program::new("/bin/sh".into()).args(["-c", "sleep 60 & echo $!; wait"]);
    let process = Process::start(program, dir.path().join("log")).unwrap();
    let child = loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if let Ok(pid) = process.log_tail().parse::<u32>() {
            break pid;
        }
    };
    drop(process);
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
    assert!(stat.map_or(true, |stat| stat.contains(" Z ")), "the child is alive");
}

#[test]
fn a_missing_program_names_its_package() {
    let error =
        program::find_program(&["no-such-program"], "some-package").unwrap_err().to_string();
    assert_eq!(error, "no-such-program is not installed: apt-get install some-package");
}

#[test]
fn a_session_key_is_32_bytes() {
    let key = session_key();
    assert_eq!(key.len(), 44);
    assert_ne!(key, session_key());
}

/// A server that sends its name as an HTTP response to every connection.
async fn named_node(name: &'static str) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{name}");
    let task = tokio::spawn(async move {
        let mut streams = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(answer.as_bytes()).await.unwrap();
            streams.push(stream);
        }
    });
    (address, task)
}

/// Connects through a proxy. Returns the name of the node, and the connection.
async fn connect_via(proxy: &Proxy) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let mut response = vec![0; 39];
    stream.read_exact(&mut response).await.unwrap();
    (String::from_utf8(response).unwrap().split_off(38), stream)
}

#[tokio::test]
async fn a_proxy_balances_connections_and_skips_a_dead_node() {
    let [(a, first), (b, _second)] = [named_node("a").await, named_node("b").await];
    let proxy = Proxy::start(Host::local().address(), &[a, b]).await.unwrap();
    let mut open = Vec::new();
    let mut names = Vec::new();
    for _ in 0..6 {
        let (name, stream) = connect_via(&proxy).await;
        names.push(name);
        open.push(stream);
    }
    assert_eq!(names.iter().filter(|name| *name == "a").count(), 3, "{names:?}");
    assert_eq!(proxy.connections(), [3, 3]);
    first.abort();
    let _ = first.await;
    for _ in 0..3 {
        let (name, stream) = connect_via(&proxy).await;
        assert_eq!(name, "b");
        open.push(stream);
    }
}

/// Returns `None` without root, which namespaces and mounts need. Then the error must say so.
fn needs_root<T>(created: Result<T>) -> Option<T> {
    match created {
        Ok(created) => Some(created),
        Err(error) if geteuid().is_root() => panic!("{error:#}"),
        Err(error) => {
            assert!(error.to_string().contains("only root can"), "{error}");
            None
        }
    }
}

#[tokio::test]
async fn a_cut_link_drops_packets_silently_until_it_heals() {
    let Some(namespace) = needs_root(Namespace::create()) else { return };
    let (one, two) = (namespace.link().unwrap(), namespace.link().unwrap());
    let redis = Redis::start(&one.far_host()).await.unwrap();
    let port: u16 = redis.url().rsplit(':').next().unwrap().parse().unwrap();
    let over = |link: &Link| SocketAddr::new(link.far_address(), port);
    let mut stream = TcpStream::connect(over(&one)).await.unwrap();
    let mut other = TcpStream::connect(over(&two)).await.unwrap();
    let mut reply = [0; 7];
    one.cut().unwrap();
    stream.write_all(b"PING\r\n").await.unwrap();
    let received = timeout(Duration::from_millis(300), stream.read_exact(&mut reply)).await;
    assert!(received.is_err(), "received over a cut link: {received:?}");
    let connected = timeout(Duration::from_millis(300), TcpStream::connect(over(&one))).await;
    assert!(connected.is_err(), "connected over a cut link: {connected:?}");
    other.write_all(b"PING\r\n").await.unwrap();
    other.read_exact(&mut reply).await.unwrap();
    one.heal().unwrap();
    timeout(Duration::from_secs(5), stream.read_exact(&mut reply)).await.unwrap().unwrap();
    assert_eq!(&reply, b"+PONG\r\n");
}

#[test]
fn a_small_disk_fills_and_is_freed() {
    let Some(disk) = needs_root(SmallDisk::mount(1)) else { return };
    let file = disk.path().join("file");
    disk.fill().unwrap();
    assert!(std::fs::write(&file, "more").is_err());
    disk.free().unwrap();
    std::fs::write(&file, "more").unwrap();
    let path = disk.path().to_owned();
    drop(disk);
    assert!(!path.exists(), "the mount is left behind");
}

#[test]
fn a_running_program_sees_a_clock_change() {
    let clock = Clock::new().unwrap();
    let mut sh = std::process::Command::new("/bin/sh");
    let mut sh = sh.args(["-c", "date +%s; read line; date +%s"]).envs(clock.env());
    sh = sh.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = sh.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut lines = [String::new(), String::new()];
    output.read_line(&mut lines[0]).unwrap();
    clock.set_offset(-86_400).unwrap();
    // The end of its input lets the script go on.
    drop(child.stdin.take());
    output.read_line(&mut lines[1]).unwrap();
    child.wait().unwrap();
    let times: Vec<i64> = lines.iter().map(|line| line.trim().parse().unwrap()).collect();
    let jump = times[1] - times[0];
    assert!((-86_400..-86_390).contains(&jump), "{jump} s");
}
