//! Adds the settings of the server, accounts that wait for approval, and invitations.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            let mut alter = Table::alter();
            manager.alter_table(alter.table(table).add_column(&mut column).take()).await?;
        }
        for mut table in [invitations(), invitation_uses(), pending_joins()] {
            if manager.get_database_backend() == DbBackend::MySql {
                table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
            }
            manager.create_table(table).await?;
        }
        let mut index = Index::create();
        index.name("invitations_created_by").table("invitations").col("created_by");
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["pending_joins", "invitation_uses", "invitations"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        for (table, column) in columns() {
            let mut alter = Table::alter();
            alter.table(table).drop_column(Alias::new(column.get_column_name()));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

fn columns() -> [(&'static str, ColumnDef); 5] {
    let text = |name: &'static str, length, default: &'static str| {
        string_len(name, length).default(default).take()
    };
    [
        ("installation", text("server_name", 60, "Hallway")),
        ("installation", text("sign_up", 8, "open")),
        ("installation", text("create_rooms", 8, "admins")),
        ("installation", text("direct_rooms", 8, "all")),
        // Whether the account waits until an admin approves it.
        ("users", boolean("is_pending").default(false).take()),
    ]
}

fn invitations() -> TableCreateStatement {
    Table::create()
        .table("invitations")
        .col(big_integer("id").auto_increment().primary_key())
        // Hexadecimal SHA-256 of the token, which is stored nowhere.
        .col(string_len("token_hash", 64).unique_key())
        .col(string_len("server_rank", 8))
        // A JSON array of ids.
        .col(text("rooms"))
        .col(integer("uses"))
        .col(integer("used"))
        .col(big_integer("created_by"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("revoked_at"))
        .foreign_key(&mut references("invitations", "created_by", "users"))
        .take()
}

fn invitation_uses() -> TableCreateStatement {
    Table::create()
        .table("invitation_uses")
        .col(big_integer("invitation_id"))
        .col(big_integer("user_id"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("invitation_id").col("user_id"))
        .foreign_key(&mut references("invitation_uses", "invitation_id", "invitations"))
        .foreign_key(&mut references("invitation_uses", "user_id", "users"))
        .take()
}

/// Without a foreign key to the room, because the room may be purged before its row here is gone.
fn pending_joins() -> TableCreateStatement {
    Table::create()
        .table("pending_joins")
        .col(big_integer("user_id"))
        .col(big_integer("room_id"))
        .col(big_integer("invited_by"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("user_id").col("room_id"))
        .foreign_key(&mut references("pending_joins", "user_id", "users"))
        .take()
}

fn references(
    from: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from, column).to(to, "id").take()
}
