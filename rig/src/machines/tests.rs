//! Real services, tormented.

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

/// Killed, it comes back at the same address with what it was given.
async fn comes_back(server: &(impl DatabaseServer + ?Sized)) {
    server.create_database("rooms").await.unwrap();
    assert!(server.create_database("rooms").await.is_err(), "made twice");
    assert!(server.create_database("a b").await.is_err(), "no name");
    server.pause().unwrap();
    let asked = timeout(Duration::from_millis(200), server.answers()).await;
    assert!(asked.is_err(), "it was paused, and answers");
    server.resume().unwrap();
    server.ready().await.unwrap();
    server.kill().unwrap();
    assert_eq!(server.pid(), None);
    assert!(server.answers().await.is_err(), "it was killed, and answers");
    server.restart().await.unwrap();
    assert!(server.create_database("rooms").await.is_err(), "forgotten");
}

#[tokio::test]
async fn mariadb_is_killed_paused_and_comes_back() {
    let server = MariaDb::start().await.unwrap();
    assert_eq!(server.url("x"), format!("mysql://root@{}/x", server.address()));
    comes_back(&server).await;
    let flush = server.query("SELECT @@innodb_flush_log_at_trx_commit").await.unwrap();
    assert_eq!(flush.trim(), "1");
}

#[tokio::test]
async fn postgres_is_killed_paused_and_comes_back() {
    let server = Postgres::start().await.unwrap();
    assert_eq!(server.url("x"), format!("postgres://postgres@{}/x", server.address()));
    comes_back(&server).await;
    let durable = server.query("SHOW synchronous_commit").await.unwrap();
    assert_eq!(durable.trim(), "on");
}

#[tokio::test]
async fn redis_takes_commands_and_forgets_when_killed() {
    let server = Redis::start().await.unwrap();
    assert_eq!(server.command(&["SET", "k", "two words"]).await.unwrap(), "OK");
    assert_eq!(server.command(&["GET", "k"]).await.unwrap(), "two words");
    assert_eq!(server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap(), "0");
    assert!(server.command(&["NONSENSE"]).await.is_err());
    server.kill().unwrap();
    server.restart().await.unwrap();
    assert_eq!(server.command(&["GET", "k"]).await.unwrap(), "");
}

#[tokio::test]
async fn a_process_ends_when_asked_and_says_why_it_ended() {
    let folder = folder().unwrap();
    let sh = |script: &str| {
        let program = Program::new("/bin/sh".into()).args(["-c", script]);
        Process::start(program, folder.path().join("log")).unwrap()
    };
    let process = sh("trap 'exit 7' TERM; echo here; while :; do sleep 0.01; done");
    while process.last_words() != "here" {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(process.start_again().is_err(), "twice at once");
    let exit = process.terminate(Duration::from_secs(5)).await.unwrap();
    assert_eq!(exit.code, Some(7));
    let stubborn = sh("trap '' TERM; while :; do sleep 0.01; done");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(stubborn.terminate(Duration::from_millis(50)).await.is_err());
}

#[tokio::test]
async fn the_children_of_a_process_die_with_it() {
    let folder = folder().unwrap();
    let program = Program::new("/bin/sh".into()).args(["-c", "sleep 60 & echo $!; wait"]);
    let process = Process::start(program, folder.path().join("log")).unwrap();
    let child = loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if let Ok(pid) = process.last_words().parse::<u32>() {
            break pid;
        }
    };
    drop(process);
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
    assert!(stat.map_or(true, |stat| stat.contains(" Z ")), "it lives on");
}

#[test]
fn what_is_missing_says_how_to_get_it() {
    let error = program::find(&["no-such-program"], "some-package").unwrap_err().to_string();
    assert_eq!(error, "no-such-program is not installed: apt-get install some-package");
}

#[test]
fn a_key_is_32_bytes() {
    let key = session_key();
    assert_eq!(key.len(), 44);
    assert_ne!(key, session_key());
}

/// Says who it is to whoever connects, by HTTP.
async fn node(name: &'static str) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{name}");
    let task = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(answer.as_bytes()).await.unwrap();
            kept.push(stream);
        }
    });
    (address, task)
}

async fn who(proxy: &Proxy) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let mut said = vec![0; 39];
    stream.read_exact(&mut said).await.unwrap();
    (String::from_utf8(said).unwrap().split_off(38), stream)
}

#[tokio::test]
async fn a_proxy_shares_connections_out_and_leaves_a_dead_node_alone() {
    let [(a, first), (b, _second)] = [node("a").await, node("b").await];
    let proxy = Proxy::start(Place::local().address(), &[a, b]).await.unwrap();
    let mut open = Vec::new();
    let mut names = Vec::new();
    for _ in 0..6 {
        let (name, stream) = who(&proxy).await;
        names.push(name);
        open.push(stream);
    }
    assert_eq!(names.iter().filter(|name| *name == "a").count(), 3, "{names:?}");
    assert_eq!(proxy.connections(), [3, 3]);
    first.abort();
    let _ = first.await;
    for _ in 0..3 {
        let (name, stream) = who(&proxy).await;
        assert_eq!(name, "b");
        open.push(stream);
    }
}

/// Root is needed for namespaces and mounts; the error must say so.
fn must_be_root<T>(made: Result<T>) -> Option<T> {
    match made {
        Ok(made) => Some(made),
        Err(error) if geteuid().is_root() => panic!("{error:#}"),
        Err(error) => {
            assert!(error.to_string().contains("only root can"), "{error}");
            None
        }
    }
}

#[tokio::test]
async fn a_cut_link_is_silent_and_loses_nothing_once_it_is_healed() {
    let Some(namespace) = must_be_root(Namespace::create()) else { return };
    let (one, two) = (namespace.link().unwrap(), namespace.link().unwrap());
    let redis = Redis::start_at(&one.place()).await.unwrap();
    let over = |link: &Link| SocketAddr::new(link.far(), redis.address().port());
    let mut stream = TcpStream::connect(over(&one)).await.unwrap();
    let mut other = TcpStream::connect(over(&two)).await.unwrap();
    let mut answer = [0; 7];
    one.cut().unwrap();
    stream.write_all(b"PING\r\n").await.unwrap();
    let heard = timeout(Duration::from_millis(300), stream.read_exact(&mut answer)).await;
    assert!(heard.is_err(), "cut, and heard {heard:?}");
    let connected = timeout(Duration::from_millis(300), TcpStream::connect(over(&one))).await;
    assert!(connected.is_err(), "cut, and {connected:?}");
    other.write_all(b"PING\r\n").await.unwrap();
    other.read_exact(&mut answer).await.unwrap();
    one.heal().unwrap();
    timeout(Duration::from_secs(5), stream.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[test]
fn a_small_disk_is_full_and_has_room_again() {
    let Some(disk) = must_be_root(SmallDisk::mount(1)) else { return };
    let file = disk.path().join("file");
    disk.fill().unwrap();
    assert!(std::fs::write(&file, "more").is_err());
    disk.free().unwrap();
    std::fs::write(&file, "more").unwrap();
    let path = disk.path().to_owned();
    drop(disk);
    assert!(!path.exists(), "left behind");
}

#[test]
fn a_clock_is_set_while_a_program_runs() {
    let clock = Clock::new().unwrap();
    let mut sh = std::process::Command::new("/bin/sh");
    let mut sh = sh.args(["-c", "date +%s; read line; date +%s"]).envs(clock.env());
    sh = sh.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = sh.spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut lines = [String::new(), String::new()];
    said.read_line(&mut lines[0]).unwrap();
    clock.shift(-86_400).unwrap();
    // Its input ends: it goes on.
    drop(child.stdin.take());
    said.read_line(&mut lines[1]).unwrap();
    child.wait().unwrap();
    let times: Vec<i64> = lines.iter().map(|line| line.trim().parse().unwrap()).collect();
    let jump = times[1] - times[0];
    assert!((-86_400..-86_390).contains(&jump), "{jump} s");
}
