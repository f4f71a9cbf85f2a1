//! The entries of each action, pages, filters, and the log as a file.

use hallway::tables::{AuditRecord, audit_all};
use serde_json::{Value, json};
use shared::{
    administration::{AuditAction, AuditEntry, AuditList},
    ids::UserId,
    paths,
    problem::Code,
    rooms::Room,
};

use super::{audit, direct_room, last_entry, private_room, set_rank, user_path};
use crate::fixture::{Fixture, PASSWORD, Process, SlowDownload, template};

/// The newest entry of the room `Den`, without what all of them have.
async fn last_in_den(fixture: &Fixture, actor: &str) -> Value {
    let mut entry = last_entry(fixture).await;
    assert_eq!(entry["actor"]["username"], actor, "{entry}");
    assert_eq!(entry["room"]["name"], "Den", "{entry}");
    let fields = entry.as_object_mut().unwrap();
    fields.remove("actor");
    fields.remove("room");
    entry
}

#[tokio::test]
async fn changes_of_rooms_and_members_are_logged() {
    let fixture = Fixture::start().await;
    let (owner, member, outsider) = (&fixture.admin, &fixture.member, &fixture.outsider);
    let den = private_room(member, "Den").await;
    let created = json!({"action": "room_created", "to": "private"});
    assert_eq!(last_in_den(&fixture, "member").await, created);
    let path = paths::fill(paths::MEMBER, &[&den, &outsider.user.id]);
    let theirs = json!({"id": 3, "username": "outsider"});
    member.put(&path, Value::Null).await.expect_status(200);
    let added = json!({"action": "member_added", "user": theirs, "to": "member"});
    assert_eq!(last_in_den(&fixture, "member").await, added);
    member.patch(&path, json!({"role": "reader"})).await.expect_status(200);
    let changed =
        json!({"action": "role_changed", "user": theirs, "from": "member", "to": "reader"});
    assert_eq!(last_in_den(&fixture, "member").await, changed);
    let room = paths::fill(paths::ROOM, &[&den]);
    member.patch(&room, json!({"archived": true})).await.expect_status(200);
    assert_eq!(last_in_den(&fixture, "member").await, json!({"action": "room_archived"}));
    member.patch(&room, json!({"archived": false})).await.expect_status(200);
    assert_eq!(last_in_den(&fixture, "member").await, json!({"action": "room_unarchived"}));
    member.patch(&room, json!({"kind": "open"})).await.expect_status(200);
    let opened = json!({"action": "room_converted", "from": "private", "to": "open"});
    assert_eq!(last_in_den(&fixture, "member").await, opened);
    for (is_default, action) in [(true, "default_room_added"), (false, "default_room_removed")] {
        owner.patch(&room, json!({"is_default": is_default})).await.expect_status(200);
        assert_eq!(last_in_den(&fixture, "admin").await, json!({"action": action}));
    }
    owner.delete(&path).await.expect_status(204);
    let removed = json!({"action": "member_removed", "user": theirs});
    assert_eq!(last_in_den(&fixture, "admin").await, removed);
    owner.delete(&room).await.expect_status(204);
    let binned = json!({"action": "room_deleted", "to": "bin"});
    assert_eq!(last_in_den(&fixture, "admin").await, binned);
    let restore = paths::fill(paths::RESTORE, &[&den]);
    owner.post(&restore, Value::Null).await.expect_status(200);
    assert_eq!(last_in_den(&fixture, "admin").await, json!({"action": "room_restored"}));
    owner.delete(&format!("{room}?now=true")).await.expect_status(204);
    assert_eq!(last_in_den(&fixture, "admin").await, json!({"action": "room_deleted"}));
}

#[tokio::test]
async fn what_people_do_to_themselves_is_not_logged() {
    let fixture = Fixture::start().await;
    let before = audit(&fixture, "").await;
    let membership = fixture.path(paths::MEMBERSHIP);
    fixture.outsider.put(&membership, Value::Null).await.expect_status(200);
    fixture.outsider.delete(&membership).await.expect_status(204);
    let own = json!({"current_password": PASSWORD, "password": "battery staple"});
    fixture.member.patch(paths::ME, own).await.expect_status(200);
    fixture.admin.patch(&fixture.path(paths::ROOM), json!({"topic": "x"})).await.expect_status(200);
    assert_eq!(audit(&fixture, "").await, before);
}

/// The last host of a private room leaves: whoever takes over was made host by that.
#[tokio::test]
async fn a_host_who_leaves_makes_another_one() {
    let fixture = Fixture::start().await;
    let den = private_room(&fixture.member, "Den").await;
    let path = paths::fill(paths::MEMBER, &[&den, &fixture.outsider.user.id]);
    fixture.member.put(&path, Value::Null).await.expect_status(200);
    let membership = paths::fill(paths::MEMBERSHIP, &[&den]);
    fixture.member.delete(&membership).await.expect_status(204);
    let expected = json!({
        "action": "role_changed",
        "user": {"id": 3, "username": "outsider"},
        "from": "member",
        "to": "host",
    });
    assert_eq!(last_in_den(&fixture, "member").await, expected);
}

#[tokio::test]
async fn nothing_is_logged_about_a_direct_room() {
    let fixture = Fixture::start().await;
    let before = audit(&fixture, "").await;
    let direct = direct_room(&fixture, [&fixture.member, &fixture.outsider]).await;
    fixture.member.post_message(direct, "psst").await;
    let room = paths::fill(paths::ROOM, &[&direct]);
    fixture.member.delete(&room).await.expect_problem(Code::DirectRoom);
    assert_eq!(audit(&fixture, "").await, before);
}

#[tokio::test]
async fn the_deletion_of_an_account_is_logged() {
    let fixture = Fixture::start().await;
    let expected = |actor: Value, id: i64, messages: &str| {
        json!({
            "action": "account_deleted",
            "actor": actor,
            "user": {"id": id, "username": "Deleted account"},
            "to": messages,
            "address": "127.0.0.1",
        })
    };
    let account = user_path(paths::USER, &fixture.outsider);
    let request = json!({"messages": "delete"});
    fixture.admin.call("DELETE", &account, request).await.expect_status(204);
    let admin = json!({"id": 1, "username": "admin"});
    assert_eq!(last_entry(&fixture).await, expected(admin, 3, "delete"));
    let request = json!({"password": PASSWORD, "messages": "keep"});
    fixture.member.call("DELETE", paths::ME, request).await.expect_status(204);
    let member = json!({"id": 2, "username": "Deleted account"});
    assert_eq!(last_entry(&fixture).await, expected(member, 2, "keep"));
}

#[tokio::test]
async fn changes_of_accounts_are_logged_with_the_address() {
    let fixture = Fixture::start().await;
    let owner = &fixture.admin;
    let account = user_path(paths::USER, &fixture.member);
    let expected = |fields: Value| {
        let mut entry = json!({
            "actor": {"id": 1, "username": "admin"},
            "user": {"id": 2, "username": "member"},
            "address": "127.0.0.1",
        });
        entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        entry
    };
    owner.patch(&account, json!({"is_admin": true})).await.expect_status(200);
    let ranked = json!({"action": "rank_changed", "from": "member", "to": "admin"});
    assert_eq!(last_entry(&fixture).await, expected(ranked));
    owner.patch(&account, json!({"is_disabled": true})).await.expect_status(200);
    assert_eq!(last_entry(&fixture).await, expected(json!({"action": "account_disabled"})));
    let both = json!({"is_disabled": false, "rank": "guest"});
    owner.patch(&account, both).await.expect_status(200);
    let two = audit(&fixture, "limit=2").await;
    let actions: Vec<_> = two.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [AuditAction::AccountEnabled, AuditAction::RankChanged]);
    // Without a change there is no entry.
    owner.patch(&account, json!({"rank": "guest"})).await.expect_status(200);
    assert_eq!(audit(&fixture, "limit=2").await, two);
    let new = json!({"username": "clerk", "password": PASSWORD, "is_admin": true});
    let clerk = owner.post(paths::USERS, new).await.expect_status(201);
    let created = json!({
        "action": "account_created",
        "user": {"id": clerk["id"], "username": "clerk"},
        "to": "admin",
    });
    assert_eq!(last_entry(&fixture).await, expected(created));
    let all = fixture.admin.get(paths::AUDIT).await.text;
    assert!(!all.contains(PASSWORD) && !all.contains(&fixture.admin.token));
}

#[tokio::test]
async fn the_command_line_is_logged_without_an_actor() {
    let storage = template().copy().await;
    for (command, name) in [("promote", "member"), ("owner", "member"), ("password", "outsider")] {
        let (code, _, stderr) = storage.run(&["admin", command, name]).await;
        assert_eq!(code, Some(0), "{stderr}");
    }
    let server = Process::start(&storage).await;
    let owner = template().seed.person(server.address, 0);
    let path = format!("{}?limit=3", paths::AUDIT);
    let list: AuditList = owner.get(&path).await.expect_json(200);
    let found: Vec<_> = list
        .entries
        .iter()
        .map(|entry| {
            assert_eq!((&entry.actor, &entry.address), (&None, &None));
            let user = entry.user.as_ref().unwrap();
            (entry.action, &*user.username, entry.from.as_deref(), entry.to.as_deref())
        })
        .collect();
    let ranked = AuditAction::RankChanged;
    assert_eq!(
        found,
        [
            (AuditAction::PasswordReset, "outsider", None, None),
            (ranked, "member", Some("admin"), Some("owner")),
            (ranked, "member", Some("member"), Some("admin")),
        ]
    );
}

/// Writes many entries about the member.
async fn write_entries(fixture: &Fixture, count: usize) {
    let (owner, member) = (fixture.admin.user.id, fixture.member.user.id);
    for _ in 0..count.div_ceil(500) {
        let txn = fixture.server.database().begin().await.unwrap();
        let record = AuditRecord::new(AuditAction::SignedOut, Some(owner)).user(member);
        audit_all(&txn, std::iter::repeat_n(record, 500)).await.unwrap();
        txn.commit().await.unwrap();
    }
}

#[tokio::test]
async fn the_log_is_paged_in_both_directions_and_filtered() {
    let fixture = Fixture::start().await;
    let (owner, member) = (&fixture.admin, &fixture.member);
    private_room(member, "Büro 50%").await;
    set_rank(&fixture, &fixture.outsider, "admin").await;
    let newest_first = audit(&fixture, "").await;
    let ids: Vec<_> = newest_first.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), 3, "lobby, Büro, rank: {newest_first:?}");
    assert!(ids.is_sorted_by(|a, b| a > b));
    let get = async |query: &str| -> AuditList {
        owner.get(&format!("{}?{query}", paths::AUDIT)).await.expect_json(200)
    };
    let first = get("limit=2").await;
    assert_eq!((&first.entries[..], first.next), (&newest_first[..2], Some(ids[1])));
    let second = get(&format!("limit=2&before={}", ids[1])).await;
    assert_eq!((&second.entries[..], second.next), (&newest_first[2..], None));
    let oldest = get("limit=2&after=0").await;
    let oldest_ids: Vec<_> = oldest.entries.iter().map(|entry| entry.id).collect();
    assert_eq!((oldest_ids, oldest.next), (vec![ids[2], ids[1]], Some(ids[1])));
    let rest = get(&format!("after={}", ids[1])).await;
    assert_eq!((&rest.entries[..], rest.next), (&newest_first[..1], None));

    let found = async |query: &str| -> Vec<_> {
        get(query).await.entries.into_iter().map(|entry| entry.id).collect()
    };
    assert_eq!(found("action=rank_changed").await, [ids[0]]);
    assert_eq!(found(&format!("actor={}", member.user.id)).await, [ids[1]]);
    assert_eq!(found("q=B%C3%9CRO+50%25").await, [ids[1]], "by room");
    assert_eq!(found("q=outsid").await, [ids[0]], "by account");
    assert_eq!(found("q=memb").await, [ids[1]], "by actor");
    assert_eq!(found("q=nobody").await, []);
    for (query, field, text) in [
        ("after=1&before=2", "before", "cannot be given together with after"),
        ("limit=201", "limit", "must be 1 to 200, but is 201"),
        ("action=flew", "action", "unknown variant"),
        ("before=-1", "before", "must be 0 to"),
    ] {
        owner.get(&format!("{}?{query}", paths::AUDIT)).await.expect_field_error(field, text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_has_all_entries_oldest_first() {
    let fixture = Fixture::start().await;
    private_room(&fixture.member, "=1+1").await;
    write_entries(&fixture, 1_500).await;
    set_rank(&fixture, &fixture.outsider, "admin").await;
    let export = async |query: &str| {
        let response = fixture.admin.get(&format!("{}?{query}", paths::AUDIT_EXPORT)).await;
        assert_eq!(response.status, 200, "{}", response.text);
        response
    };
    let jsonl = export("").await;
    assert_eq!(jsonl.header("content-type"), "application/jsonl; charset=utf-8");
    assert!(jsonl.header("content-disposition").contains("Audit log"));
    let entries: Vec<AuditEntry> =
        jsonl.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.len(), 1_503);
    assert!(entries.is_sorted_by(|a, b| a.id < b.id));
    assert_eq!(entries.last(), audit(&fixture, "limit=1").await.first());
    let csv = export("format=csv&bom=true").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(csv.text.lines().count(), 1_504);
    assert!(csv.text.starts_with("\u{feff}\"id\",\"created_at\",\"action\",\"actor_id\""));
    let line = csv.text.lines().find(|line| line.contains("room_created\",\"2\"")).unwrap();
    assert!(line.ends_with("\"'=1+1\",\"\",\"private\",\"\""), "{line}");
    assert_eq!(export("action=rank_changed").await.text.lines().count(), 1);
    assert_eq!(export("q=nobody").await.text, "");
    fixture
        .admin
        .get(&format!("{}?format=xml", paths::AUDIT_EXPORT))
        .await
        .expect_field_error("format", "unknown variant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_admin_gets_no_more_of_the_file() {
    let fixture = Fixture::start().await;
    set_rank(&fixture, &fixture.outsider, "admin").await;
    write_entries(&fixture, 20_000).await;
    let bearer = format!("Bearer {}", fixture.outsider.token);
    let begin = async || {
        let header = ("authorization", &*bearer);
        SlowDownload::begin(fixture.outsider.address, header, paths::AUDIT_EXPORT).await
    };
    let whole = begin().await.finish().await.unwrap();
    assert_eq!(whole.lines().count(), 20_002);
    let demoted = begin().await;
    set_rank(&fixture, &fixture.outsider, "member").await;
    assert_eq!(demoted.finish().await, None);
    set_rank(&fixture, &fixture.outsider, "admin").await;
    let signed_out = begin().await;
    let path = user_path(paths::USER_SIGN_OUT, &fixture.outsider);
    fixture.admin.post(&path, Value::Null).await.expect_status(204);
    assert_eq!(signed_out.finish().await, None);
}

/// The classic endpoint replaces all members: each added and removed person has an entry.
#[tokio::test]
async fn replaced_members_are_logged_one_by_one() {
    let fixture = Fixture::start().await;
    let room: Room =
        fixture.admin.post(paths::ROOMS, json!({"name": "Den"})).await.expect_json(201);
    let users = [1, 2, 3].map(UserId);
    let path = format!("/rooms/{}/", room.id);
    let body = json!({"name": "Den", "users": users});
    fixture.admin.put(&path, body).await.expect_status(200);
    let added = audit(&fixture, "action=member_added").await;
    let names = |entries: &[AuditEntry]| {
        let name = |entry: &AuditEntry| entry.user.as_ref().unwrap().username.clone();
        let mut names: Vec<_> = entries.iter().map(name).collect();
        names.sort();
        names
    };
    assert_eq!(names(&added), ["member", "outsider"]);
    let body = json!({"name": "Den", "users": [1, 3]});
    fixture.admin.put(&path, body).await.expect_status(200);
    assert_eq!(names(&audit(&fixture, "action=member_removed").await), ["member"]);
}
