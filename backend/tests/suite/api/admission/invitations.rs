//! Creating, listing and revoking invitations.

use chrono::{TimeDelta, Utc};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use shared::{
    access::Rank,
    admission::{Invitation, InvitationList, InvitationPreview},
    paths,
    problem::Code,
};

use super::{change_server, invite, preview, register_with};
use crate::fixture::{Client, Fixture, Person, Response, Server};

async fn list(client: &Client, query: &str) -> InvitationList {
    client.get(&format!("{}{query}", paths::INVITATIONS)).await.expect_json(200)
}

async fn make_guest(fixture: &Fixture, person: &Person) {
    let path = paths::fill(paths::USER, &[&person.user.id]);
    fixture.admin.patch(&path, json!({"rank": "guest"})).await.expect_status(200);
}

#[tokio::test]
async fn the_token_is_returned_once_and_stored_as_a_hash() {
    let fixture = Fixture::start().await;
    let created = invite(&fixture.member, json!({"rooms": [fixture.room]})).await;
    let (token, address) = (&*created.token.0, fixture.server.address);
    assert_eq!(created.url, format!("http://{address}/ui/invite#{token}"));
    assert_eq!(token.len(), 22);
    assert!(created.qr.contains("<svg") && !created.qr.contains("<script"), "{}", created.qr);
    let Invitation { rank, rooms, uses, used_by, created_by, expires_at, created_at, .. } =
        &created.invitation;
    assert_eq!((*rank, &**rooms, *uses), (Rank::Member, &[fixture.room][..], 1));
    assert!(used_by.is_empty() && created_by.username == "member");
    assert_eq!(*expires_at - *created_at, TimeDelta::days(7));
    let listed = fixture.member.get(paths::INVITATIONS).await;
    assert!(!listed.text.contains(token), "{}", listed.text);
    let db = &fixture.server.database().reader;
    let sql = "SELECT token_hash FROM invitations";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let hash: String = row.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert!(hash.len() == 64 && !hash.contains(token), "{hash}");
}

#[tokio::test]
async fn the_link_begins_with_the_public_url() {
    let fixture = Fixture::with(|settings| {
        settings.public_url = Some("https://chat.example.org".parse().unwrap());
    })
    .await;
    let created = invite(&fixture.member, json!({})).await;
    assert!(created.url.starts_with("https://chat.example.org/ui/invite#"), "{}", created.url);
}

#[tokio::test]
async fn everybody_invites_up_to_their_rank_while_the_server_lets_them() {
    let fixture = Fixture::start().await;
    let Fixture { admin: owner, member, outsider, .. } = &fixture;
    make_guest(&fixture, outsider).await;
    let admin = fixture.server.register("second admin").await;
    let path = paths::fill(paths::USER, &[&admin.user.id]);
    owner.patch(&path, json!({"rank": "admin"})).await.expect_status(200);
    let try_invite =
        async |by: &Person, rank: &str| by.post(paths::INVITATIONS, json!({"rank": rank})).await;
    try_invite(outsider, "guest").await.expect_problem(Code::RankTooLow);
    for rank in ["guest", "member"] {
        for by in [member, &admin, owner] {
            try_invite(by, rank).await.expect_status(201);
        }
    }
    try_invite(member, "admin").await.expect_field_error("rank", "must be member or guest");
    try_invite(&admin, "admin").await.expect_field_error("rank", "must be member or guest");
    try_invite(owner, "admin").await.expect_status(201);
    try_invite(owner, "owner")
        .await
        .expect_field_error("rank", "an owner may also invite an admin");
    change_server(owner, json!({"sign_up": "invited"})).await;
    try_invite(member, "member").await.expect_status(201);
    for mode in ["approval", "closed"] {
        change_server(owner, json!({"sign_up": mode})).await;
        try_invite(member, "guest").await.expect_problem(Code::RankTooLow);
        try_invite(&admin, "member").await.expect_status(201);
    }
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let fixture = Fixture::start().await;
    let refuse = async |request: Value, field: &str, text: &str| {
        let refused = fixture.member.post(paths::INVITATIONS, request).await;
        refused.expect_field_error(field, text);
    };
    refuse(json!({"uses": 0}), "uses", "must be 1 to 100, but is 0").await;
    refuse(json!({"uses": 101}), "uses", "must be 1 to 100, but is 101").await;
    let late = Utc::now() + TimeDelta::days(30) + TimeDelta::minutes(1);
    refuse(json!({"expires_at": late}), "expires_at", "at most 30 days").await;
    let past = Utc::now() - TimeDelta::minutes(1);
    refuse(json!({"expires_at": past}), "expires_at", "in the future").await;
    let many: Vec<_> = (1..=51).collect();
    refuse(json!({"rooms": many}), "rooms", "at most 50 rooms, but are 51").await;
    refuse(json!({"room": 1}), "room", "is unknown").await;
    let month = Utc::now() + TimeDelta::days(30) - TimeDelta::minutes(1);
    invite(&fixture.member, json!({"uses": 100, "expires_at": month})).await;
}

/// A private room that the inviter is not in gets the answer of a room that does not exist.
#[tokio::test]
async fn only_rooms_to_which_the_inviter_may_add_people_are_allowed() {
    let fixture = Fixture::start().await;
    let create = async |by: &Person, request: Value| {
        by.post(paths::ROOMS, request).await.expect_status(201)["id"].as_i64().unwrap()
    };
    let private = create(&fixture.outsider, json!({"name": "Den", "kind": "private"})).await;
    let policies = json!({"invite": "host"});
    let own = json!({"name": "Club", "kind": "private", "policies": policies});
    let own = create(&fixture.member, own).await;
    let refusal = async |by: &Person, room: i64| {
        let refused = by.post(paths::INVITATIONS, json!({"rooms": [room]})).await;
        let problem = refused.expect_problem(Code::InvalidFields);
        assert_eq!(problem.errors[0].field, "rooms");
        problem.detail.replace(&room.to_string(), "ID")
    };
    let unseen = refusal(&fixture.member, private).await;
    assert_eq!(unseen, refusal(&fixture.member, 999_999).await);
    assert_eq!(unseen, refusal(&fixture.admin, private).await, "an admin outside");
    assert_eq!(unseen, refusal(&fixture.outsider, fixture.room.0).await, "not a member");
    let add = paths::fill(paths::MEMBER, &[&own, &fixture.outsider.user.id]);
    fixture.member.put(&add, Value::Null).await.expect_status(200);
    assert_eq!(unseen, refusal(&fixture.outsider, own).await, "by policy");
    invite(&fixture.member, json!({"rooms": [fixture.room, own]})).await;
    // An admin outside an open room may add people to it.
    let leave = fixture.path(paths::MEMBERSHIP);
    fixture.admin.delete(&leave).await.expect_status(204);
    invite(&fixture.admin, json!({"rooms": [fixture.room]})).await;
}

#[tokio::test]
async fn the_list_says_who_came_and_is_the_inviters_own() {
    let fixture = Fixture::start().await;
    let first = invite(&fixture.member, json!({"uses": 2, "rooms": [fixture.room]})).await;
    let second = invite(&fixture.member, json!({"rank": "guest"})).await;
    let other = invite(&fixture.admin, json!({})).await;
    for name in ["one", "two"] {
        register_with(&fixture.anon, name, &first.token.0).await.expect_status(201);
    }
    let mine = list(&fixture.member, "").await.invitations;
    let ids: Vec<_> = mine.iter().map(|invitation| invitation.id).collect();
    assert_eq!(ids, [second.invitation.id, first.invitation.id]);
    let names: Vec<_> = mine[1].used_by.iter().map(|user| &*user.username).collect();
    assert_eq!(names, ["one", "two"]);
    let page = list(&fixture.member, "?limit=1").await;
    assert_eq!((page.invitations.len(), page.next), (1, Some(second.invitation.id)));
    let rest = list(&fixture.member, &format!("?before={}", second.invitation.id)).await;
    assert_eq!((rest.invitations[0].id, rest.next), (first.invitation.id, None));
    assert!(list(&fixture.outsider, "").await.invitations.is_empty());
    let all = format!("{}?all=true", paths::INVITATIONS);
    fixture.member.get(&all).await.expect_problem(Code::AdminOnly);
    let all = list(&fixture.admin, "?all=true").await.invitations;
    assert_eq!((all.len(), all[0].id), (3, other.invitation.id));
}

/// An admin who lists all invitations does not learn of rooms that they may not see.
#[tokio::test]
async fn the_list_hides_rooms_that_the_reader_may_not_see() {
    let fixture = Fixture::start().await;
    let room = json!({"name": "Den", "kind": "private"});
    let room = fixture.member.post(paths::ROOMS, room).await.expect_status(201)["id"].clone();
    invite(&fixture.member, json!({"rooms": [room, fixture.room]})).await;
    let rooms = async |client: &Client, query: &str| {
        let list = list(client, query).await.invitations;
        list[0].rooms.iter().map(|room| room.0).collect::<Vec<_>>()
    };
    let room = room.as_i64().unwrap();
    assert_eq!(rooms(&fixture.member, "").await, [fixture.room.0, room]);
    assert_eq!(rooms(&fixture.admin, "?all=true").await, [fixture.room.0]);
    let leave = paths::fill(paths::MEMBERSHIP, &[&room]);
    fixture.member.delete(&leave).await.expect_status(204);
    assert_eq!(rooms(&fixture.member, "").await, [fixture.room.0]);
}

#[tokio::test]
async fn the_inviter_and_admins_revoke() {
    let fixture = Fixture::start().await;
    let path = |id| paths::fill(paths::INVITATION, &[&id]);
    let first = invite(&fixture.member, json!({})).await;
    let second = invite(&fixture.member, json!({})).await;
    let strangers = fixture.outsider.delete(&path(first.invitation.id)).await;
    let missing = fixture.outsider.delete(&path(999_999.into())).await;
    assert_eq!(
        strangers.expect_problem(Code::NotFound).detail,
        missing.expect_problem(Code::NotFound).detail
    );
    for (by, created) in [(&fixture.member, &first), (&fixture.admin, &second)] {
        let seen: InvitationPreview =
            preview(&fixture.anon, &created.token.0).await.expect_json(200);
        assert_eq!((seen.is_valid, seen.invited_by.as_deref()), (true, Some("member")));
        by.delete(&path(created.invitation.id)).await.expect_status(204);
        // Again, it changes nothing.
        by.delete(&path(created.invitation.id)).await.expect_status(204);
        let seen: InvitationPreview =
            preview(&fixture.anon, &created.token.0).await.expect_json(200);
        let refused = InvitationPreview {
            server: "Hallway".into(),
            is_valid: false,
            invited_by: None,
            rank: None,
        };
        assert_eq!(seen, refused);
    }
    let revoked = list(&fixture.member, "").await.invitations;
    assert!(revoked.iter().all(|invitation| invitation.revoked_at.is_some()));
}

/// Sends requests until one gets 429; returns how many passed.
async fn count_until_limited(send: impl AsyncFn() -> Response) -> u32 {
    for nth in 0..1_000 {
        let response = send().await;
        if response.status == 429 {
            let seconds: u64 = response.header("retry-after").parse().unwrap();
            assert!((1..=3_600).contains(&seconds), "{seconds}");
            return nth;
        }
    }
    panic!("no limit");
}

#[tokio::test]
async fn invitations_and_guesses_are_limited() {
    const HEADER: &str = "x-forwarded-for";
    let server = Server::with(|settings| settings.client_ip_header = Some(HEADER.into())).await;
    let owner = server.register("owner").await;
    let create = async || owner.post(paths::INVITATIONS, json!({})).await;
    assert_eq!(count_until_limited(create).await, 20);
    let guess = async |address: &str| {
        let request = server.anon().request("POST", paths::INVITATION_PREVIEW);
        let request = request.header(HEADER, address).json(&json!({"token": "guess"}));
        Response::fetch(request).await
    };
    assert_eq!(count_until_limited(async || guess("192.0.2.1").await).await, 60);
    guess("192.0.2.2").await.expect_status(200);
    let accept = async || owner.post(paths::INVITATION_ACCEPT, json!({"token": "guess"})).await;
    assert_eq!(count_until_limited(accept).await, 20);
}
