//! Refused imports: damaged and inconsistent archives, and storages that are not empty.

use std::fs;

use serde_json::json;
use sha2::{Digest, Sha256};
use shared::{paths, rooms::Room};

use super::{archive_path, export, import};
use crate::fixture::{Client, Process, Storage, register, template};

/// Imports an invalid archive; returns the error output.
async fn import_error(storage: &Storage, text: &str) -> String {
    let path = archive_path(storage);
    fs::write(&path, text).unwrap();
    let (code, stdout, stderr) = storage.run(&["import", path.to_str().unwrap()]).await;
    assert_eq!((code, &*stdout), (Some(1), ""), "{stderr}");
    stderr
}

/// An altered archive with a valid checksum.
fn with_checksum(text: &str) -> String {
    let (lines, end) = text.split_at(text.trim_end().rfind('\n').unwrap() + 1);
    let (end, _) = end.split_once("\"sha256\"").unwrap();
    format!("{lines}{end}\"sha256\":\"{:x}\"}}}}\n", Sha256::digest(lines))
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
        (with("\"format\":1", "\"format\":2,\"new\":[]"), "format 2, but this version".into()),
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
    let cases = [
        (with("\"member\"", &long), "line 3: user: username must be at most 150"),
        (with("\"member\"", "\"ADMIN\""), "line 3: user: username is the name of another"),
        (with("$argon2id$", "$argon2i$"), "line 2: user: password_hash must be"),
        (
            with("\"created_by\":1", "\"created_by\":9"),
            "line 5: room: created_by must be the id of an",
        ),
        (with("\"topic\"", "\"tropic\""), "line 5: room.tropic: unknown field `tropic`"),
        (with("\"last_seq\":2", "\"last_seq\":1"), "member: read_seq must be 0 to 1, but is 2"),
        (with("\"read_seq\":2", "\"read_seq\":3"), "member: read_seq must be 0 to 2"),
        (with("\"seq\":2", "\"seq\":3"), "message: seq must be 2 to 2, but is 3"),
        (with("\"content\":\"first\"", "\"content\":\" \""), "message: content must not be"),
        (with("\"rev\":3", "\"rev\":2"), "line 7: member: rev must be unique in its room, but 2"),
        (with("\"rev\":2", "\"rev\":1"), "line 6: member: rev must be unique in its room, but 1"),
        (with("\"rev\":5", "\"rev\":3"), "line 9: message: rev must be unique in its room"),
        (
            with("\"id\":2,\"room\"", "\"id\":1,\"room\""),
            "line 9: message: id is the id of another",
        ),
        (with("\"seq\":2", "\"seq\":1"), "line 9: message: seq must be 2 to 2, but is 1"),
        (with("\"last_rev\":5", "\"last_rev\":9007199254740991"), "line 5: room: last_rev must be"),
        (with("\"messages\":2}}", "\"messages\":9007199254740991}}"), "line 1: last_ids: messages"),
    ];
    let cases = cases.map(|(broken, error_text)| (broken, error_text.to_owned()));
    expect_import_errors(&Storage::empty().await, &cases).await;
}

/// The ids of a server that starts after a refused import begin at 1.
#[tokio::test]
async fn a_refused_import_leaves_no_counters() {
    let text = export(&template().copy().await).await;
    let last_ids = "\"last_ids\":{\"users\":3,\"rooms\":1,\"messages\":2}";
    let high = "\"last_ids\":{\"users\":700,\"rooms\":800,\"messages\":900}";
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
