//! Ranges, file names, and invalid parameters.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use shared::{ids::RoomId, paths, problem::Code};

use super::{FORMATS, export, messages};
use crate::{
    fixture::{Fixture, PASSWORD},
    search::{address, room},
};

/// Creates a room with five messages.
async fn room_of_five(fixture: &Fixture) -> RoomId {
    let room = room(fixture, "Büro / \"5\"").await;
    for nth in 1..=5 {
        fixture.member.post_message(room, &format!("word {nth}")).await;
    }
    room
}

#[tokio::test]
async fn an_export_has_the_requested_range() {
    let fixture = Fixture::start().await;
    let room = room_of_five(&fixture).await;
    for (parameters, expected) in [
        (&[][..], &[1, 2, 3, 4, 5][..]),
        (&[("from_seq", "4")], &[4, 5]),
        (&[("to_seq", "2")], &[1, 2]),
        (&[("from_seq", "2"), ("to_seq", "4")], &[2, 3, 4]),
        (&[("from_seq", "5"), ("to_seq", "5")], &[5]),
        (&[("from_seq", "5"), ("to_seq", "5000")], &[5]),
        (&[("from_seq", "6")], &[]),
        (&[("from_seq", "9007199254740991")], &[]),
    ] {
        for format in FORMATS {
            let parameters = [parameters, &[("format", format)]].concat();
            let response = export(&fixture.member, room, &parameters).await;
            assert_eq!(response.header("hallway-messages"), expected.len().to_string());
            let found = (1..=5).filter(|nth| response.text.contains(&format!("word {nth}")));
            assert_eq!(found.collect::<Vec<i64>>(), expected, "{parameters:?}");
        }
    }
    let response = export(&fixture.member, room, &[("from_seq", "2")]).await;
    let seqs: Vec<_> = messages(&response.text).iter().map(|message| message.seq.0).collect();
    assert_eq!(seqs, [2, 3, 4, 5]);
}

#[tokio::test]
async fn a_file_has_a_name_and_a_type() {
    let fixture = Fixture::start().await;
    let room = room_of_five(&fixture).await;
    for (format, end, kind) in [
        ("jsonl", "jsonl", "application/jsonl; charset=utf-8"),
        ("csv", "csv", "text/csv; charset=utf-8; header=present"),
        ("markdown", "md", "text/markdown; charset=utf-8"),
        ("html", "html", "text/html; charset=utf-8"),
    ] {
        let response = export(&fixture.member, room, &[("format", format), ("to_seq", "3")]).await;
        assert_eq!(response.header("content-type"), kind);
        assert_eq!(response.header("cache-control"), "private, no-store");
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        assert_eq!(
            response.header("content-disposition"),
            format!(
                "attachment; filename=\"B_ro - -5- 1-3.{end}\"; \
                 filename*=UTF-8''B%C3%BCro%20-%20-5-%201-3.{end}"
            )
        );
        let found = fixture.member.get(&address(paths::EXPORT_SEARCH, &[("format", format)])).await;
        let name = found.header("content-disposition");
        assert!(name.starts_with("attachment; filename=\"Search 20") && name.contains(end));
        assert_eq!((found.header("content-type"), found.header("hallway-messages")), (kind, ""));
    }
}

#[tokio::test]
async fn invalid_parameters_are_refused_with_the_field() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::EXPORT);
    let get_export = |path: &str, parameters: &[(&str, &str)]| {
        let (member, path) = (fixture.member.clone(), address(path, parameters));
        async move { member.get(&path).await }
    };
    let reversed = [("from_seq", "3"), ("to_seq", "2")];
    get_export(&path, &reversed)
        .await
        .expect_field_error("from_seq", "at most to_seq (2), but is 3");
    get_export(&path, &[("from_seq", "0")]).await.expect_field_error("from_seq", "at least 1");
    get_export(&path, &[("from_seq", "x")]).await.expect_field_error("from_seq", "digit");
    for (path, field) in [(&*path, "q"), (paths::EXPORT_SEARCH, "from_seq")] {
        get_export(path, &[(field, "1")]).await.expect_field_error(field, "unknown");
        get_export(path, &[("tz", "Berlin")]).await.expect_field_error("tz", "+02:00");
        for format in FORMATS {
            get_export(path, &[("format", "pdf")]).await.expect_field_error("format", format);
        }
    }
}

#[tokio::test]
async fn only_members_export_a_room() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::EXPORT);
    fixture.anon.get(&path).await.expect_problem(Code::Unauthenticated);
    fixture.anon.get(paths::EXPORT_SEARCH).await.expect_problem(Code::Unauthenticated);
    fixture.outsider.get(&path).await.expect_problem(Code::NotAMember);
    let nowhere = paths::fill(paths::EXPORT, &[&77]);
    fixture.admin.get(&nowhere).await.expect_problem(Code::NotFound);
    // Basic authentication needs no session.
    let basic = STANDARD.encode(format!("member:{PASSWORD}"));
    let script = fixture.anon.with_authorization(&format!("Basic {basic}"));
    assert_eq!(messages(&export(&script, fixture.room, &[]).await.text).len(), 2);
}

#[tokio::test]
async fn days_follow_the_time_zone_of_the_reader() {
    let fixture = Fixture::start().await;
    let room = room_of_five(&fixture).await;
    for (nth, moment) in [(1, "2026-02-28T23:30:00Z"), (2, "2026-02-28T23:40:00Z")] {
        fixture.set_created_at(room, nth, moment).await;
    }
    for format in ["markdown", "html"] {
        let parameters = [("format", format), ("to_seq", "2")];
        let utc = export(&fixture.member, room, &parameters).await.text;
        assert!(utc.contains("Saturday, 28 February 2026") && utc.contains("23:30"), "{utc}");
        let in_berlin = [&parameters[..], &[("tz", "+01:00")]].concat();
        let in_berlin = export(&fixture.member, room, &in_berlin).await.text;
        assert!(
            in_berlin.contains("Sunday, 1 March 2026") && in_berlin.contains("00:30"),
            "{in_berlin}"
        );
        assert_eq!(in_berlin.matches("Sunday, 1 March 2026").count(), 1);
    }
    let csv = [("format", "csv"), ("tz", "+01:00")];
    let csv = export(&fixture.member, room, &csv).await.text;
    assert!(csv.contains("\"2026-03-01T00:30:00+01:00\""), "{csv}");
}

#[tokio::test]
async fn an_empty_room_exports_an_empty_file() {
    let fixture = Fixture::start().await;
    let room = room(&fixture, "Empty").await;
    for format in FORMATS {
        let response = export(&fixture.member, room, &[("format", format)]).await;
        assert_eq!(response.header("hallway-messages"), "0");
        assert!(response.header("content-disposition").contains("\"Empty."));
        assert!(!response.text.contains("<article"));
    }
    assert_eq!(export(&fixture.member, room, &[]).await.text, "");
    fixture.member.post_message(room, "now").await;
    let message = paths::fill(paths::MESSAGE, &[&room, &1]);
    fixture.member.patch(&message, json!({"content": "then"})).await.expect_status(200);
    assert!(
        export(&fixture.member, room, &[("format", "html")]).await.text.contains("<i>edited</i>")
    );
}
