//! What comes out is what went in: the same bytes, the same server.

use hallway::tables::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use shared::{ids::RoomId, messages::Message, paths, rooms::Room};

use super::{archive, copy_by_streams, export, file, import};
use crate::{
    actors::{Cast, Client, Home, Person, Process, sign_in},
    export::said,
    search::{say, texts},
};

const SECRET: &str = "xylophone";

/// A server on which everything has happened that can: the room, and its member's view of it.
async fn lived_in() -> (Cast, RoomId) {
    let cast = Cast::assemble().await;
    let room = said(&cast).await;
    let at = |path| paths::fill(path, &[&room]);
    say(&cast.member, room, SECRET).await;
    let newest = cast.member.get(&format!("{}?before=0&after=0", at(paths::MESSAGES))).await;
    let newest = newest.is(200)["messages"][0]["seq"].clone();
    let secret = paths::fill(paths::MESSAGE, &[&room, &newest]);
    cast.member.delete(&secret).await.is(204);
    // Somebody came, spoke, was named, and went.
    cast.outsider.put(&at(paths::MEMBERSHIP), json!(null)).await.is(200);
    say(&cast.outsider, room, "I was here").await;
    say(&cast.admin, room, "so you were, @outsider, and so is @member").await;
    cast.outsider.delete(&at(paths::MEMBERSHIP)).await.is(204);
    say(&cast.admin, room, "unread").await;
    // The numbers of a room that is gone are not given again.
    let gone: Room = cast.admin.post(paths::ROOMS, json!({"name": "Gone"})).await.read(201);
    cast.admin.delete(&paths::fill(paths::ROOM, &[&gone.id])).await.is(204);
    (cast, room)
}

/// Everything of a room that somebody sees.
async fn view(client: &Client, room: RoomId) -> [Value; 3] {
    let at = |path| paths::fill(path, &[&room]);
    let page = format!("{}?anchor=oldest&after=200", at(paths::MESSAGES));
    let changes = format!("{}?after_rev=0", at(paths::CHANGES));
    let unread = client.put(&at(paths::READ), json!({"seq": 1})).await.is(200);
    assert_eq!(unread["mentions"], json!(1), "{unread}");
    [client.get(&page).await.is(200), client.get(&changes).await.is(200), unread]
}

#[tokio::test]
async fn the_same_comes_out_again_and_lives_on() {
    let (cast, room) = lived_in().await;
    let before = view(&cast.member, room).await;
    let text = export(cast.server.home()).await;
    assert!(!text.contains(SECRET) && text.contains("\"deleted_at\""));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(file(cast.server.home())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Into the same kind of database, and into SQLite whatever it was.
    let (home, sqlite) = (Home::empty().await, Home::with(None));
    import(&home, &text).await;
    assert!(export(&home).await == text, "another archive comes of it");
    copy_by_streams(&home, &sqlite, &text).await;
    for home in [home, sqlite] {
        assert!(export(&home).await == text, "another archive comes of it");
        lives_on(&home, room, &before).await;
    }
}

async fn lives_on(home: &Home, room: RoomId, before: &[Value; 3]) {
    let server = Process::serve(home).await;
    let anon = Client::new(server.address);
    // By the passwords of before.
    let (member, admin) = (sign_in(&anon, "member").await, sign_in(&anon, "admin").await);
    assert_eq!(&view(&member, room).await, before);
    found(&member).await;
    let last: Message = serde_json::from_value(newest(&before[0])).unwrap();
    let at = |path| paths::fill(path, &[&room]);
    let retry = json!({"content": last.content, "client_id": last.client_id});
    let again: Message = admin.post(&at(paths::MESSAGES), retry).await.read(200);
    assert_eq!(again, last, "a retry gets the original");
    let next: Message = member.post(&at(paths::MESSAGES), json!({"content": "on"})).await.read(201);
    assert_eq!((next.seq, next.id > last.id), (last.seq.next(), true));
    assert!(next.rev.0 > last.rev.0);
    let other: Room = admin.post(paths::ROOMS, json!({"name": "Gone"})).await.read(201);
    assert!(other.id.0 > room.0 + 1, "{} was given before", other.id);
}

async fn found(member: &Person) {
    assert_eq!(texts(member, "wrogn").await, Vec::<String>::new());
    assert_eq!(texts(member, SECRET).await, Vec::<String>::new());
    assert_eq!(texts(member, "\"I was here\"").await, ["I was here"]);
    assert_eq!(texts(member, "right from:member").await, ["=right"]);
}

fn newest(page: &Value) -> Value {
    page["messages"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn there_must_be_something_to_export() {
    let home = Home::with(None);
    let path = file(&home);
    let (code, _, complained) = archive(&home, &["export", path.to_str().unwrap()]).await;
    assert_eq!(code, Some(1));
    assert!(complained.contains("there is no file"), "{complained}");
    assert!(!path.exists() && !home.folder().join("hallway.sqlite").exists());
}

/// A server of an older program may be running on it, and does not know what a newer one makes of
/// its tables.
#[tokio::test]
async fn tables_of_an_older_program_stay_as_they_are() {
    let home = Home::empty().await;
    let (code, _, complained) = archive(&home, &["export", "-"]).await;
    assert_eq!(code, Some(1));
    let says = if home.url().starts_with("sqlite") { "there is no file" } else { "is empty" };
    assert!(complained.contains(says), "{complained}");
    let db = Database::open(&home.url(), 2).await.unwrap();
    let newest = "(SELECT * FROM (SELECT max(version) FROM seaql_migrations) AS newest)";
    let sql = format!("DELETE FROM seaql_migrations WHERE version = {newest}");
    db.writer.execute_unprepared(&sql).await.unwrap();
    let sql = "SELECT version FROM seaql_migrations";
    let sql = Statement::from_string(db.writer.get_database_backend(), sql);
    let before = db.writer.query_all_raw(sql.clone()).await.unwrap().len();
    for command in [&["export", "-"][..], &["admin", "promote", "admin"]] {
        let (code, said, complained) = archive(&home, command).await;
        assert_eq!((code, &*said), (Some(1), ""));
        assert!(complained.contains("an older version of Hallway"), "{complained}");
    }
    assert_eq!(db.writer.query_all_raw(sql).await.unwrap().len(), before);
    db.close().await.unwrap();
}

/// A table that is added belongs into the archive, or here among what is left out on purpose.
#[tokio::test]
async fn every_table_is_in_it_or_left_out_on_purpose() {
    let home = Home::with(None);
    let db = Database::open(&home.url(), 2).await.unwrap();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
         AND name NOT LIKE 'message_words%' AND name NOT LIKE 'message_grams%' \
         AND name NOT IN ('seaql_migrations', 'sessions', 'versions') ORDER BY name";
    let rows = db.reader.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
    let rows: Vec<String> =
        rows.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(rows, ["members", "mentions", "messages", "rooms", "users"]);
    db.close().await.unwrap();
}
