//! The format of messages: at every door, in edits and retries, and for mentions, search and exports.

use hallway::tables::messages;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::{
    ids::{ClientId, RoomId, Seq},
    live::ClientFrame,
    messages::{Message, Row},
    paths,
    problem::Code,
    search::Hits,
    text::Format,
};
use uuid::Uuid;

use crate::{
    fixture::{Fixture, LiveSocket, Person, Socket, all_messages, changes},
    search::texts,
};

/// The format of messages whose client names none.
const DEFAULT: Format = Format::Markdown;

async fn post(person: &Person, room: RoomId, format: Format, content: &str) -> Message {
    let path = paths::fill(paths::MESSAGES, &[&room]);
    person.post(&path, json!({"content": content, "format": format})).await.expect_json(201)
}

#[tokio::test]
async fn every_door_has_its_format() {
    let fixture = Fixture::start().await;
    let (path, member) = (fixture.path(paths::MESSAGES), &fixture.member);
    let post = async |new: Value| member.post(&path, new).await.expect_json::<Message>(201).format;
    assert_eq!(post(json!({"content": "a"})).await, DEFAULT);
    assert_eq!(post(json!({"content": "a", "format": null})).await, DEFAULT);
    assert_eq!(post(json!({"content": "a", "format": "text"})).await, Format::Text);
    assert_eq!(post(json!({"content": "a", "format": "markdown"})).await, Format::Markdown);
    member.post(&path, json!({"content": "a", "format": "html"})).await.expect_status(422);

    let mut live = LiveSocket::in_room(member, fixture.room).await;
    for (format, expected) in [
        (None, DEFAULT),
        (Some(Format::Text), Format::Text),
        (Some(Format::Markdown), Format::Markdown),
    ] {
        let (room, client_id, content) = (fixture.room, ClientId(Uuid::now_v7()), "b".to_owned());
        live.send(&ClientFrame::Send { room, client_id, content, format, reply_to: None }).await;
        assert_eq!(live.wait_ack(client_id).await.format, expected);
    }

    let classic = format!("/messages/create/{}/", fixture.room);
    member.post(&classic, json!({"content": "c", "format": "markdown"})).await.expect_status(201);
    let authorization = format!("Token {}", member.token);
    let headers = [("authorization", &*authorization)];
    let classic = format!("/ws/chat/{}/", fixture.room);
    let mut socket = Socket::open(fixture.server.address, &classic, &headers).await.unwrap();
    socket.send_text(r#"{"message": "d"}"#).await;
    socket.next().await;
    let stored = all_messages(&fixture.admin, fixture.room).await;
    let last: Vec<_> = stored.iter().rev().take(2).map(|m| (&*m.content, m.format)).collect();
    assert_eq!(last, [("d", Format::Text), ("c", Format::Text)]);
}

#[tokio::test]
async fn an_edit_keeps_the_format_unless_it_names_one() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    for format in Format::ALL {
        let posted = post(member, fixture.room, format, "*a*").await;
        let path = fixture.message_path(posted.seq.0);
        let edit = async |edit: Value| member.patch(&path, edit).await.expect_json::<Message>(200);
        let same = edit(json!({"content": "*a*"})).await;
        assert_eq!(same, edit(json!({"content": "*a*", "format": format})).await);
        assert_eq!((same.rev, same.edited_at), (posted.rev, None));
        let edited = edit(json!({"content": "*b*"})).await;
        assert_eq!((edited.format, edited.edited_at.is_some()), (format, true));
        let [other] =
            Format::ALL.map(|it| it).into_iter().filter(|it| *it != format).collect::<Vec<_>>()[..]
        else {
            panic!("two formats")
        };
        // The same text in another format is another message for its readers.
        let changed = edit(json!({"content": "*b*", "format": other})).await;
        assert_eq!((changed.format, changed.rev.0), (other, edited.rev.0 + 1));
        let missed = changes(member, fixture.room, edited.rev.0).await.changes;
        assert!(matches!(&missed[..], [one] if one.row == Row::Message(changed)));
    }
}

#[tokio::test]
async fn a_retry_is_of_the_same_format_or_names_none() {
    let fixture = Fixture::start().await;
    let (path, member) = (fixture.path(paths::MESSAGES), &fixture.member);
    for format in [None, Some(Format::Text), Some(Format::Markdown)] {
        let id = Uuid::now_v7();
        let new =
            |format: Option<Format>| json!({"client_id": id, "content": "a", "format": format});
        let first: Message = member.post(&path, new(format)).await.expect_json(201);
        for retry in [None, Some(first.format)] {
            let retried: Message = member.post(&path, new(retry)).await.expect_json(200);
            assert_eq!(retried, first);
        }
        let other = Format::ALL.into_iter().find(|it| *it != first.format);
        member.post(&path, new(other)).await.expect_problem(Code::ClientIdReused);
        // A later edit does not matter.
        let edit = json!({"content": "b", "format": other});
        let edited: Message =
            member.patch(&fixture.message_path(first.seq.0), edit).await.expect_json(200);
        for retry in [None, Some(first.format)] {
            let retried: Message = member.post(&path, new(retry)).await.expect_json(200);
            assert_eq!(retried, edited);
        }
    }
}

/// So that a retry still matches a message that a version without formats stored.
#[tokio::test]
async fn the_hash_of_plain_text_has_no_format() {
    let fixture = Fixture::start().await;
    let posted = post(&fixture.member, fixture.room, Format::Text, "a").await;
    let row = messages::Entity::find_by_id(posted.id.0);
    let row = row.one(&fixture.server.database().reader).await.unwrap().unwrap();
    let hash = Sha256::new().chain_update(0_i64.to_be_bytes()).chain_update("a").finalize();
    assert_eq!(row.sent_hash.as_deref(), Some(&hash[..]));
}

#[tokio::test]
async fn mentions_and_facets_go_by_the_format() {
    let fixture = Fixture::start().await;
    let (admin, room) = (&fixture.admin, fixture.room);
    let texts_of = async |q: &str| texts(&fixture.member, q).await;
    let code = "`https://x.test @member`";
    let as_text = post(admin, room, Format::Text, code).await;
    for q in ["has:mention", "has:link", "has:code", "mentions:me"] {
        assert_eq!(texts_of(q).await, [code], "{q}");
    }
    let path = fixture.message_path(as_text.seq.0);
    let edit = json!({"content": code, "format": "markdown"});
    admin.patch(&path, edit).await.expect_status(200);
    for (q, expected) in
        [("has:mention", &[][..]), ("has:link", &[]), ("has:code", &[code]), ("mentions:me", &[])]
    {
        assert_eq!(texts_of(q).await, expected, "{q}");
    }
    let linked = "[**@member**](https://x.test) \\@member";
    post(admin, room, Format::Markdown, linked).await;
    assert_eq!(texts_of("has:link").await, [linked]);
    assert!(texts_of("has:mention").await.is_empty());
    let mentioned = "hello **@member**";
    post(admin, room, Format::Markdown, mentioned).await;
    assert_eq!(texts_of("mentions:me").await, [mentioned]);
    // The index has the same facets as the newest messages, which it does not contain yet.
    fixture.server.wait_until_indexed().await;
    assert_eq!(texts_of("has:link").await, [linked]);
    assert_eq!(texts_of("has:code").await, [code]);
    let hits: Hits = fixture.member.get("/api/v1/messages?q=%22x%20test%22").await.expect_json(200);
    assert_eq!(hits.hits.len(), 2, "the text to search is the source");
}

#[tokio::test]
async fn a_deleted_message_has_no_format() {
    let fixture = Fixture::start().await;
    let posted = post(&fixture.member, fixture.room, Format::Markdown, "**a**").await;
    let path = fixture.message_path(posted.seq.0);
    fixture.member.delete(&path).await.expect_status(204);
    let deleted: Message = fixture.member.get(&path).await.expect_json(200);
    assert_eq!((deleted.format, &*deleted.content), (Format::Text, ""));
}

#[tokio::test]
async fn exports_carry_the_format() {
    let fixture = Fixture::start().await;
    let (member, room) = (&fixture.member, fixture.room);
    let source = "# Plan\n**bold** <b>x</b> ||<i>||\n```rust\nlet a = \"<\";\n```";
    post(member, room, Format::Text, source).await;
    post(member, room, Format::Markdown, source).await;
    let export = async |format: &str| {
        let path = format!("{}?format={format}", paths::fill(paths::EXPORT, &[&room]));
        member.get(&path).await.text
    };
    let lines = export("jsonl").await;
    let messages: Vec<Message> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<_> = messages[2..].iter().map(|m| (m.seq, m.format, &*m.content)).collect();
    assert_eq!(found, [(Seq(3), Format::Text, source), (Seq(4), Format::Markdown, source)]);
    let html = export("html").await;
    assert!(
        html.contains("<div class=\"plain\" dir=\"auto\"># Plan\n**bold** &lt;b&gt;x&lt;/b&gt;")
    );
    let (_, markdown) = html.rsplit_once("<div class=\"markdown\">").unwrap();
    let expected = "<h3 dir=\"auto\">Plan</h3><p dir=\"auto\"><strong>bold</strong> \
        &lt;b&gt;x&lt;/b&gt; <span class=\"spoiler\" tabindex=\"0\">&lt;i&gt;</span></p>\
        <pre data-language=\"rust\">let a = &quot;&lt;&quot;;</pre></div></article>";
    assert!(markdown.starts_with(expected), "{markdown}");
    let own = member.get(paths::ME_EXPORT).await.text;
    let own: Vec<Value> = own.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let formats: Vec<_> =
        own.iter().filter_map(|line| line["message"]["format"].as_str()).collect();
    assert_eq!(formats[formats.len() - 2..], ["text", "markdown"]);
}
