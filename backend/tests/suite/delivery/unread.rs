//! Unread counts: they follow edits and deletions, and say up to which message and change they count.

use hallway::realtime::ledger::PostMessage;
use serde_json::json;
use shared::{
    ids::{Rev, Seq},
    live::ServerFrame,
    messages::Message,
    paths,
    rooms::ReadState,
};

use super::new_client_id;
use crate::fixture::{Fixture, LiveSocket, Person};

/// A room of six messages, of which the member has read two; 4 mentions the member.
async fn four_unread_messages() -> Fixture {
    let fixture = Fixture::start().await;
    for content in ["third", "fourth @member", "fifth", "sixth"] {
        fixture.admin.post_message(fixture.room, content).await;
    }
    let read = mark(&fixture, 2).await;
    assert_eq!((read.unread, read.mentions), (4, 1));
    fixture
}

/// Sets the member's read mark to exactly `seq`.
async fn mark(fixture: &Fixture, seq: i64) -> ReadState {
    let mark = json!({"seq": seq, "exact": true});
    fixture.member.put(&fixture.path(paths::READ), mark).await.expect_json(200)
}

async fn read_state_in_welcome(person: &Person) -> ReadState {
    LiveSocket::open(person).await.rooms[0].read
}

async fn edit(fixture: &Fixture, seq: i64, content: &str) -> Message {
    let content = json!({"content": content});
    fixture.admin.patch(&fixture.message_path(seq), content).await.expect_json(200)
}

/// Skips frames until the next read state.
async fn next_read_state(live: &mut LiveSocket) -> ReadState {
    live.expect(|frame| match frame {
        ServerFrame::Read { read, exact: false, .. } => Some(*read),
        _ => None,
    })
    .await
}

fn state(read_seq: i64, unread: i64, mentions: i64, last_seq: i64, last_rev: Rev) -> ReadState {
    ReadState { read_seq: Seq(read_seq), unread, mentions, last_seq: Seq(last_seq), last_rev }
}

#[tokio::test]
async fn deleted_messages_are_not_unread() {
    let fixture = four_unread_messages().await;
    let mut live = LiveSocket::in_room(&fixture.member, fixture.room).await;
    for seq in [1, 5, 4] {
        fixture.admin.delete(&fixture.message_path(seq)).await.expect_status(204);
    }
    // Only the deletion of the mention is a frame of its own: a client subtracts deleted messages.
    let revs = [live.next_change().await, live.next_change().await, live.next_change().await];
    let read = next_read_state(&mut live).await;
    assert_eq!(read, state(2, 2, 0, 6, revs[2].rev));
    assert_eq!(read_state_in_welcome(&fixture.member).await, read);
    for (seq, unread) in [(2, 2), (3, 1), (5, 1), (6, 0), (0, 3)] {
        assert_eq!(mark(&fixture, seq).await, state(seq, unread, 0, 6, read.last_rev));
        assert_eq!(read_state_in_welcome(&fixture.member).await.unread, unread);
    }
    fixture.admin.post_message(fixture.room, "seventh").await;
    assert_eq!(read_state_in_welcome(&fixture.member).await.unread, 4);
}

#[tokio::test]
async fn an_edit_changes_the_unread_mentions() {
    let fixture = four_unread_messages().await;
    let mut live = LiveSocket::open(&fixture.member).await;
    for (seq, content, mentions) in
        [(6, "sixth @member", 2), (4, "fourth", 1), (6, "sixth @admin", 0), (5, "@member", 1)]
    {
        let edited = edit(&fixture, seq, content).await;
        let read = next_read_state(&mut live).await;
        assert_eq!(read, state(2, 4, mentions, 6, edited.rev), "{content}");
        assert_eq!(read_state_in_welcome(&fixture.member).await, read);
    }
    // An edit that keeps the mention, or of a message that is read, changes no count.
    edit(&fixture, 5, "still @member").await;
    edit(&fixture, 2, "second @member").await;
    let read = mark(&fixture, 2).await;
    assert_eq!((read.unread, read.mentions), (4, 1));
    let next = live.expect(|frame| match frame {
        ServerFrame::Read { exact, .. } => Some(*exact),
        _ => None,
    });
    assert!(next.await, "only the mark of the test is sent");
}

/// The mark of an author never claims that there is nothing unread after a later message of another.
#[tokio::test]
async fn the_mark_of_a_post_counts_the_later_posts_of_its_commit() {
    let fixture = Fixture::start().await;
    let mut phone = LiveSocket::in_room(&fixture.member, fixture.room).await;
    let held = fixture.hold_ledger().await;
    let mut pending = Vec::new();
    for (author, content) in
        [(&fixture.member, "third"), (&fixture.admin, "fourth"), (&fixture.admin, "fifth @member")]
    {
        let post = PostMessage {
            room: fixture.room,
            author: author.user.id,
            client_id: new_client_id(),
            format: None,
            content: content.to_owned(),
            reply_to: None,
            socket: None,
        };
        pending.push(fixture.server.ledger().post(post).await.unwrap());
    }
    drop(held);
    let mut messages = Vec::new();
    for post in pending {
        messages.push(post.committed().await.unwrap().message);
    }
    let read = next_read_state(&mut phone).await;
    assert_eq!(read, state(3, 2, 1, 5, messages[2].rev));
    assert_eq!(read_state_in_welcome(&fixture.member).await, read);
}

#[tokio::test]
async fn a_mark_says_up_to_where_it_counts() {
    let fixture = four_unread_messages().await;
    let posted = fixture.admin.post_message(fixture.room, "seventh").await;
    let read = fixture.member.put(&fixture.path(paths::READ), json!({"seq": 5})).await;
    let read = read.expect_status(200);
    assert_eq!(
        read,
        json!({
            "read_seq": 5,
            "unread": 2,
            "mentions": 0,
            "last_seq": 7,
            "last_rev": posted.rev,
        })
    );
}
