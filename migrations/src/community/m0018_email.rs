//! Sign-up by e-mail domain: addresses of accounts, links that are not confirmed yet, and mails to send.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const KEY_INDEX: &str = "users_email_key";
const DUE_INDEX: &str = "mails_next_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in columns() {
            let mut alter = Table::alter();
            manager.alter_table(alter.table(table).add_column(&mut column).take()).await?;
        }
        let mut key = Index::create();
        manager
            .create_index(key.name(KEY_INDEX).table("users").col("email_key").unique().to_owned())
            .await?;
        for mut table in [confirmations(), mails()] {
            if manager.get_database_backend() == DbBackend::MySql {
                table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
            }
            manager.create_table(table).await?;
        }
        let mut due = Index::create();
        manager.create_index(due.name(DUE_INDEX).table("mails").col("next_at").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["mails", "confirmations"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        manager.drop_index(Index::drop().name(KEY_INDEX).table("users").to_owned()).await?;
        for (table, column) in columns() {
            let mut alter = Table::alter();
            alter.table(table).drop_column(Alias::new(column.get_column_name()));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

fn columns() -> [(&'static str, ColumnDef); 3] {
    [
        // A JSON array of at most 20 names with at most 253 characters. Not a TEXT, because MySQL allows
        // no default for one.
        ("installation", string_len("email_domains", 5_200).default("[]").take()),
        // As the account was created with it.
        ("users", string_len_null("email", 254)),
        // The address in lower case, once it is confirmed: null before, so that nobody can keep the
        // owner of an address from using it.
        ("users", string_len_null("email_key", 254)),
    ]
}

/// The accounts whose address has to be confirmed.
fn confirmations() -> TableCreateStatement {
    Table::create()
        .table("confirmations")
        .col(big_integer("user_id").primary_key())
        // Hexadecimal SHA-256 of the token.
        .col(string_len("token_hash", 64).unique_key())
        .col(big_integer("expires_at"))
        .foreign_key(ForeignKey::create().from("confirmations", "user_id").to("users", "id"))
        .take()
}

/// The mails that have to be sent; a mail that was sent has no row.
fn mails() -> TableCreateStatement {
    Table::create()
        .table("mails")
        .col(big_integer("id").auto_increment().primary_key())
        .col(string_len("recipient", 254))
        .col(string_len("subject", 255))
        .col(text("body"))
        .col(integer("attempts").default(0))
        .col(big_integer("created_at"))
        // When to try it next. A node that sends it moves this to the end of its lease.
        .col(big_integer("next_at"))
        .take()
}
