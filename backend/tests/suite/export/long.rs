//! More than is read at a time, taken slowly: what happens meanwhile.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shared::{
    ids::{ClientId, RoomId},
    paths,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use uuid::Uuid;

use super::{export, messages};
use crate::{
    actors::{Cast, LiveSocket, PASSWORD, PATIENCE, Person},
    search::{address, room, say},
};

/// More than two parts.
const LONG: usize = 1_200;

/// A room in which so much was said, each a text of so many bytes.
async fn talk(cast: &Cast, bytes: usize) -> RoomId {
    let room = room(cast, "Long").await;
    let mut live = LiveSocket::open(&cast.member).await;
    for nth in 1..=LONG {
        let name = ClientId(Uuid::now_v7());
        live.say(room, name, &format!("word {nth}. {}", "x".repeat(bytes))).await;
        // Not more than waits for a socket.
        if nth % 100 == 0 {
            live.ack(name).await;
        }
    }
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn all_come_once_in_their_order() {
    let cast = Cast::assemble().await;
    let room = talk(&cast, 20).await;
    let seqs = |text: &str| -> Vec<_> { messages(text).iter().map(|m| m.seq.0).collect() };
    let all: Vec<_> = (1..=LONG as i64).collect();
    assert_eq!(seqs(&export(&cast.member, room, &[]).await.text), all);
    let part = export(&cast.member, room, &[("from_seq", "499"), ("to_seq", "1001")]).await;
    assert_eq!(seqs(&part.text), all[498..1_001]);
    assert_eq!(part.header("hallway-messages"), "503");
    // By an index alone, and with a second look at what it finds.
    for q in ["word in:Long", "in:Long -~tape", "in:Long"] {
        let path = address(paths::EXPORT_SEARCH, &[("q", q)]);
        assert_eq!(seqs(&cast.member.get(&path).await.text), all, "{q}");
    }
    let csv = export(&cast.member, room, &[("format", "csv")]).await.text;
    assert_eq!(csv.lines().count(), LONG + 1);
    let html = export(&cast.member, room, &[("format", "html")]).await.text;
    let anchors = html.split("<article id=\"m").skip(1);
    let anchors = anchors.map(|article| article.split_once('"').unwrap().0.parse().unwrap());
    assert_eq!(anchors.collect::<Vec<i64>>(), all);
    let markdown = export(&cast.member, room, &[("format", "markdown")]).await.text;
    assert_eq!(markdown.matches("\n**member** at ").count(), LONG);
}

/// A file that is taken only when asked for more: little of it fits between the two ends.
struct Slow(TcpStream, Vec<u8>);

impl Slow {
    async fn begin(person: &Person, path: &str) -> Self {
        Self::by(person, &format!("Bearer {}", person.token), path).await
    }

    async fn by(person: &Person, authorization: &str, path: &str) -> Self {
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(32 * 1_024).unwrap();
        let mut tcp = tcp.connect(person.address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: {authorization}\r\n\
             connection: close\r\n\r\n",
            person.address
        );
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut taken = vec![0; 4_096];
        timeout(PATIENCE, tcp.read_exact(&mut taken)).await.expect("a beginning").unwrap();
        assert!(taken.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&taken));
        Self(tcp, taken)
    }

    /// The rest: the whole body, or none if it broke off.
    async fn end(mut self) -> Option<String> {
        let read = self.0.read_to_end(&mut self.1);
        let whole = timeout(PATIENCE, read).await.expect("an end").is_ok();
        let text = String::from_utf8_lossy(&self.1);
        let (head, mut rest) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        let mut body = String::new();
        while let Some((size, more)) = rest.split_once("\r\n") {
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                assert!(whole);
                return Some(body);
            }
            body.push_str(more.get(..size)?);
            rest = more.get(size + 2..)?;
        }
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_out_gets_no_more() {
    let cast = Cast::assemble().await;
    let room = talk(&cast, 8_000).await;
    let path = paths::fill(paths::EXPORT, &[&room]);
    let search = address(paths::EXPORT_SEARCH, &[("q", "in:Long")]);
    let membership = paths::fill(paths::MEMBERSHIP, &[&room]);
    let html = format!("{path}?format=html");
    for path in [&path, &html, &search] {
        let slow = Slow::begin(&cast.member, path).await;
        let member = paths::fill(paths::MEMBER, &[&room, &cast.member.user.id]);
        cast.admin.delete(&member).await.is(204);
        assert_eq!(slow.end().await, None, "{path}");
        cast.member.put(&membership, Value::Null).await.is(200);
    }
    let whole = Slow::begin(&cast.member, &path).await.end().await.unwrap();
    assert_eq!(messages(&whole).len(), LONG);

    for path in [&path, &search] {
        let guest = cast.server.sign_in("member").await;
        let slow = Slow::begin(&guest, path).await;
        guest.delete("/api/v1/sessions/current").await.is(204);
        assert_eq!(slow.end().await, None, "{path}");
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("member:{PASSWORD}")));
    let slow = Slow::by(&cast.member, &basic, &path).await;
    let account = paths::fill(paths::USER, &[&cast.member.user.id]);
    cast.admin.patch(&account, json!({"is_disabled": true})).await.is(200);
    assert_eq!(slow.end().await, None);

    let slow = Slow::begin(&cast.admin, &path).await;
    cast.admin.delete(&paths::fill(paths::ROOM, &[&room])).await.is(204);
    assert_eq!(slow.end().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_fixed_and_what_is_deleted_meanwhile_is_gone() {
    let cast = Cast::assemble().await;
    let room = talk(&cast, 8_000).await;
    let search = address(paths::EXPORT_SEARCH, &[("q", "in:Long word")]);
    for (nth, path) in [paths::fill(paths::EXPORT, &[&room]), search].into_iter().enumerate() {
        let slow = Slow::begin(&cast.member, &path).await;
        say(&cast.admin, room, "word behind your back").await;
        let at = |seq: usize| paths::fill(paths::MESSAGE, &[&room, &(seq - nth)]);
        cast.member.delete(&at(LONG)).await.is(204);
        cast.member.patch(&at(LONG - 5), json!({"content": "another word"})).await.is(200);
        let whole = slow.end().await.unwrap();
        assert!(!whole.contains("behind your back") || nth == 1);
        assert!(!whole.contains(&format!("word {}.", LONG - nth)));
        let found = messages(&whole);
        if nth == 0 {
            assert_eq!(found.len(), LONG);
            assert!(found[LONG - 1].deleted_at.is_some() && found[LONG - 1].content.is_empty());
            assert_eq!(found[LONG - 6].content, "another word");
        } else {
            // A search finds no tombstones; what was said before it began, it does.
            assert_eq!(found.len(), LONG - 1);
        }
    }
}
