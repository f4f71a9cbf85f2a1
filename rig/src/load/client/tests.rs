use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use shared::ids::RoomId;

use super::*;

/// A server of one socket that welcomes it and, on a "go", says what it was told to.
fn scripted(frames: Vec<String>) -> (SocketAddr, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        until(&mut stream, b"\r\n\r\n");
        let accept = wire::ACCEPT;
        let head =
            format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {accept}\r\n");
        write!(stream, "{head}\r\n").unwrap();
        say(&mut stream, r#"{"type":"welcome"}"#);
        until(&mut stream, br#"{"type":"subscribe","room":3}"#);
        say(&mut stream, r#"{"type":"subscribed","room":3,"rev":10}"#);
        until(&mut stream, b"go");
        frames.iter().for_each(|frame| say(&mut stream, frame));
        let mut end = Vec::new();
        wire::put(&mut end, CLOSE, &1012u16.to_be_bytes(), false);
        stream.write_all(&end).unwrap();
    });
    (address, server)
}

fn say(stream: &mut TcpStream, text: &str) {
    let mut bytes = Vec::new();
    wire::put(&mut bytes, TEXT, text.as_bytes(), false);
    // In two parts: a frame need not come whole.
    let (first, second) = bytes.split_at(bytes.len() / 2);
    stream.write_all(first).unwrap();
    stream.write_all(second).unwrap();
}

fn until(stream: &mut TcpStream, end: &[u8]) {
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
fn a_hole_a_double_a_late_one_a_gap_and_an_end_are_seen() {
    let gap = r#"{"type":"gap","room":3,"from_rev":15,"to_rev":20,"last_seq":1}"#.to_owned();
    let frames = [11, 11, 14, 12].map(message).into_iter().chain([gap]).chain([message(21)]);
    let (address, server) = scripted(frames.collect());
    let mut crowd = Crowd::new(address).unwrap();
    let role = Role::Subscriber { room: RoomId(3), follow: Follow::default() };
    crowd.awaited = Some(vec![0, 0, 0, 0, 0, 0, 0, 5]);
    crowd.open(vec![("", role)], 1, Duration::from_secs(10)).unwrap();
    crowd.say(0, b"go");
    while crowd.conns()[0].phase != Phase::Closed {
        assert!(crowd.turn(Duration::from_secs(10)).unwrap(), "nothing comes");
    }
    server.join().unwrap();
    let faults = &crowd.tally.faults;
    assert_eq!((faults.duplicated, faults.misordered, faults.gaps), (1, 1, 6));
    assert_eq!(
        (faults.closed, faults.complaint.as_deref()),
        (1, Some("a socket ended: closed with 1012"))
    );
    assert_eq!(crowd.tally.deliveries, 5);
    assert_eq!(crowd.complete, [7], "all five deliveries of message 7 came");
    let Role::Subscriber { follow, .. } = &crowd.conns()[0].role else { panic!("a subscriber") };
    assert_eq!(follow.lost(21), 1, "13 never came");
}

#[test]
fn who_is_refused_does_not_count_as_live() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        until(&mut stream, b"\r\n\r\n");
        write!(stream, "HTTP/1.1 401 Unauthorized\r\n\r\n").unwrap();
    });
    let mut crowd = Crowd::new(address).unwrap();
    let refused = crowd.open(vec![("", Role::Speaker)], 1, Duration::from_secs(10)).unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    server.join().unwrap();
}
