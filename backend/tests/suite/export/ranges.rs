//! Which part, how it is called, and what cannot be asked for.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use shared::{ids::RoomId, paths, problem::Code};

use super::{FORMATS, export, messages};
use crate::{
    actors::{Cast, PASSWORD},
    search::{address, room, say},
};

async fn five(cast: &Cast) -> RoomId {
    let room = room(cast, "Büro / \"5\"").await;
    for nth in 1..=5 {
        say(&cast.member, room, &format!("word {nth}")).await;
    }
    room
}

#[tokio::test]
async fn a_part_is_what_was_asked_for() {
    let cast = Cast::assemble().await;
    let room = five(&cast).await;
    for (asked, expected) in [
        (&[][..], &[1, 2, 3, 4, 5][..]),
        (&[("from_seq", "4")], &[4, 5]),
        (&[("to_seq", "2")], &[1, 2]),
        (&[("from_seq", "2"), ("to_seq", "4")], &[2, 3, 4]),
        (&[("from_seq", "5"), ("to_seq", "5")], &[5]),
        (&[("from_seq", "5"), ("to_seq", "5000")], &[5]),
        (&[("from_seq", "6")], &[]),
        (&[("from_seq", "9223372036854775807")], &[]),
    ] {
        for format in FORMATS {
            let asked = [asked, &[("format", format)]].concat();
            let answer = export(&cast.member, room, &asked).await;
            assert_eq!(answer.header("hallway-messages"), expected.len().to_string());
            let found = (1..=5).filter(|nth| answer.text.contains(&format!("word {nth}")));
            assert_eq!(found.collect::<Vec<i64>>(), expected, "{asked:?}");
        }
    }
    let answer = export(&cast.member, room, &[("from_seq", "2")]).await;
    let seqs: Vec<_> = messages(&answer.text).iter().map(|message| message.seq.0).collect();
    assert_eq!(seqs, [2, 3, 4, 5]);
}

#[tokio::test]
async fn a_file_has_a_name_and_a_type() {
    let cast = Cast::assemble().await;
    let room = five(&cast).await;
    for (format, end, kind) in [
        ("jsonl", "jsonl", "application/jsonl; charset=utf-8"),
        ("csv", "csv", "text/csv; charset=utf-8; header=present"),
        ("markdown", "md", "text/markdown; charset=utf-8"),
        ("html", "html", "text/html; charset=utf-8"),
    ] {
        let answer = export(&cast.member, room, &[("format", format), ("to_seq", "3")]).await;
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(
            answer.header("content-disposition"),
            format!(
                "attachment; filename=\"B_ro - -5- 1-3.{end}\"; \
                 filename*=UTF-8''B%C3%BCro%20-%20-5-%201-3.{end}"
            )
        );
        let found = cast.member.get(&address(paths::EXPORT_SEARCH, &[("format", format)])).await;
        let name = found.header("content-disposition");
        assert!(name.starts_with("attachment; filename=\"Search 20") && name.contains(end));
        assert_eq!((found.header("content-type"), found.header("hallway-messages")), (kind, ""));
    }
}

#[tokio::test]
async fn what_cannot_be_is_named() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::EXPORT);
    let refused = |path: &str, parameters: &[(&str, &str)]| {
        let (member, path) = (cast.member.clone(), address(path, parameters));
        async move { member.get(&path).await }
    };
    let turned = [("from_seq", "3"), ("to_seq", "2")];
    refused(&path, &turned).await.refused_field("from_seq", "greater than to_seq, 2, and is 3");
    refused(&path, &[("from_seq", "0")]).await.refused_field("from_seq", "at least 1");
    refused(&path, &[("from_seq", "x")]).await.refused_field("from_seq", "digit");
    for (path, field) in [(&*path, "q"), (paths::EXPORT_SEARCH, "from_seq")] {
        refused(path, &[(field, "1")]).await.refused_field(field, "not known");
        refused(path, &[("tz", "Berlin")]).await.refused_field("tz", "+02:00");
        for format in FORMATS {
            refused(path, &[("format", "pdf")]).await.refused_field("format", format);
        }
    }
}

#[tokio::test]
async fn only_members_take_a_room_with_them() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::EXPORT);
    cast.anon.get(&path).await.refused(Code::Unauthenticated);
    cast.anon.get(paths::EXPORT_SEARCH).await.refused(Code::Unauthenticated);
    cast.outsider.get(&path).await.refused(Code::NotAMember);
    let nowhere = paths::fill(paths::EXPORT, &[&77]);
    cast.admin.get(&nowhere).await.refused(Code::NotFound);
    // A script without a session.
    let basic = STANDARD.encode(format!("member:{PASSWORD}"));
    let script = cast.anon.with(&format!("Basic {basic}"));
    assert_eq!(messages(&export(&script, cast.room, &[]).await.text).len(), 2);
}

#[tokio::test]
async fn days_are_those_of_the_reader() {
    let cast = Cast::assemble().await;
    let room = five(&cast).await;
    for (nth, moment) in [(1, "2026-02-28T23:30:00Z"), (2, "2026-02-28T23:40:00Z")] {
        cast.said_at(room, nth, moment).await;
    }
    for format in ["markdown", "html"] {
        let asked = [("format", format), ("to_seq", "2")];
        let utc = export(&cast.member, room, &asked).await.text;
        assert!(utc.contains("Saturday, 28 February 2026") && utc.contains("23:30"), "{utc}");
        let there = [&asked[..], &[("tz", "+01:00")]].concat();
        let there = export(&cast.member, room, &there).await.text;
        assert!(there.contains("Sunday, 1 March 2026") && there.contains("00:30"), "{there}");
        assert_eq!(there.matches("Sunday, 1 March 2026").count(), 1);
    }
    let csv = [("format", "csv"), ("tz", "+01:00")];
    let csv = export(&cast.member, room, &csv).await.text;
    assert!(csv.contains("\"2026-03-01T00:30:00+01:00\""), "{csv}");
}

#[tokio::test]
async fn an_empty_room_is_an_empty_file() {
    let cast = Cast::assemble().await;
    let room = room(&cast, "Empty").await;
    for format in FORMATS {
        let answer = export(&cast.member, room, &[("format", format)]).await;
        assert_eq!(answer.header("hallway-messages"), "0");
        assert!(answer.header("content-disposition").contains("\"Empty."));
        assert!(!answer.text.contains("<article"));
    }
    assert_eq!(export(&cast.member, room, &[]).await.text, "");
    say(&cast.member, room, "now").await;
    let gone = paths::fill(paths::MESSAGE, &[&room, &1]);
    cast.member.patch(&gone, json!({"content": "then"})).await.is(200);
    assert!(export(&cast.member, room, &[("format", "html")]).await.text.contains("<i>edited</i>"));
}
