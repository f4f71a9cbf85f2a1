//! A room of ten thousand members: no response grows with their number.

use hallway::tables::{Stored, members, now, rooms, users};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr,
};
use shared::{
    access::{Rank, Role},
    live::ServerFrame,
    messages::Changes,
    paths,
    rooms::{MemberList, People, Room},
    rules,
};

use crate::fixture::{Fixture, LiveSocket};

const CROWD: usize = 10_000;
/// Every so many members are readers.
const READERS: usize = 40;
/// The number of rows that one insert writes.
const CHUNK: usize = 1_000;
/// More than the JSON of a member, of a change or of a reference to a user takes.
const ROW_MAX_BYTES: usize = 600;

/// Adds the crowd to the room by direct inserts, because ten thousand passwords would take an hour.
async fn add_crowd(fixture: &Fixture) {
    let db = &fixture.server.database().writer;
    let room = rooms::Entity::find_by_id(fixture.room.0).one(db).await.unwrap().unwrap();
    let ids = create_crowd(fixture).await;
    for (nth_chunk, chunk) in ids.chunks(CHUNK).enumerate() {
        let member = |(nth, id): (usize, &i64)| members::ActiveModel {
            room_id: Set(room.id),
            user_id: Set(*id),
            joined_at: Set(now()),
            has_left: Set(false),
            read_seq: Set(0),
            rev: Set(room.last_rev + (nth_chunk * CHUNK + nth + 1) as i64),
            role: Set(Stored(if nth % READERS == 0 { Role::Reader } else { Role::Member })),
            rank: Set(Stored(Rank::Member)),
            visible_from: Set(1),
            ..Default::default()
        };
        let rows = chunk.iter().enumerate().map(member);
        members::Entity::insert_many(rows).exec_without_returning(db).await.unwrap();
    }
    let added = CROWD as i64;
    rooms::Entity::update_many()
        .col_expr(rooms::Column::MemberCount, Expr::value(room.member_count + added))
        .col_expr(rooms::Column::LastRev, Expr::value(room.last_rev + added))
        .filter(rooms::Column::Id.eq(room.id))
        .exec(db)
        .await
        .unwrap();
}

/// Creates accounts without passwords, and returns their ids in order.
async fn create_crowd(fixture: &Fixture) -> Vec<i64> {
    let db = &fixture.server.database().writer;
    let names: Vec<String> = (0..CROWD).map(|nth| format!("crowd-{nth:05}")).collect();
    for chunk in names.chunks(CHUNK) {
        let account = |name: &String| users::ActiveModel {
            username: Set(name.clone()),
            username_key: Set(rules::name_key(name)),
            password_hash: Set(String::new()),
            rank: Set(Stored(Rank::Member)),
            is_disabled: Set(false),
            is_pending: Set(false),
            created_at: Set(now()),
            generation: Set(0),
            ..Default::default()
        };
        let rows = chunk.iter().map(account);
        users::Entity::insert_many(rows).exec_without_returning(db).await.unwrap();
    }
    let ids = users::Entity::find().select_only().column(users::Column::Id);
    let ids = ids.filter(users::Column::UsernameKey.starts_with("crowd-"));
    let mut ids: Vec<i64> = ids.into_tuple().all(db).await.unwrap();
    ids.sort_unstable();
    assert_eq!(ids.len(), CROWD);
    ids
}

/// A page of members, whose size is checked.
async fn members(fixture: &Fixture, query: &str) -> MemberList {
    let path = format!("{}?{query}", fixture.path(paths::MEMBERS));
    let response = fixture.member.get(&path).await;
    let bytes = response.text.len();
    let list: MemberList = response.expect_json(200);
    let max = (list.members.len() + 1) * ROW_MAX_BYTES;
    assert!(bytes <= max, "{bytes} bytes for {} members: {query}", list.members.len());
    list
}

#[tokio::test]
async fn the_members_of_a_large_room_come_in_pages_and_are_searched() {
    let fixture = Fixture::start().await;
    add_crowd(&fixture).await;
    let room: Room = fixture.member.get(&fixture.path(paths::ROOM)).await.expect_json(200);
    let total = CROWD + 2;
    assert_eq!(room.member_count, total as i64);

    // Without a limit, with the greatest one, and to the end.
    let first = members(&fixture, "").await;
    assert_eq!(first.members.len(), rules::PAGE_DEFAULT as usize);
    assert!(first.next.is_some());
    let (mut found, mut pages, mut after) = (0, 0, Some(shared::ids::UserId(0)));
    while let Some(next) = after {
        let page = members(&fixture, &format!("limit={}&after={next}", rules::PAGE_MAX)).await;
        assert!(page.members.len() <= rules::PAGE_MAX as usize);
        (found, pages, after) = (found + page.members.len(), pages + 1, page.next);
    }
    assert_eq!((found, pages), (total, total.div_ceil(rules::PAGE_MAX as usize)));

    // By name and by role, in pages too.
    let hits = members(&fixture, "q=crowd-0123&limit=200").await;
    assert_eq!((hits.members.len(), hits.next), (10, None));
    let crowd = members(&fixture, "q=CROWD&limit=200").await;
    assert_eq!(crowd.members.len(), 200);
    assert!(crowd.next.is_some());
    let readers = members(&fixture, "role=reader&limit=200").await;
    assert!(readers.members.iter().all(|listing| listing.member.role == Role::Reader));
    assert_eq!((readers.members.len(), readers.next.is_some()), (200, true));
    let after = readers.next.unwrap();
    let rest = members(&fixture, &format!("role=reader&limit=200&after={after}")).await;
    assert_eq!((rest.members.len(), rest.next), (CROWD / READERS - 200, None));
    let both = members(&fixture, "role=reader&q=crowd-0000").await;
    assert_eq!(both.members.len(), 1);
}

#[tokio::test]
async fn nothing_else_sends_all_members_of_a_large_room() {
    let fixture = Fixture::start().await;
    add_crowd(&fixture).await;
    for scope in ["rooms", "server"] {
        let path = format!("{}?q=crowd&scope={scope}", paths::PEOPLE);
        let found: People = fixture.member.get(&path).await.expect_json(200);
        assert_eq!(found.people.len(), rules::PEOPLE_MAX as usize, "{scope}");
    }
    let path = format!("{}?after_rev=0&limit={}", fixture.path(paths::CHANGES), rules::CHANGES_MAX);
    let response = fixture.member.get(&path).await;
    assert!(response.text.len() <= rules::CHANGES_MAX as usize * ROW_MAX_BYTES);
    let changes: Changes = response.expect_json(200);
    assert!(changes.more && changes.changes.len() <= rules::CHANGES_MAX as usize);

    // A socket that missed the joins is told to load the room again, and gets new messages.
    let mut live = LiveSocket::open(&fixture.member).await;
    let subscribe = shared::live::ClientFrame::Subscribe {
        room: fixture.room,
        after_rev: Some(shared::ids::Rev(1)),
    };
    live.send(&subscribe).await;
    let is_gap = |frame: &ServerFrame| match frame {
        ServerFrame::Gap { .. } => Some(true),
        ServerFrame::Member { .. } | ServerFrame::Subscribed { .. } => Some(false),
        _ => None,
    };
    assert!(live.expect(is_gap).await);
    let posted = fixture.admin.post_message(fixture.room, "hello @crowd-00042").await;
    let arrived = live.expect(|frame| match frame {
        ServerFrame::Message { message, .. } => Some(message.seq),
        _ => None,
    });
    assert_eq!(arrived.await, posted.seq);
}
