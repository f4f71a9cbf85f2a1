//! Bans: removed without the way back.

use hallway::tables::{now, room_bans};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use shared::{
    admission::CreatedInvitation,
    live::{RemovedReason, ServerFrame},
    paths,
    problem::Code,
    rooms::{BanList, Room},
};

use super::{about, join, leave};
use crate::fixture::{Fixture, LiveSocket, Person};

async fn ban(fixture: &Fixture, by: &Person, person: &Person) {
    let path = format!("{}?ban=true", about(fixture, paths::MEMBER, person));
    by.delete(&path).await.expect_status(204);
}

#[tokio::test]
async fn the_banned_can_neither_join_nor_be_added_until_the_ban_is_lifted() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, .. } = &fixture;
    let mut live = LiveSocket::in_room(member, fixture.room).await;
    ban(&fixture, admin, member).await;
    let removed = live.expect(|frame| match frame {
        ServerFrame::Removed { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(removed.await, RemovedReason::Removed);
    let membership = fixture.path(paths::MEMBERSHIP);
    member.put(&membership, json!(null)).await.expect_problem(Code::Banned);
    let path = about(&fixture, paths::MEMBER, member);
    admin.put(&path, json!(null)).await.expect_problem(Code::Banned);
    let classic = json!({"users": [admin.user.id, member.user.id]});
    let classic = admin.patch(&format!("/rooms/{}/", fixture.room), classic).await;
    assert_eq!(classic.status, 403, "{}", classic.text);
    let listed: BanList = admin.get(&fixture.path(paths::BANS)).await.expect_json(200);
    let names = listed.bans.iter().map(|ban| {
        let by = ban.by.as_ref().map(|by| &*by.username);
        (&*ban.user.username, by)
    });
    assert_eq!(names.collect::<Vec<_>>(), [("member", Some("admin"))]);
    assert_eq!(listed.next, None);
    member.get(&fixture.path(paths::BANS)).await.expect_problem(Code::HostsOnly);
    // Twice is once.
    ban(&fixture, admin, member).await;
    let lift = about(&fixture, paths::BAN, member);
    admin.delete(&lift).await.expect_status(204);
    admin.delete(&lift).await.expect_problem(Code::NotFound);
    join(member, fixture.room).await;
    let actions: Value = admin.get(paths::AUDIT).await.expect_status(200);
    let actions = actions["entries"].as_array().unwrap().iter().take(3);
    let actions: Vec<_> = actions.map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["member_unbanned", "member_banned", "member_removed"]);
}

#[tokio::test]
async fn somebody_who_has_left_is_banned_too() {
    let fixture = Fixture::start().await;
    let Fixture { admin, outsider, .. } = &fixture;
    let path = format!("{}?ban=true", about(&fixture, paths::MEMBER, outsider));
    admin.delete(&path).await.expect_problem(Code::NotFound);
    join(outsider, fixture.room).await;
    leave(outsider, fixture.room).await;
    admin.delete(&path).await.expect_status(204);
    let membership = fixture.path(paths::MEMBERSHIP);
    outsider.put(&membership, json!(null)).await.expect_problem(Code::Banned);
}

#[tokio::test]
async fn a_private_room_does_not_exist_for_the_banned() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member: host, outsider, .. } = &fixture;
    let new = json!({"name": "Cellar", "kind": "private"});
    let room = host.post(paths::ROOMS, new).await.expect_json::<Room>(201).id;
    let path = paths::fill(paths::MEMBER, &[&room, &outsider.user.id]);
    host.put(&path, json!(null)).await.expect_status(200);
    host.delete(&format!("{path}?ban=true")).await.expect_status(204);
    let membership = paths::fill(paths::MEMBERSHIP, &[&room]);
    outsider.put(&membership, json!(null)).await.expect_problem(Code::NotFound);
    let bans = paths::fill(paths::BANS, &[&room]);
    outsider.get(&bans).await.expect_problem(Code::NotFound);
    admin.get(&bans).await.expect_problem(Code::NotFound);
    host.put(&path, json!(null)).await.expect_problem(Code::Banned);
}

#[tokio::test]
async fn the_ban_of_an_admin_ends_when_they_enter() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member: host, .. } = &fixture;
    let new = json!({"name": "Cellar", "kind": "private"});
    let room = host.post(paths::ROOMS, new).await.expect_json::<Room>(201).id;
    let path = paths::fill(paths::MEMBER, &[&room, &admin.user.id]);
    let (ban, bans) = (format!("{path}?ban=true"), paths::fill(paths::BANS, &[&room]));
    let enter = paths::fill(paths::ADMIN_ROOM_ENTER, &[&room]);
    let messages = paths::fill(paths::MESSAGES, &[&room]);
    host.put(&path, json!(null)).await.expect_status(200);
    for _ in 0..2 {
        host.delete(&ban).await.expect_status(204);
        admin.get(&messages).await.expect_problem(Code::NotFound);
        let banned: BanList = host.get(&bans).await.expect_json(200);
        assert_eq!(banned.bans.len(), 1);
        admin.post(&enter, json!(null)).await.expect_status(200);
        admin.get(&messages).await.expect_status(200);
        let banned: BanList = host.get(&bans).await.expect_json(200);
        assert!(banned.bans.is_empty());
    }
}

#[tokio::test]
async fn a_member_who_is_banned_already_is_removed() {
    let fixture = Fixture::start().await;
    let Fixture { admin, member, room, .. } = &fixture;
    let row = room_bans::Model {
        room_id: room.0,
        user_id: member.user.id.0,
        banned_by: admin.user.id.0,
        created_at: now(),
    };
    room_bans::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(&fixture.server.database().writer)
        .await
        .unwrap();
    ban(&fixture, admin, member).await;
    member.get(&fixture.path(paths::MESSAGES)).await.expect_problem(Code::NotAMember);
}

#[tokio::test]
async fn an_invitation_does_not_lead_around_a_ban() {
    let fixture = Fixture::start().await;
    let Fixture { admin, outsider, room, .. } = &fixture;
    join(outsider, *room).await;
    ban(&fixture, admin, outsider).await;
    let new = json!({"rooms": [room]});
    let invitation: CreatedInvitation = admin.post(paths::INVITATIONS, new).await.expect_json(201);
    let token = json!({"token": invitation.token});
    outsider.post(paths::INVITATION_ACCEPT, token).await;
    let messages = fixture.path(paths::MESSAGES);
    outsider.get(&messages).await.expect_problem(Code::NotAMember);
    // Whatever waited has been dropped.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    outsider.get(&messages).await.expect_problem(Code::NotAMember);
}
