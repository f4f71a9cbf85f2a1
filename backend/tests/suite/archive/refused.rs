//! Refused imports: damaged and inconsistent archives, and storages that are not empty.

use std::fs;

use serde_json::json;
use shared::{paths, rooms::Room};

use super::{archive_path, export, import, with_checksum};
use crate::fixture::{Client, Fixture, Process, Storage, register, template};

/// Imports an invalid archive; returns the error output.
async fn import_error(storage: &Storage, text: &str) -> String {
    let path = archive_path(storage);
    fs::write(&path, text).unwrap();
    let (code, stdout, stderr) = storage.run(&["import", path.to_str().unwrap()]).await;
    assert_eq!((code, &*stdout), (Some(1), ""), "{stderr}");
    stderr
}

/// An archive in which a test replaces the first occurrence of a string.
struct Altered(String);

impl Altered {
    fn with(&self, from: &str, to: &str) -> String {
        assert!(self.0.contains(from), "{from} is not in {}", self.0);
        self.0.replacen(from, to, 1)
    }
}

async fn expect_import_errors(storage: &Storage, cases: &[(String, String)]) {
    for (broken, error_text) in cases {
        let stderr = import_error(storage, broken).await;
        assert!(stderr.contains(error_text), "{stderr:?} does not contain {error_text:?}");
    }
}

#[tokio::test]
async fn a_damaged_archive_is_refused_and_nothing_is_imported() {
    let text = export(&template().copy().await).await;
    let storage = Storage::empty().await;
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    let lines = text.lines().count();
    let altered = Altered(text.clone());
    let with = |from, to| altered.with(from, to);
    let cases = [
        ("hello\n".into(), "this is not an archive".into()),
        (with("\"format\":2", "\"format\":3,\"new\":[]"), "format 3, but this version".into()),
        (text[..last].into(), format!("line {lines}: the archive is incomplete")),
        (text[..last - 9].into(), format!("line {}: the archive is incomplete", lines - 1)),
        (format!("{text}{{}}\n"), format!("line {lines}: the archive goes on after its end")),
        (with("\"first\"", "\"worst\""), format!("line {lines}: the lines before this one")),
        (with_checksum(&with("\"users\":3", "\"users\":4")), "the header announces".into()),
        (with_checksum(&with("\"member_count\":2", "\"member_count\":3")), "room 1 has 2".into()),
    ];
    expect_import_errors(&storage, &cases).await;
    // The refused imports left nothing behind.
    import(&storage, &text).await;
    assert!(export(&storage).await == text);
    let stderr = import_error(&storage, &text).await;
    assert!(stderr.contains("choose an empty one"), "{stderr}");
    assert!(export(&storage).await == text, "the refused import changed the storage");
}

#[tokio::test]
async fn an_inconsistent_archive_is_refused_with_line_and_field() {
    let altered = Altered(export(&template().copy().await).await);
    let with = |from, to| altered.with(from, to);
    let long = format!("\"{}\"", "x".repeat(151));
    let room_name = format!("\"room_name\":\"{}", "x".repeat(256));
    let cases = [
        (with("\"name\":\"Hallway\"", "\"name\":\" \""), "line 2: server: name must be trimmed"),
        (with("\"sign_up\":\"open\"", "\"sign_up\":\"maybe\""), "line 2: server.sign_up: unknown"),
        (
            with("\"direct\":\"all\"", "\"direct\":\"all\",\"email_domains\":[\"A.example\"]"),
            "line 2: server: email_domains must be different domains in lower case",
        ),
        (
            with("\"is_disabled\":false", "\"is_disabled\":false,\"email\":\"ada\""),
            "line 3: user: email must be an e-mail address",
        ),
        (with("\"member\"", &long), "line 4: user: username must be at most 150"),
        (with("\"member\"", "\"ADMIN\""), "line 4: user: username is the name of another"),
        (
            with(
                "\"username\":\"member\"",
                "\"profile\":{\"display_name\":\"ADMIN\"},\"username\":\"member\"",
            ),
            "line 4: user: display_name is the name of another",
        ),
        (with("$argon2id$", "$argon2i$"), "line 3: user: password_hash must be"),
        (
            with("\"created_by\":1", "\"created_by\":9"),
            "line 6: room: created_by must be the id of an",
        ),
        (
            with("\"kind\":\"open\"", "\"kind\":\"private\",\"is_default\":true"),
            "line 6: room: is_default must be false for a room that is archived or not open",
        ),
        (
            with("\"read_seq\":2", "\"read_seq\":2,\"favourite\":101"),
            "member: favourite must be 1 to 100, but is 101",
        ),
        (with("\"topic\"", "\"tropic\""), "line 6: room.tropic: unknown field `tropic`"),
        (with("\"last_seq\":2", "\"last_seq\":1"), "member: read_seq must be 0 to 1, but is 2"),
        (with("\"read_seq\":2", "\"read_seq\":3"), "member: read_seq must be 0 to 2"),
        (with("\"seq\":2", "\"seq\":3"), "message: seq must be 2 to 2, but is 3"),
        (with("\"content\":\"first\"", "\"content\":\" \""), "message: content must not be"),
        (with("\"rev\":3", "\"rev\":2"), "line 8: member: rev must be unique in its room, but 2"),
        (with("\"rev\":2", "\"rev\":1"), "line 7: member: rev must be unique in its room, but 1"),
        (with("\"rev\":5", "\"rev\":3"), "line 10: message: rev must be unique in its room"),
        (
            with("\"id\":2,\"room\"", "\"id\":1,\"room\""),
            "line 10: message: id is the id of another",
        ),
        (with("\"seq\":2", "\"seq\":1"), "line 10: message: seq must be 2 to 2, but is 1"),
        (with("\"last_rev\":5", "\"last_rev\":9007199254740991"), "line 6: room: last_rev must be"),
        (
            with("\"messages\":2,\"audit\":1}}", "\"messages\":9007199254740991,\"audit\":1}}"),
            "line 1: last_ids: messages",
        ),
        (with("\"audit\":1}}", "\"audit\":9007199254740991}}"), "line 1: last_ids: audit"),
        (with("\"after_seq\":0", "\"after_seq\":3"), "line 11: event: after_seq must be 0 to 2"),
        (
            with("\"joined\",\"by\":2", "\"joined\",\"by\":9"),
            "line 11: event: by must be the id of an",
        ),
        (with("room_created", "flew"), "line 12: audit.action: unknown variant `flew`"),
        (
            with("\"room_name\":\"Lobby", &room_name),
            "line 12: audit: room_name must be at most 255",
        ),
        (
            with("{\"audit\":{\"id\":1", "{\"audit\":{\"id\":2"),
            "audit: id must be 1 to 1, but is 2",
        ),
    ];
    let cases = cases.map(|(broken, error_text)| (broken, error_text.to_owned()));
    expect_import_errors(&Storage::empty().await, &cases).await;
}

#[tokio::test]
async fn blocks_follow_their_accounts_in_order() {
    let altered = Altered(export(&template().copy().await).await);
    let room = "{\"room\":{\"id\":1";
    let with = |blocks: &[(i64, i64)]| {
        let line = |(user, blocked): &(i64, i64)| {
            let at = "2026-01-01T00:00:00Z";
            let line = json!({"block": {"user": user, "blocked": blocked, "created_at": at}});
            format!("{line}\n")
        };
        altered.with(room, &format!("{}{room}", blocks.iter().map(line).collect::<String>()))
    };
    let cases = [
        (with(&[(1, 9)]), "line 6: block: blocked must be the id of an account"),
        (with(&[(9, 1)]), "line 6: block: user must be the id of an account"),
        (with(&[(2, 2)]), "line 6: block: blocked must be another account"),
        (with(&[(1, 2), (1, 2)]), "line 7: block: user must follow"),
        (with(&[(2, 1), (1, 2)]), "line 7: block: user must follow"),
    ];
    let cases = cases.map(|(broken, error_text)| (broken, error_text.to_owned()));
    expect_import_errors(&Storage::empty().await, &cases).await;
}

/// The ids of a server that starts after a refused import begin at 1.
#[tokio::test]
async fn a_refused_import_leaves_no_counters() {
    let text = export(&template().copy().await).await;
    let last_ids = "\"last_ids\":{\"users\":3,\"rooms\":1,\"messages\":2,\"audit\":1}";
    let high = "\"last_ids\":{\"users\":700,\"rooms\":800,\"messages\":900,\"audit\":950}";
    let text = Altered(text).with(last_ids, high);
    // After all rows, and before the last one.
    let late =
        with_checksum(&Altered(text.clone()).with("\"member_count\":2", "\"member_count\":3"));
    let early = Altered(text).with("\"rev\":5", "\"rev\":3");
    let storage = Storage::empty().await;
    for broken in [late, early] {
        import_error(&storage, &broken).await;
    }
    let server = Process::start(&storage).await;
    let admin = register(&Client::new(server.address), "ada").await;
    let room: Room = admin.post(paths::ROOMS, json!({"name": "Lobby"})).await.expect_json(201);
    let message = admin.post_message(room.id, "hello").await;
    assert_eq!((admin.user.id.0, room.id.0, message.id.0), (1, 1, 1));
}

#[tokio::test]
async fn a_direct_room_of_other_people_is_refused() {
    let fixture = Fixture::start().await;
    let users = json!({"users": [fixture.admin.user.id]});
    fixture.member.post(paths::DIRECT, users).await.expect_status(201);
    let altered = Altered(export(fixture.server.storage()).await);
    let broken = altered.with("\"direct_key\":\"", "\"direct_key\":\"0");
    let cases = [(with_checksum(&broken), "room 2: direct_key must be that of its members".into())];
    expect_import_errors(&Storage::empty().await, &cases).await;
}
