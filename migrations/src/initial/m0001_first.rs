//! Users, sessions, rooms, members, messages, mentions.
//!
//! Timestamps are microseconds since 1970 in a BIGINT, because the databases' own types differ in
//! precision, range and time zones.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut table in [users(), sessions(), rooms(), members(), messages(), mentions()] {
            if manager.get_database_backend() == DbBackend::MySql {
                // The default collations treat "a" and "A", or "ss" and "ß", as equal, and other
                // engines have no transactions.
                table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
            }
            manager.create_table(table).await?;
        }
        for index in indices() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["mentions", "messages", "members", "rooms", "sessions", "users"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn id() -> ColumnDef {
    big_integer("id").auto_increment().primary_key().take()
}

fn users() -> TableCreateStatement {
    Table::create()
        .table("users")
        .col(id())
        .col(string_len("username", 150))
        // Lower-casing can lengthen a name: U+0130 becomes two characters.
        .col(string_len("username_key", 450).unique_key())
        .col(text("password_hash"))
        .col(boolean("is_admin"))
        .col(boolean("is_disabled"))
        .col(big_integer("created_at"))
        .take()
}

fn sessions() -> TableCreateStatement {
    Table::create()
        .table("sessions")
        .col(uuid("id").primary_key())
        .col(big_integer("user_id"))
        .col(string_len("user_agent", 255))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .foreign_key(&mut references("sessions", "user_id", "users"))
        .take()
}

fn rooms() -> TableCreateStatement {
    Table::create()
        .table("rooms")
        .col(id())
        .col(string_len("name", 255))
        // Null once the room is deleted, so that its name is free while its rows are being deleted.
        .col(string_len_null("name_key", 765).unique_key())
        .col(string_len("topic", 255))
        .col(big_integer("created_by"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("deleted_at"))
        .col(big_integer("member_count"))
        .col(big_integer("last_seq"))
        .col(big_integer("last_rev"))
        .col(big_integer("rev"))
        .foreign_key(&mut references("rooms", "created_by", "users"))
        .take()
}

fn members() -> TableCreateStatement {
    Table::create()
        .table("members")
        .col(big_integer("room_id"))
        .col(big_integer("user_id"))
        .col(big_integer("joined_at"))
        .col(boolean("has_left"))
        .col(big_integer("read_seq"))
        .col(big_integer("rev"))
        .primary_key(Index::create().col("room_id").col("user_id"))
        .foreign_key(&mut references("members", "room_id", "rooms"))
        .foreign_key(&mut references("members", "user_id", "users"))
        .take()
}

fn messages() -> TableCreateStatement {
    Table::create()
        .table("messages")
        .col(id())
        .col(big_integer("room_id"))
        .col(big_integer("seq"))
        .col(big_integer("rev"))
        .col(big_integer("user_id"))
        .col(uuid("client_id"))
        .col(text("content"))
        // Hash of the original content, to distinguish a retry from another message with the same
        // client_id. Null once the message is deleted, since a hash could reveal the text.
        .col(binary_len_null("sent_hash", 32))
        .col(big_integer_null("reply_to"))
        .col(big_integer("created_at"))
        .col(big_integer_null("edited_at"))
        .col(big_integer_null("deleted_at"))
        .foreign_key(&mut references("messages", "room_id", "rooms"))
        .foreign_key(&mut references("messages", "user_id", "users"))
        .take()
}

fn mentions() -> TableCreateStatement {
    Table::create()
        .table("mentions")
        .col(big_integer("user_id"))
        .col(big_integer("room_id"))
        .col(big_integer("seq"))
        .primary_key(Index::create().col("user_id").col("room_id").col("seq"))
        .foreign_key(&mut references("mentions", "user_id", "users"))
        .foreign_key(&mut references("mentions", "room_id", "rooms"))
        .take()
}

fn references(
    from: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from, column).to(to, "id").take()
}

fn indices() -> [IndexCreateStatement; 7] {
    let index = |table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(format!("{table}_{}", columns.join("_"))).table(table);
        columns.iter().for_each(|column| {
            index.col(*column);
        });
        index
    };
    [
        index("sessions", &["user_id"]),
        index("members", &["room_id", "rev"]),
        index("members", &["user_id"]),
        index("messages", &["room_id", "seq"]).unique().take(),
        index("messages", &["room_id", "rev"]),
        index("messages", &["room_id", "user_id", "client_id"]).unique().take(),
        index("mentions", &["room_id", "seq"]),
    ]
}
