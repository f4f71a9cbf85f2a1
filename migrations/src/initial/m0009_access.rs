//! Adds ranks of accounts, roles of members, and the kind, history and policies of rooms.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The policies of a room before there were any: members post and add people, hosts change the topic.
const POLICIES: &str = r#"{"post":"member","invite":"member","topic":"host"}"#;

/// What the new columns mean for existing rows. The oldest enabled admin becomes the owner.
const UPDATES: [&str; 5] = [
    "UPDATE users SET server_rank = 'admin' WHERE is_admin",
    "UPDATE users SET server_rank = 'owner' WHERE id = (SELECT id FROM (SELECT MIN(id) AS id \
     FROM users WHERE is_admin AND NOT is_disabled) AS oldest)",
    "UPDATE members SET server_rank = \
     (SELECT users.server_rank FROM users WHERE users.id = members.user_id) WHERE is_admin",
    "UPDATE members SET room_role = 'host' WHERE user_id = \
     (SELECT rooms.created_by FROM rooms WHERE rooms.id = members.room_id)",
    "UPDATE rooms SET sort_key = COALESCE(name_key, '')",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            let mut alter = Table::alter();
            manager.alter_table(alter.table(table).add_column(&mut column).take()).await?;
        }
        for update in UPDATES {
            manager.get_connection().execute_unprepared(update).await?;
        }
        for table in ["users", "members"] {
            let mut alter = Table::alter();
            manager.alter_table(alter.table(table).drop_column("is_admin").take()).await?;
        }
        let mut index = Index::create();
        index.name("rooms_direct_key").table("rooms").col("direct_key").unique();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["users", "members"] {
            let mut alter = Table::alter();
            let mut is_admin = boolean("is_admin").default(false).take();
            manager.alter_table(alter.table(table).add_column(&mut is_admin).take()).await?;
            let sql = format!("UPDATE {table} SET is_admin = server_rank IN ('admin', 'owner')");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        manager
            .drop_index(Index::drop().name("rooms_direct_key").table("rooms").to_owned())
            .await?;
        for (table, column) in columns() {
            let mut alter = Table::alter();
            alter.table(table).drop_column(Alias::new(column.get_column_name()));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

/// RANK and ROLE are reserved words of MySQL, hence the longer names.
fn columns() -> [(&'static str, ColumnDef); 12] {
    let word =
        |name: &'static str, default: &'static str| string_len(name, 8).default(default).take();
    [
        ("users", word("server_rank", "member")),
        // The rank that the last change of the row published.
        ("members", word("server_rank", "member")),
        ("members", word("room_role", "member")),
        ("members", big_integer("visible_from").default(1).take()),
        // The newest message of a direct room when the member hid it.
        ("members", big_integer_null("hidden_seq")),
        ("rooms", word("kind", "open")),
        ("rooms", word("history", "all")),
        // The first message that a new member may read, if `history` is `all`.
        ("rooms", big_integer("open_from").default(1).take()),
        ("rooms", string_len("policies", 255).default(POLICIES).take()),
        ("rooms", big_integer_null("archived_at")),
        // The hash of the people of a direct room.
        ("rooms", string_len_null("direct_key", 64)),
        // As `name_key`, but also for rooms that are not open.
        ("rooms", string_len("sort_key", 765).default("").take()),
    ]
}
