//! Import from the classic chat's Django tables.

use base64::{Engine, engine::general_purpose::STANDARD};
use hallway::tables::users;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, EntityTrait, Statement};
use serde_json::{Value, json};
use shared::{paths, problem::Code, rules::CONTENT_MAX_BYTES, users::SignedIn};

use super::export;
use crate::{
    fixture::{Client, DatabaseKind, PASSWORD, Process, Storage, sign_in},
    search::texts,
};

const TABLES: [&str; 5] = [
    "CREATE TABLE app_user (id INTEGER PRIMARY KEY, password VARCHAR(128) NOT NULL, \
     last_login DATETIME(6) NULL, is_superuser BOOL NOT NULL, username VARCHAR(200) NOT NULL, \
     email VARCHAR(254) NOT NULL, is_active BOOL NOT NULL, date_joined DATETIME(6) NOT NULL, \
     is_admin BOOL NOT NULL, is_staff BOOL NOT NULL)",
    "CREATE TABLE app_room (id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL, \
     topic VARCHAR(255) NULL, created_by_id INTEGER NULL, created_at DATETIME(6) NOT NULL, \
     updated_at DATETIME(6) NOT NULL)",
    "CREATE TABLE app_room_users (id INTEGER PRIMARY KEY, room_id INTEGER NOT NULL, \
     user_id INTEGER NOT NULL)",
    "CREATE TABLE app_message (id INTEGER PRIMARY KEY, room_id INTEGER NOT NULL, \
     user_id INTEGER NOT NULL, content LONGTEXT NOT NULL, created_at DATETIME(6) NOT NULL)",
    "CREATE TABLE authtoken_token (token_key VARCHAR(40) PRIMARY KEY, user_id INTEGER NOT NULL)",
];

/// Python's hash of [`PASSWORD`]: `hashlib.pbkdf2_hmac("sha256", .., b"seasalt", 1000)`.
const DJANGO_HASH: &str = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";
const BCRYPT_HASH: &str = "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuv";
const CREATED_AT: &str = "2020-01-02 03:04:05.000006";

/// Creates a classic database, on MariaDB if the tests run there, otherwise as a SQLite file; returns
/// its storage and its URL.
async fn classic_database() -> (Storage, String) {
    let is_mysql = DatabaseKind::selected() == DatabaseKind::MariaDb;
    let storage = if is_mysql { Storage::empty().await } else { Storage::with(None) };
    let db = Database::connect(storage.url()).await.unwrap();
    let insert = async |sql: &str, values| insert(&db, sql, values).await;
    for sql in TABLES {
        db.execute_unprepared(sql).await.unwrap();
    }
    insert_accounts(&db).await;
    insert("INSERT INTO authtoken_token VALUES ('0123456789abcdef', 2)", Vec::new()).await;
    for (id, name, creator) in [(3, "Lobby", 1), (7, "lobby", 99)] {
        let sql = "INSERT INTO app_room VALUES (?, ?, NULL, ?, ?, ?)";
        insert(
            sql,
            vec![id.into(), name.into(), creator.into(), CREATED_AT.into(), CREATED_AT.into()],
        )
        .await;
    }
    for (id, room, user) in [(1, 3, 1), (2, 3, 2), (3, 7, 2), (4, 3, 77)] {
        let sql = "INSERT INTO app_room_users VALUES (?, ?, ?)";
        insert(sql, vec![id.into(), room.into(), user.into()]).await;
    }
    let long = "word ".repeat(2 * CONTENT_MAX_BYTES / 5);
    for (id, room, user, content) in [
        (10, 3, 2, "first"),
        (12, 3, 1, "hello @ada \u{1f642}"),
        (15, 3, 3, "a bell \u{7}"),
        (16, 3, 2, "  "),
        (18, 3, 2, &long),
        (19, 3, 1, "last\r\n"),
        (20, 7, 55, "orphan"),
        (21, 9, 2, "lost"),
    ] {
        let created_at = format!("2021-05-06 07:08:{id}.000009");
        let sql = "INSERT INTO app_message VALUES (?, ?, ?, ?, ?)";
        insert(sql, vec![id.into(), room.into(), user.into(), content.into(), created_at.into()])
            .await;
    }
    db.close().await.unwrap();
    let url = storage.url();
    (storage, url)
}

async fn insert(db: &DatabaseConnection, sql: &str, values: Vec<sea_orm::Value>) {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(statement).await.unwrap();
}

async fn insert_accounts(db: &DatabaseConnection) {
    for (id, name, password, is_active, is_admin, is_staff) in [
        (1, "root", DJANGO_HASH, true, true, true),
        (2, "Ada", DJANGO_HASH, true, false, false),
        (3, "ADA", BCRYPT_HASH, true, false, false),
        (4, "gone", DJANGO_HASH, false, false, false),
        (5, "staff", DJANGO_HASH, true, false, true),
        (6, " staff", DJANGO_HASH, true, false, false),
    ] {
        let sql = "INSERT INTO app_user VALUES (?, ?, NULL, ?, ?, '', ?, ?, ?, ?)";
        // Django sets both flags for its superusers.
        let is_superuser = is_admin;
        let values: [sea_orm::Value; 8] = [
            id.into(),
            password.into(),
            is_superuser.into(),
            name.into(),
            is_active.into(),
            CREATED_AT.into(),
            is_admin.into(),
            is_staff.into(),
        ];
        insert(db, sql, values.into()).await;
    }
}

#[tokio::test]
async fn users_rooms_and_messages_are_imported() {
    let (_classic, url) = classic_database().await;
    let (storage, twin) = (Storage::empty().await, Storage::empty().await);
    let (code, stdout, stderr) = storage.run(&["import", "--classic", &url]).await;
    assert_eq!(code, Some(0), "{stderr}");
    for note in [
        "user 3: \"ADA\" is now \"ADA-3\"",
        "user 3: \"ADA-3\" cannot sign in until `hallway admin password NAME`",
        "user 55: has messages but no account",
        "room 7: \"lobby\" is now \"lobby-7\"",
        "room 7: has no known creator",
        "room 9: created for messages",
        "room 3: members {77} have no account",
        "message 15: control characters were replaced",
        "message 16: was empty",
        "message 18: lost the blanks around it, was too long and is split; continued in 19",
        "message 19 (now 20): its line ends are now line feeds, lost the blanks around it",
        "the ids of the messages after 18 are up to 1 higher",
        "user 5: \"staff\" is an admin because of is_staff, although it lacks is_admin and is_superuser",
        "user 6: \" staff\" is now \"staff-6\" (the name is taken)",
        "room 3: users {3} wrote without joining; they are members now",
        "API tokens (authtoken_token): 1 are not imported",
    ] {
        assert!(stdout.contains(note), "{note:?} is not in {stdout}");
    }
    assert_eq!(twin.run(&["import", "--classic", &url]).await.0, Some(0));
    assert!(export(&storage).await == export(&twin).await, "two imports differ");
    let server = Process::start(&storage).await;
    let anon = Client::new(server.address);
    check_classic_clients(&anon).await;
    let root = sign_in(&anon, "root").await;
    assert!(root.user.is_admin);
    assert!(sign_in(&anon, "staff").await.user.is_admin);
    assert_eq!(texts(&root, "bell").await, ["a bell \u{2407}"]);
    let read =
        root.put(&paths::fill(paths::READ, &[&3]), json!({"seq": 1})).await.expect_status(200);
    assert_eq!((&read["unread"], &read["mentions"]), (&json!(1), &json!(0)), "{read}");
    for name in ["gone", "ADA-3", "unknown-55"] {
        let credentials = json!({"username": name, "password": PASSWORD});
        anon.post(paths::SESSIONS, credentials).await.expect_problem(Code::InvalidCredentials);
    }
    check_password_hashes(&storage, &anon).await;
}

/// Classic clients work with the old ids.
async fn check_classic_clients(anon: &Client) {
    let credentials = json!({"username": "Ada", "password": PASSWORD});
    let signed = anon.post("/login/", credentials).await.expect_status(200);
    assert_eq!((&signed["user_id"], &signed["is_admin"]), (&json!(2), &json!(false)));
    let ada = anon.with_authorization(&format!("Token {}", signed["token"].as_str().unwrap()));
    let history = ada.get("/messages/3/").await.expect_status(200);
    let listed = history["messages"].as_array().unwrap();
    let of = |field: &str| listed.iter().map(|m| m[field].clone()).collect::<Vec<Value>>();
    assert_eq!(of("id"), [10, 12, 15, 16, 18, 19, 20].map(|id| json!(id)));
    assert_eq!(listed[1]["content"], json!("hello @ada \u{1f642}"));
    assert_eq!(listed[1]["created_at"], json!("2021-05-06T07:08:12.000009Z"));
    assert_eq!((&listed[2]["user"], &listed[3]["content"]), (&json!("ADA-3"), &json!("\u{2205}")));
    let text = |nth: usize| listed[nth]["content"].as_str().unwrap();
    let words = format!("{} {}", text(4), text(5));
    assert_eq!(words.split(' ').count(), 2 * CONTENT_MAX_BYTES / 5);
    let rooms = ada.get("/rooms/").await.expect_status(200);
    let rooms: Vec<_> = rooms.as_array().unwrap().iter().map(|r| (&r["id"], &r["users"])).collect();
    let users = [json!([1, 2, 3]), json!([2]), json!([2])];
    assert_eq!(rooms[0], (&json!(3), &users[0]));
    assert_eq!(rooms[1], (&json!(7), &users[1]));
    assert_eq!(rooms[2], (&json!(9), &users[2]));
    let new = ada.post("/messages/create/3/", json!({"content": "on"})).await.expect_status(201);
    assert!(new["id"].as_i64().unwrap() > 22, "{new}");
}

async fn check_password_hashes(storage: &Storage, anon: &Client) {
    let db = Database::connect(storage.url()).await.unwrap();
    let stored = users::Entity::find_by_id(2).one(&db).await.unwrap().unwrap().password_hash;
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    let unmigrated = users::Entity::find_by_id(4).one(&db).await.unwrap().unwrap().password_hash;
    assert_eq!(unmigrated, DJANGO_HASH);
    db.close().await.unwrap();
    let basic =
        anon.with_authorization(&format!("Basic {}", STANDARD.encode(format!("ada:{PASSWORD}"))));
    for _ in 0..2 {
        basic.get(paths::ME).await.expect_status(200);
    }
    // A user whose hash cannot be imported gets a new password from the command line.
    let (code, stdout, stderr) = storage.run(&["admin", "password", "ada-3"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    let password = stdout.trim().rsplit(' ').next().unwrap();
    let credentials = json!({"username": "ADA-3", "password": password});
    let signed: SignedIn = anon.post(paths::SESSIONS, credentials).await.expect_json(201);
    assert_eq!(signed.user.id.0, 3);
}

#[tokio::test]
async fn a_database_without_a_classic_chat_is_refused() {
    let (storage, other) = (Storage::empty().await, Storage::with(None));
    let sqlite = other.url();
    for (url, error_text) in [
        ("postgres://127.0.0.1/x", "the URL of the classic chat must be"),
        (&*sqlite, "cannot open the classic chat"),
    ] {
        let (code, _, stderr) = storage.run(&["import", "--classic", url]).await;
        assert_eq!(code, Some(1));
        assert!(stderr.contains(error_text), "{stderr}");
    }
    let db = Database::connect(&sqlite).await.unwrap();
    db.execute_unprepared("CREATE TABLE app_user (id INTEGER)").await.unwrap();
    db.close().await.unwrap();
    let (code, _, stderr) = storage.run(&["import", "--classic", &sqlite]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("table app_user has no column username"), "{stderr}");
}

/// A text in another encoding is refused with its place, not guessed.
#[tokio::test]
async fn a_text_that_is_not_utf8_is_refused_with_table_and_row() {
    // MySQL converts or refuses such a text itself.
    if DatabaseKind::selected() == DatabaseKind::MariaDb {
        return;
    }
    let (classic, url) = classic_database().await;
    let storage = Storage::empty().await;
    let db = Database::connect(classic.url()).await.unwrap();
    db.execute_unprepared("UPDATE app_message SET content = CAST(x'e4' AS TEXT) WHERE id = 19")
        .await
        .unwrap();
    db.close().await.unwrap();
    let (code, _, stderr) = storage.run(&["import", "--classic", &url]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("table app_message, row 19: "), "{stderr}");
    assert!(stderr.contains("\"content\"") && stderr.contains("utf-8"), "{stderr}");
}
