//! A new role reaches the sockets of the account, the members of its rooms, and `changes`.

use serde_json::json;
use shared::{access::Rank, live::ServerFrame, messages::Row, paths, rooms::Member, users::User};

use crate::fixture::{
    Fixture, LiveSocket, Person, Process, changes, last_rev, read_by_rest, template,
};

/// Waits for the frame that says whether the account is an admin.
async fn wait_account(live: &mut LiveSocket) -> bool {
    live.expect(|frame| match frame {
        ServerFrame::User { user } => Some(user.is_admin),
        _ => None,
    })
    .await
}

/// Waits for the frame with the new role of a member.
async fn wait_role(live: &mut LiveSocket, of: &User) -> Member {
    live.expect(|frame| match frame {
        ServerFrame::Member { member, .. } if member.user.id == of.id => Some(member.clone()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_new_rank_is_a_change_of_each_room() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let mut own = LiveSocket::in_room(member, fixture.room).await;
    let mut other = LiveSocket::in_room(&fixture.admin, fixture.room).await;
    let account = paths::fill(paths::USER, &[&member.user.id]);
    for (is_admin, rank) in [(true, Rank::Admin), (false, Rank::Member)] {
        let before = last_rev(member, fixture.room).await;
        fixture.admin.patch(&account, json!({"is_admin": is_admin})).await.expect_status(200);
        assert_eq!(wait_account(&mut own).await, is_admin);
        let changed = wait_role(&mut other, &member.user).await;
        assert_eq!((changed.rank, changed.rev), (rank, before.next()));
        // Once, although every node and the log report the change.
        let found = changes(&fixture.admin, fixture.room, before.0).await;
        assert_eq!(found.changes.len(), 1, "{found:?}");
        assert!(matches!(&found.changes[0].row, Row::Member(found) if *found == changed));
        let (_, members) = read_by_rest(&fixture.admin, fixture.room).await;
        assert!(members.contains(&changed));
    }
}

#[tokio::test]
async fn a_promotion_by_the_command_line_reaches_sockets_and_rooms() {
    let storage = template().copy().await;
    let server = Process::start(&storage).await;
    let person = |nth| -> Person { template().seed.person(server.address, nth) };
    let (member, room) = (person(1), template().seed.room);
    let mut own = LiveSocket::in_room(&member, room).await;
    let mut other = LiveSocket::in_room(&person(0), room).await;
    // The server keeps the rows of the last batch, which have the old role.
    member.post_message(room, "before").await;
    let (code, _, stderr) = storage.run(&["admin", "promote", "member"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(wait_account(&mut own).await);
    assert_eq!(wait_role(&mut other, &member.user).await.rank, Rank::Admin);
}
