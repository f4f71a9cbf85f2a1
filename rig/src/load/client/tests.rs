//! A client pool against scripted servers.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use shared::ids::RoomId;

use super::*;

/// A server for one socket. It sends these frames when it receives "go", then closes with 1012.
fn scripted_server(frames: Vec<String>) -> (SocketAddr, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_until(&mut stream, b"\r\n\r\n");
        let accept = wire::ACCEPT;
        let head =
            format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {accept}\r\n");
        write!(stream, "{head}\r\n").unwrap();
        send(&mut stream, r#"{"type":"welcome"}"#);
        read_until(&mut stream, br#"{"type":"subscribe","room":3}"#);
        send(&mut stream, r#"{"type":"subscribed","room":3,"rev":10}"#);
        read_until(&mut stream, b"go");
        frames.iter().for_each(|frame| send(&mut stream, frame));
        let mut end = Vec::new();
        wire::write_server_frame(&mut end, CLOSE, &1012u16.to_be_bytes());
        stream.write_all(&end).unwrap();
    });
    (address, server)
}

fn send(stream: &mut TcpStream, text: &str) {
    let mut bytes = Vec::new();
    wire::write_server_frame(&mut bytes, TEXT, text.as_bytes());
    // In two parts, because TCP may split a frame.
    let (first, second) = bytes.split_at(bytes.len() / 2);
    stream.write_all(first).unwrap();
    stream.write_all(second).unwrap();
}

fn read_until(stream: &mut TcpStream, end: &[u8]) {
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !read.ends_with(end) {
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
}

fn message(rev: i64) -> String {
    format!(
        r#"{{"type":"message","room":3,"rev":{rev},"message":{{"content":"t=0000000000001 n=000000007 so"}}}}"#
    )
}

#[test]
fn skips_duplicates_late_changes_gaps_and_closes_are_counted() {
    let gap = r#"{"type":"gap","room":3,"from_rev":15,"to_rev":20,"last_seq":1}"#.to_owned();
    let frames = [11, 11, 14, 12].map(message).into_iter().chain([gap]).chain([message(21)]);
    let (address, server) = scripted_server(frames.collect());
    let mut pool = ClientPool::new(address).unwrap();
    let role = Role::subscriber(RoomId(3));
    pool.pending_deliveries = Some(vec![0, 0, 0, 0, 0, 0, 0, 5]);
    pool.open(vec![("", role)], 1, Duration::from_secs(10)).unwrap();
    pool.send(0, b"go");
    while pool.connections()[0].state != ConnectionState::Closed {
        assert!(pool.poll(Duration::from_secs(10)).unwrap(), "no event");
    }
    server.join().unwrap();
    let errors = &pool.counters.errors;
    assert_eq!((errors.duplicated, errors.misordered, errors.gaps), (1, 1, 6));
    assert_eq!(
        (errors.closed, errors.first_message.as_deref()),
        (1, Some("a socket ended: closed with 1012"))
    );
    assert_eq!(pool.counters.deliveries, 5);
    assert_eq!(pool.fully_delivered, [7], "message 7 was delivered five times");
    let Role::Subscriber { revs, .. } = &pool.connections()[0].role else { panic!("a subscriber") };
    assert_eq!(revs.count_lost(21), 1, "13 never came");
}

#[test]
fn a_refused_socket_does_not_count_as_live() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_until(&mut stream, b"\r\n\r\n");
        write!(stream, "HTTP/1.1 401 Unauthorized\r\n\r\n").unwrap();
    });
    let mut pool = ClientPool::new(address).unwrap();
    let refused = pool.open(vec![("", Role::Sender)], 1, Duration::from_secs(10)).unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    server.join().unwrap();
}
