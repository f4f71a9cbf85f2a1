//! A server that imports an archive has the same content and exports the same bytes.

use hallway::tables::{Database, users};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement, sea_query::Expr,
};
use serde_json::{Value, json};
use shared::{
    ids::RoomId,
    messages::Message,
    paths,
    rooms::{MyRoom, Room},
};

use super::{archive_path, copy_by_streams, export, import, with_checksum};
use crate::{
    export::post_all_texts,
    fixture::{Client, Fixture, Person, Process, Storage, sign_in, template},
    search::texts,
};

const SECRET: &str = "xylophone";

/// A server with every kind of data: the fixture and the id of a room.
async fn used_server() -> (Fixture, RoomId) {
    let fixture = Fixture::start().await;
    // Before the outsider is in any room, because a room gets the change of a name a little later.
    let profile = json!({"display_name": "Ada", "pronouns": "she/her", "status": {"emoji": "🌴"}});
    fixture.outsider.patch(paths::MY_PROFILE, profile).await.expect_status(200);
    let room = post_all_texts(&fixture).await;
    let at = |path| paths::fill(path, &[&room]);
    let settings = json!({"name": "Harbour", "create_rooms": "members", "direct": "shared",
        "email_domains": ["example.org"]});
    fixture.admin.patch(paths::SERVER, settings).await.expect_status(200);
    users::Entity::update_many()
        .col_expr(users::Column::Email, Expr::value("Outsider@example.org"))
        .col_expr(users::Column::EmailKey, Expr::value("outsider@example.org"))
        .filter(users::Column::Id.eq(fixture.outsider.user.id.0))
        .exec(&fixture.server.database().writer)
        .await
        .unwrap();
    fixture.member.post_message(room, SECRET).await;
    let newest = fixture.member.get(&format!("{}?before=0&after=0", at(paths::MESSAGES))).await;
    let newest = newest.expect_status(200)["messages"][0]["seq"].clone();
    let secret = paths::fill(paths::MESSAGE, &[&room, &newest]);
    fixture.member.delete(&secret).await.expect_status(204);
    // Before the mention below, because who posts has read everything.
    let reported = fixture.member.post_message(room, "a rude word").await;
    let reaction = paths::fill(paths::REACTION, &[&room, &reported.seq, &"🎉"]);
    fixture.admin.put(&reaction, json!(null)).await.expect_status(200);
    let new = json!({"content": "**bold**", "format": "markdown"});
    fixture.member.post(&at(paths::MESSAGES), new).await.expect_status(201);
    // A former member with a message and a mention.
    fixture.outsider.put(&at(paths::MEMBERSHIP), json!(null)).await.expect_status(200);
    fixture.outsider.post_message(room, "I was here").await;
    // A block, and a mention that does not count because of it.
    let block = paths::fill(paths::BLOCK, &[&fixture.outsider.user.id]);
    fixture.member.put(&block, json!(null)).await.expect_status(204);
    fixture.outsider.post_message(room, "wasn't I, @member?").await;
    fixture.admin.post_message(room, "so you were, @outsider, and so is @member").await;
    fixture.outsider.delete(&at(paths::MEMBERSHIP)).await.expect_status(204);
    fixture.admin.post_message(room, "unread").await;
    // Somebody who is banned, a report, and a time-out in another room.
    let banned = paths::fill(paths::MEMBER, &[&room, &fixture.outsider.user.id]);
    fixture.admin.delete(&format!("{banned}?ban=true")).await.expect_status(204);
    let report = paths::fill(paths::REPORT_MESSAGE, &[&room, &reported.seq]);
    fixture.admin.post(&report, json!({"reason": "rude"})).await.expect_status(204);
    let time_out = paths::fill(paths::TIME_OUT, &[&fixture.room, &fixture.member.user.id]);
    fixture.admin.put(&time_out, json!({"minutes": 60})).await.expect_status(200);
    // A private, archived room with a member who reads from joining.
    let new = json!({"name": "Cellar", "kind": "private", "history": "joining"});
    let cellar: Room = fixture.member.post(paths::ROOMS, new).await.expect_json(201);
    fixture.member.post_message(cellar.id, "between us").await;
    let late = paths::fill(paths::MEMBER, &[&cellar.id, &fixture.outsider.user.id]);
    fixture.member.put(&late, json!(null)).await.expect_status(200);
    fixture.member.patch(&late, json!({"role": "reader"})).await.expect_status(200);
    let archived = json!({"archived": true, "policies": {"post": "host"}});
    let cellar = paths::fill(paths::ROOM, &[&cellar.id]);
    fixture.member.patch(&cellar, archived).await.expect_status(200);
    // A direct room that one of the two has hidden.
    let users = json!({"users": [fixture.admin.user.id]});
    let direct: MyRoom = fixture.member.post(paths::DIRECT, users).await.expect_json(201);
    fixture.member.post_message(direct.id, "between us").await;
    let hidden = paths::fill(paths::HIDDEN, &[&direct.id]);
    fixture.member.put(&hidden, json!(null)).await.expect_status(204);
    // Favourites, a muted room, and a room that new accounts join.
    let favourites = json!({"rooms": [direct.id, room]});
    fixture.member.put(paths::FAVOURITES, favourites).await.expect_status(204);
    let muted = json!({"muted": true});
    fixture.member.patch(&at(paths::PREFERENCES), muted).await.expect_status(204);
    let is_default = json!({"is_default": true});
    fixture.admin.patch(&at(paths::ROOM), is_default).await.expect_status(200);
    // The id of a deleted room is not used again.
    let deleted: Room =
        fixture.admin.post(paths::ROOMS, json!({"name": "Gone"})).await.expect_json(201);
    fixture.admin.delete(&paths::fill(paths::ROOM, &[&deleted.id])).await.expect_status(204);
    (fixture, room)
}

/// Everything that a member can read of a room: messages, changes, and the state after seq 1 is read.
async fn member_view(client: &Client, room: RoomId) -> [Value; 3] {
    let at = |path| paths::fill(path, &[&room]);
    let page = format!("{}?anchor=oldest&after=200", at(paths::MESSAGES));
    let changes = format!("{}?after_rev=0", at(paths::CHANGES));
    let unread = client.put(&at(paths::READ), json!({"seq": 1})).await.expect_status(200);
    assert_eq!(unread["mentions"], json!(1), "{unread}");
    [
        client.get(&page).await.expect_status(200),
        client.get(&changes).await.expect_status(200),
        unread,
    ]
}

#[tokio::test]
async fn an_imported_archive_exports_the_same_bytes_and_works() {
    let (fixture, room) = used_server().await;
    let before = member_view(&fixture.member, room).await;
    let text = export(fixture.server.storage()).await;
    assert!(!text.contains(SECRET) && text.contains("\"deleted_at\""));
    assert!(text.contains("\"profile\":{\"display_name\":\"Ada\",\"pronouns\":\"she/her\","));
    assert!(text.contains("{\"server\":{\"name\":\"Harbour\",\"sign_up\":\"open\""));
    for field in ["\"favourite\":2,\"is_muted\":true", "\"favourite\":1", "\"is_default\":true"] {
        assert!(text.contains(field), "{field}");
    }
    assert!(text.contains("{\"block\":{\"user\":2,\"blocked\":3,"));
    assert!(text.contains("\"mentions\":[2],\"uncounted_mentions\":[2]"));
    assert!(text.contains("\"email_domains\":[\"example.org\"]"));
    assert!(text.contains("\"email\":\"Outsider@example.org\"") && !text.contains("email_key"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            std::fs::metadata(archive_path(fixture.server.storage())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Import into the same database engine, and into SQLite.
    let (storage, sqlite) = (Storage::empty().await, Storage::with(None));
    import(&storage, &text).await;
    assert!(export(&storage).await == text, "the second archive differs");
    copy_by_streams(&storage, &sqlite, &text).await;
    for storage in [storage, sqlite] {
        assert!(export(&storage).await == text, "the second archive differs");
        check_imported_server(&storage, room, &before).await;
    }
}

async fn check_imported_server(storage: &Storage, room: RoomId, before: &[Value; 3]) {
    let server = Process::start(storage).await;
    let anon = Client::new(server.address);
    // Sign-in checks that the passwords are unchanged.
    let (member, admin) = (sign_in(&anon, "member").await, sign_in(&anon, "admin").await);
    assert_eq!(&member_view(&member, room).await, before);
    check_search(&member).await;
    let last: Message = serde_json::from_value(newest(&before[0])).unwrap();
    let at = |path| paths::fill(path, &[&room]);
    let retry = json!({"content": last.content, "client_id": last.client_id});
    let retried: Message = admin.post(&at(paths::MESSAGES), retry).await.expect_json(200);
    assert_eq!(retried, last, "a retry gets the original");
    let next: Message =
        member.post(&at(paths::MESSAGES), json!({"content": "on"})).await.expect_json(201);
    assert_eq!((next.seq, next.id > last.id), (last.seq.next(), true));
    assert!(next.rev.0 > last.rev.0);
    let outsider = sign_in(&anon, "outsider").await;
    let join = outsider.put(&at(paths::MEMBERSHIP), json!(null)).await;
    join.expect_problem(shared::problem::Code::Banned);
    let reports = admin.get(&at(paths::REPORTS)).await.expect_status(200);
    assert_eq!(reports["reports"][0]["reason"], "rude", "{reports}");
    // The database generates further ids.
    let report = paths::fill(paths::REPORT_MESSAGE, &[&room, &next.seq]);
    admin.post(&report, json!({"reason": ""})).await.expect_status(204);
    let other: Room = admin.post(paths::ROOMS, json!({"name": "Gone"})).await.expect_json(201);
    assert!(other.id.0 > room.0 + 1, "the id {} was used before", other.id);
}

async fn check_search(member: &Person) {
    assert_eq!(texts(member, "wrogn").await, Vec::<String>::new());
    assert_eq!(texts(member, SECRET).await, Vec::<String>::new());
    assert_eq!(texts(member, "\"I was here\"").await, ["I was here"]);
    assert_eq!(texts(member, "right from:member").await, ["=right"]);
}

fn newest(page: &Value) -> Value {
    page["messages"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn exporting_a_missing_database_is_refused() {
    let storage = Storage::with(None);
    let path = archive_path(&storage);
    let (code, _, stderr) = storage.run(&["export", path.to_str().unwrap()]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("there is no file"), "{stderr}");
    assert!(!path.exists() && !storage.folder().join("hallway.sqlite").exists());
}

/// A server of an older version may be running on the database and would not understand migrated
/// tables.
#[tokio::test]
async fn export_does_not_migrate_an_older_database() {
    let storage = Storage::empty().await;
    let (code, _, stderr) = storage.run(&["export", "-"]).await;
    assert_eq!(code, Some(1));
    let error_text =
        if storage.url().starts_with("sqlite") { "there is no file" } else { "is empty" };
    assert!(stderr.contains(error_text), "{stderr}");
    let db = Database::open(&storage.url(), 2).await.unwrap();
    let newest = "(SELECT * FROM (SELECT max(version) FROM seaql_migrations) AS newest)";
    let sql = format!("DELETE FROM seaql_migrations WHERE version = {newest}");
    db.writer.execute_unprepared(&sql).await.unwrap();
    let sql = "SELECT version FROM seaql_migrations";
    let sql = Statement::from_string(db.writer.get_database_backend(), sql);
    let before = db.writer.query_all_raw(sql.clone()).await.unwrap().len();
    for command in [&["export", "-"][..], &["admin", "promote", "admin"]] {
        let (code, stdout, stderr) = storage.run(command).await;
        assert_eq!((code, &*stdout), (Some(1), ""));
        assert!(stderr.contains("an older version of Hallway"), "{stderr}");
    }
    assert_eq!(db.writer.query_all_raw(sql).await.unwrap().len(), before);
    db.close().await.unwrap();
}

/// A new table must be added to the archive, or to the excluded tables in this query.
#[tokio::test]
async fn each_table_is_archived_or_listed_as_left_out() {
    let storage = Storage::with(None);
    let db = Database::open(&storage.url(), 2).await.unwrap();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
         AND name NOT LIKE 'message_words%' AND name NOT LIKE 'message_grams%' \
         AND name NOT IN \
         ('account_changes', 'confirmations', 'installation', 'jobs', 'pending_joins', \
         'seaql_migrations', 'search_positions', 'sessions', 'versions') ORDER BY name";
    let rows = db.reader.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
    let rows: Vec<String> =
        rows.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    let archived = [
        "account_deletions",
        "audit",
        "binned_rooms",
        "blocks",
        "invitation_uses",
        "invitations",
        "members",
        "mentions",
        "messages",
        "reports",
        "room_bans",
        "room_events",
        "rooms",
        "users",
    ];
    assert_eq!(rows, archived);
    db.close().await.unwrap();
}

/// Version 1 had no ranks, roles and kinds.
#[tokio::test]
async fn an_archive_of_version_1_is_imported() {
    let text = export(&template().copy().await).await;
    let mut old = String::new();
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let (kind, fields) = line.as_object_mut().unwrap().iter_mut().next().unwrap();
        let fields = fields.as_object_mut().unwrap();
        let new: &[&str] = match &**kind {
            "user" => &["rank"],
            "room" => &["kind", "history", "open_from", "policies"],
            "member" => &["role", "visible_from"],
            _ => &[],
        };
        for name in new {
            assert!(fields.remove(*name).is_some(), "{kind} has no {name}");
        }
        if kind == "hallway" {
            fields.insert("format".into(), json!(1));
        }
        old += &format!("{line}\n");
    }
    let storage = Storage::empty().await;
    import(&storage, &with_checksum(&old)).await;
    // The first admin is the owner, the creator of a room its host.
    assert!(export(&storage).await == text, "the archive of the imported server differs");
}
