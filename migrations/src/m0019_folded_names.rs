//! Adds the folded names of accounts, by which a new name is compared with those of others. Accounts that look
//! alike already keep their names: without a unique index, they are no obstacle.

use sea_orm_migration::{
    prelude::*,
    schema::*,
    sea_orm::{DbBackend, Statement},
};
use shared::{rules::name_key, unicode::fold_name};

#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMNS: [&str; 2] = ["username_fold", "display_fold"];
/// The number of accounts that are read at a time.
const CHUNK: usize = 1_000;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            // Null if it is the key of the name, which is stored too.
            let mut column = string_len_null(name, 300);
            let mut alter = Table::alter();
            manager.alter_table(alter.table("users").add_column(&mut column).take()).await?;
            let mut index = Index::create();
            index.name(format!("users_{name}")).table("users").col(name);
            manager.create_index(index).await?;
        }
        fold_names(manager.get_connection()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            let index = Index::drop().name(format!("users_{name}")).table("users").to_owned();
            manager.drop_index(index).await?;
            let mut alter = Table::alter();
            alter.table("users").drop_column(Alias::new(name));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

/// Folds the names of all accounts. Here, because no database can.
async fn fold_names(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let update = match backend {
        DbBackend::Postgres => {
            "UPDATE users SET username_fold = $1, display_fold = $2 WHERE id = $3"
        }
        _ => "UPDATE users SET username_fold = ?, display_fold = ? WHERE id = ?",
    };
    let mut last_id = 0_i64;
    loop {
        let select = format!(
            "SELECT id, username, display_name FROM users \
             WHERE id > {last_id} AND deleted_at IS NULL ORDER BY id LIMIT {CHUNK}"
        );
        let rows = db.query_all_raw(Statement::from_string(backend, select)).await?;
        for row in &rows {
            last_id = row.try_get_by_index(0)?;
            let username: String = row.try_get_by_index(1)?;
            let display_name: Option<String> = row.try_get_by_index(2)?;
            let (username, display) = (fold(&username), display_name.and_then(|name| fold(&name)));
            if username.is_some() || display.is_some() {
                let values = [username.into(), display.into(), last_id.into()];
                let statement = Statement::from_sql_and_values(backend, update, values);
                db.execute_raw(statement).await?;
            }
        }
        if rows.len() < CHUNK {
            return Ok(());
        }
    }
}

fn fold(name: &str) -> Option<String> {
    let folded = fold_name(name);
    (folded != name_key(name)).then_some(folded)
}
