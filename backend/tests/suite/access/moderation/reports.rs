//! Reports of messages.

use serde_json::{Value, json};
use shared::{
    ids::Seq,
    live::ServerFrame,
    messages::{ReportList, ReportState},
    paths,
    problem::Code,
};

use super::{about, join, leave};
use crate::fixture::{Fixture, LiveSocket, Person, Response};

async fn report(fixture: &Fixture, by: &Person, seq: i64, reason: &str) -> Response {
    let path = paths::fill(paths::REPORT_MESSAGE, &[&fixture.room, &seq]);
    by.post(&path, json!({"reason": reason})).await
}

async fn list(fixture: &Fixture, by: &Person, query: &str) -> ReportList {
    by.get(&format!("{}?{query}", fixture.path(paths::REPORTS))).await.expect_json(200)
}

async fn close(fixture: &Fixture, by: &Person, id: i64, state: &str) -> Response {
    let path = paths::fill(paths::REPORT, &[&fixture.room, &id]);
    by.patch(&path, json!({"state": state})).await
}

/// The number of open reports in the next frame that has one.
async fn next_count(live: &mut LiveSocket) -> i64 {
    live.expect(|frame| match frame {
        ServerFrame::Reported { open, .. } => Some(*open),
        _ => None,
    })
    .await
}

/// Checks that no frame about reports arrives before the answer to a read mark.
async fn expect_no_count(fixture: &Fixture, person: &Person, live: &mut LiveSocket) {
    let mark = json!({"seq": 1, "exact": true});
    person.put(&fixture.path(paths::READ), mark).await.expect_status(200);
    let read = live.expect(|frame| match frame {
        ServerFrame::Read { .. } => Some(()),
        ServerFrame::Reported { .. } => panic!("{frame:?} was sent"),
        _ => None,
    });
    read.await;
}

#[tokio::test]
async fn hosts_see_a_report_and_close_it() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, outsider, .. } = &fixture;
    join(outsider, fixture.room).await;
    let mut live = LiveSocket::open(admin).await;
    let mut others = [LiveSocket::open(member).await, LiveSocket::open(outsider).await];
    report(&fixture, outsider, 1, " rude ").await.expect_status(204);
    assert_eq!(next_count(&mut live).await, 1);
    // Nobody else hears of it.
    for (person, live) in [member, outsider].into_iter().zip(&mut others) {
        let mark = json!({"seq": 1, "exact": true});
        person.put(&fixture.path(paths::READ), mark).await.expect_status(200);
        let next = live.next().await;
        assert!(matches!(next, ServerFrame::Read { .. }), "{next:?}");
    }
    // The same person and message again changes nothing.
    report(&fixture, outsider, 1, "very rude").await.expect_status(204);
    let reports = list(&fixture, admin, "state=open").await.reports;
    let [found] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((found.seq, &*found.reason, found.state), (Seq(1), "rude", ReportState::Open));
    assert_eq!((&*found.author.username, &*found.reporter.username), ("member", "outsider"));
    assert_eq!(found.message.as_ref().map(|message| &*message.content), Some("first"));
    let reports = fixture.path(paths::REPORTS);
    for person in [member, outsider] {
        person.get(&reports).await.expect_problem(Code::HostsOnly);
        close(&fixture, person, found.id.0, "dismissed").await.expect_problem(Code::HostsOnly);
    }
    // Deleted is gone, also from the report.
    admin.delete(&fixture.message_path(1)).await.expect_status(204);
    let text = admin.get(&reports).await.text;
    assert!(!text.contains("first") && text.contains("deleted_at"), "{text}");
    report(&fixture, admin, 1, "").await.expect_problem(Code::MessageDeleted);
    close(&fixture, admin, found.id.0, "open").await.expect_field_error("state", "resolved");
    close(&fixture, admin, found.id.0, "resolved").await.expect_status(204);
    assert_eq!(next_count(&mut live).await, 0);
    assert!(list(&fixture, admin, "state=open").await.reports.is_empty());
    let closed = list(&fixture, admin, "state=resolved").await.reports;
    assert_eq!(closed[0].closed_by.as_ref().map(|by| &*by.username), Some("admin"));
    let entries: Value = admin.get(paths::AUDIT).await.expect_status(200);
    let entry = &entries["entries"][0];
    assert_eq!((&entry["action"], &entry["to"]), (&json!("report_closed"), &json!("resolved")));
    // The author and the reporter may be admins, who read it.
    assert_eq!(entry["user"], Value::Null);
    for name in ["member", "outsider"] {
        assert!(!entry.to_string().contains(name), "{entry}");
    }
}

#[tokio::test]
async fn a_host_neither_sees_nor_hears_of_reports_of_their_own_messages() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, outsider, .. } = &fixture;
    let path = about(&fixture, paths::MEMBER, member);
    admin.patch(&path, json!({"role": "host"})).await.expect_status(200);
    join(outsider, fixture.room).await;
    let (mut author, mut other) = (LiveSocket::open(member).await, LiveSocket::open(admin).await);
    report(&fixture, outsider, 1, "rude").await.expect_status(204);
    assert_eq!(next_count(&mut other).await, 1);
    assert!(list(&fixture, member, "").await.reports.is_empty());
    let id = list(&fixture, admin, "").await.reports[0].id.0;
    close(&fixture, member, id, "dismissed").await.expect_problem(Code::NotFound);
    close(&fixture, admin, id, "dismissed").await.expect_status(204);
    assert_eq!(next_count(&mut other).await, 0);
    expect_no_count(&fixture, member, &mut author).await;
    // Of other messages they do, without those of their own.
    report(&fixture, outsider, 1, "").await.expect_status(204);
    report(&fixture, outsider, 2, "").await.expect_status(204);
    assert_eq!(next_count(&mut author).await, 1);
}

#[tokio::test]
async fn a_host_hears_only_of_reports_of_messages_that_they_can_read() {
    let fixture = Fixture::start().await;
    let Fixture { server, admin, member, outsider, .. } = &fixture;
    let joining = json!({"history": "joining"});
    admin.patch(&fixture.path(paths::ROOM), joining).await.expect_status(200);
    join(outsider, fixture.room).await;
    let path = about(&fixture, paths::MEMBER, outsider);
    admin.patch(&path, json!({"role": "host"})).await.expect_status(200);
    let friend = server.register("friend").await;
    join(&friend, fixture.room).await;
    let mut late = LiveSocket::open(outsider).await;
    report(&fixture, admin, 1, "before").await.expect_status(204);
    assert!(list(&fixture, outsider, "").await.reports.is_empty());
    let later = member.post_message(fixture.room, "later").await;
    report(&fixture, &friend, later.seq.0, "after").await.expect_status(204);
    assert_eq!(next_count(&mut late).await, 1);
    let seen = list(&fixture, outsider, "").await.reports;
    assert_eq!(seen.len(), 1);
    close(&fixture, admin, seen[0].id.0, "resolved").await.expect_status(204);
    assert_eq!(next_count(&mut late).await, 0);
}

#[tokio::test]
async fn only_what_one_can_read_is_reported() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, outsider, .. } = &fixture;
    report(&fixture, outsider, 1, "").await.expect_problem(Code::NotAMember);
    report(&fixture, member, 4_711, "").await.expect_problem(Code::NotFound);
    report(&fixture, member, 1, "").await.expect_field_error("seq", "own message");
    let long = report(&fixture, member, 2, &"x".repeat(501)).await;
    long.expect_field_error("reason", "500");
    let joining = json!({"history": "joining"});
    admin.patch(&fixture.path(paths::ROOM), joining).await.expect_status(200);
    join(outsider, fixture.room).await;
    report(&fixture, outsider, 1, "").await.expect_problem(Code::NotFound);
    let later = member.post_message(fixture.room, "later").await;
    report(&fixture, outsider, later.seq.0, "").await.expect_status(204);
}

#[tokio::test]
async fn an_admin_outside_sees_that_there_is_a_report_but_not_the_message() {
    let fixture = Fixture::start().await;
    let Fixture { admin, outsider, .. } = &fixture;
    join(outsider, fixture.room).await;
    report(&fixture, outsider, 1, "rude").await.expect_status(204);
    leave(admin, fixture.room).await;
    let reports = list(&fixture, admin, "").await.reports;
    assert_eq!((reports.len(), &reports[0].message), (1, &None));
    assert_eq!(reports[0].reason, "rude");
}
