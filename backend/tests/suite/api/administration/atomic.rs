//! A change and its entry are one transaction: a change whose entry cannot be written does not happen.

use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Value, json};
use shared::{
    administration::{AccountList, AdminRoomList},
    paths,
};

use super::{private_room, user_path};
use crate::fixture::{Fixture, PASSWORD};

/// Statements that make every insertion into the log fail.
fn refuse_entries(backend: DbBackend) -> &'static [&'static str] {
    match backend {
        DbBackend::Sqlite => &["CREATE TRIGGER refuse BEFORE INSERT ON audit \
               BEGIN SELECT RAISE(ABORT, 'refused'); END"],
        DbBackend::Postgres => &[
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'refused'; END $$",
            "CREATE TRIGGER refuse BEFORE INSERT ON audit \
             FOR EACH ROW EXECUTE FUNCTION refuse()",
        ],
        _ => &["CREATE TRIGGER refuse BEFORE INSERT ON audit FOR EACH ROW \
               SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'"],
    }
}

/// All that the requests could have changed.
async fn state(fixture: &Fixture) -> [Value; 3] {
    let users: AccountList = fixture.admin.get(paths::USERS).await.expect_json(200);
    let rooms: AdminRoomList = fixture.admin.get(paths::ADMIN_ROOMS).await.expect_json(200);
    let users = users.users.into_iter().map(|row| (row.user, row.room_count));
    let mut members = fixture.admin.get(&fixture.path(paths::MEMBERS)).await.expect_status(200);
    members["members"].as_array_mut().unwrap().iter_mut().for_each(|member| {
        member.as_object_mut().unwrap().remove("online");
    });
    [json!(users.collect::<Vec<_>>()), json!(rooms), members]
}

#[tokio::test]
async fn a_change_without_its_entry_does_not_happen() {
    let fixture = Fixture::start().await;
    let den = private_room(&fixture.member, "Den").await;
    let before = state(&fixture).await;
    let writer = &fixture.server.database().writer;
    for sql in refuse_entries(writer.get_database_backend()) {
        writer.execute_unprepared(sql).await.unwrap();
    }
    let account = user_path(paths::USER, &fixture.member);
    let member = paths::fill(paths::MEMBER, &[&fixture.room, &fixture.member.user.id]);
    let outsider = paths::fill(paths::MEMBER, &[&fixture.room, &fixture.outsider.user.id]);
    let room = fixture.path(paths::ROOM);
    let new = json!({"username": "clerk", "password": PASSWORD});
    let requests = [
        ("POST", paths::USERS.to_owned(), new),
        ("PATCH", account.clone(), json!({"rank": "admin"})),
        ("PATCH", account.clone(), json!({"is_disabled": true})),
        ("DELETE", account, json!({"messages": "keep"})),
        ("POST", user_path(paths::USER_SIGN_OUT, &fixture.member), Value::Null),
        ("POST", user_path(paths::USER_PASSWORD, &fixture.member), Value::Null),
        ("POST", paths::ROOMS.to_owned(), json!({"name": "Attic"})),
        ("PATCH", room.clone(), json!({"archived": true})),
        ("PATCH", room.clone(), json!({"kind": "private"})),
        ("DELETE", room, Value::Null),
        ("PATCH", member.clone(), json!({"role": "reader"})),
        ("PUT", format!("{member}/timeout"), json!({"minutes": 5})),
        ("DELETE", format!("{member}?ban=true"), Value::Null),
        ("DELETE", member, Value::Null),
        ("PUT", outsider, Value::Null),
        ("POST", paths::fill(paths::ADMIN_ROOM_ENTER, &[&den]), Value::Null),
    ];
    for (method, path, body) in requests {
        let response = fixture.admin.call(method, &path, body).await;
        assert!(response.status >= 500, "{method} {path}: {}", response.text);
        assert_eq!(state(&fixture).await, before, "{method} {path}");
    }
    // The session and the password of the member still work.
    fixture.member.get(paths::ME).await.expect_status(200);
    fixture.server.sign_in("member").await;
    fixture.admin.post_message(fixture.room, "the ledger goes on").await;
}
