//! The limit of the list, concurrent changes of it, and the end of the rows with their account.

use futures_util::future::join_all;
use hallway::tables::{BlockRow, Stored, insert_block_rows, now, sessions, users};
use sea_orm::{ActiveValue::NotSet, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};
use shared::{
    access::Rank,
    ids::UserId,
    paths,
    problem::Code,
    rules,
    users::{BlockList, DELETED_USERNAME},
};

use super::{NOBODY, block, block_path, blocked_by, blocks};
use crate::fixture::{Fixture, LiveSocket, PASSWORD, Person, Server};

/// Accounts without a password and without a session; returns their ids.
async fn insert_accounts(server: &Server, count: u64) -> Vec<i64> {
    let db = &server.database().writer;
    let row = |nth| users::ActiveModel {
        id: NotSet,
        username: Set(format!("extra {nth}")),
        username_key: Set(format!("extra {nth}")),
        password_hash: Set(String::new()),
        rank: Set(Stored(Rank::Member)),
        is_disabled: Set(false),
        is_pending: Set(false),
        created_at: Set(now()),
        generation: Set(0),
        ..Default::default()
    };
    users::Entity::insert_many((0..count).map(row)).exec_without_returning(db).await.unwrap();
    let rows = users::Entity::find().filter(users::Column::Username.starts_with("extra "));
    rows.all(db).await.unwrap().into_iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn the_list_has_a_maximum() {
    let Fixture { server, admin, member, outsider, .. } = &Fixture::start().await;
    let extra = insert_accounts(server, rules::BLOCKS_MAX - 1).await;
    let user_id = member.user.id.0;
    let rows = extra.iter().map(|id| BlockRow { user_id, blocked_id: *id, created_at: now() });
    insert_block_rows(&server.database().writer, rows.collect()).await.unwrap();
    block(member, admin).await;
    assert_eq!(blocked_by(member).await.len() as u64, rules::BLOCKS_MAX);
    let one_more = member.put(&block_path(outsider.user.id), Value::Null).await;
    one_more.expect_field_error("user", "1000 people");
    block(member, admin).await;
    member.delete(&block_path(admin.user.id)).await.expect_status(204);
    block(member, outsider).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_frame_of_concurrent_changes_has_the_newest_list() {
    let Fixture { server, member, .. } = &Fixture::start().await;
    let mut people = insert_accounts(server, 16).await;
    people.sort_unstable();
    let people: Vec<_> = people.into_iter().map(UserId).collect();
    let mut live = LiveSocket::open(member).await;
    let paths: Vec<_> = people.iter().map(|id| block_path(*id)).collect();
    for (method, expected) in [("PUT", &people[..]), ("DELETE", &NOBODY[..])] {
        let changes = paths.iter().map(|path| member.call(method, path, Value::Null));
        for response in join_all(changes).await {
            response.expect_status(204);
        }
        // A frame for each change.
        let mut last = Vec::new();
        for _ in &people {
            last = live.expect(blocks).await;
        }
        assert_eq!(last, expected, "{method}");
    }
}

#[tokio::test]
async fn a_block_ends_with_either_account() {
    let Fixture { server, admin, member, .. } = &Fixture::start().await;
    let gone = server.person("gone", Rank::Member).await;
    block(member, &gone).await;
    block(member, admin).await;
    block(&gone, member).await;
    let db = &server.database().writer;
    let of_gone = sessions::Column::UserId.eq(gone.user.id.0);
    sessions::Entity::delete_many().filter(of_gone).exec(db).await.unwrap();
    users::Entity::delete_by_id(gone.user.id.0).exec(db).await.unwrap();
    assert_eq!(blocked_by(member).await, [admin.user.id]);
}

#[tokio::test]
async fn a_deleted_account_is_not_blocked() {
    let Fixture { server: _server, admin, member, outsider, .. } = &Fixture::start().await;
    block(admin, outsider).await;
    let request = json!({"password": PASSWORD, "messages": "keep"});
    outsider.call("DELETE", paths::ME, request).await.expect_status(204);
    for person in [admin, member] {
        let response = person.put(&block_path(outsider.user.id), Value::Null).await;
        response.expect_problem(Code::NotFound);
        assert_eq!(blocked_by(person).await, NOBODY);
        let user = paths::fill(paths::USER, &[&outsider.user.id]);
        assert_eq!(person.get(&user).await.expect_status(200)["username"], DELETED_USERNAME);
    }
}

/// The username and the display name of the only person whom somebody blocks.
async fn names_of_blocked(person: &Person) -> (String, Option<String>) {
    let list: BlockList = person.get(paths::BLOCKS).await.expect_json(200);
    let [block] = &list.blocks[..] else { panic!("{list:?}") };
    (block.user.username.clone(), block.user.display_name.clone())
}

#[tokio::test]
async fn a_guest_reads_only_the_usernames_of_people_in_no_common_room() {
    let fixture = Fixture::start().await;
    let Fixture { server, admin, member, .. } = &fixture;
    let guest = server.person("guest", Rank::Guest).await;
    let membership = paths::fill(paths::MEMBER, &[&fixture.room, &guest.user.id]);
    admin.put(&membership, Value::Null).await.expect_status(200);
    block(&guest, member).await;
    let rename = async |name: &str| {
        member.patch(paths::MY_PROFILE, json!({"display_name": name})).await.expect_status(200);
    };
    let named = |name: Option<&str>| ("member".to_owned(), name.map(str::to_owned));
    rename("Ada").await;
    assert_eq!(names_of_blocked(&guest).await, named(Some("Ada")));
    guest.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    rename("Grace").await;
    assert_eq!(names_of_blocked(&guest).await, named(None));
    // Others know everybody.
    block(&fixture.outsider, member).await;
    assert_eq!(names_of_blocked(&fixture.outsider).await, named(Some("Grace")));
}
