//! Adds the table of background jobs, with a job for everything that earlier versions found in other tables.

use sea_orm_migration::{
    prelude::*,
    schema::*,
    sea_orm::{DbBackend, Statement},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const KEY_INDEX: &str = "jobs_kind_subject_id";
const DUE_INDEX: &str = "jobs_run_after";
const MAILS_INDEX: &str = "mails_next_at";

/// Statements that add the jobs. A deleted room can be restored for 30 days.
const JOBS: [&str; 4] = [
    "INSERT INTO jobs (kind, subject_id, waiting_since, run_after) \
     SELECT 'purge_room', rooms.id, 0, COALESCE(binned_at + 2592000000000, 0) \
     FROM rooms LEFT JOIN binned_rooms ON binned_rooms.room_id = rooms.id \
     WHERE rooms.deleted_at IS NOT NULL",
    "INSERT INTO jobs (kind, subject_id, waiting_since, run_after) \
     SELECT 'delete_account', user_id, 0, 0 FROM account_deletions",
    "INSERT INTO jobs (kind, subject_id, waiting_since, run_after) \
     SELECT DISTINCT 'join_rooms', user_id, 0, 0 FROM pending_joins",
    "INSERT INTO jobs (kind, subject_id, waiting_since, run_after) \
     SELECT 'remove_unconfirmed', user_id, 0, expires_at FROM confirmations",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// So that an interrupted upgrade starts again, except on MySQL, whose DDL commits.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_table(manager, jobs()).await?;
        let mut key = Index::create();
        key.name(KEY_INDEX).table("jobs").col("kind").col("subject_id").unique();
        manager.create_index(key).await?;
        let mut due = Index::create();
        manager.create_index(due.name(DUE_INDEX).table("jobs").col("run_after").take()).await?;
        let db = manager.get_connection();
        for sql in JOBS {
            db.execute_unprepared(sql).await?;
        }
        move_mails(db).await?;
        manager.drop_index(Index::drop().name(MAILS_INDEX).table("mails").to_owned()).await?;
        manager.drop_table(Table::drop().table("mails").to_owned()).await
    }

    /// Mails that were not sent are lost; the other jobs are found again.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("jobs").to_owned()).await?;
        create_table(manager, mails()).await?;
        let mut due = Index::create();
        manager.create_index(due.name(MAILS_INDEX).table("mails").col("next_at").take()).await
    }
}

async fn create_table(
    manager: &SchemaManager<'_>,
    mut table: TableCreateStatement,
) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::MySql {
        table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
    }
    manager.create_table(table).await
}

fn jobs() -> TableCreateStatement {
    Table::create()
        .table("jobs")
        .col(big_integer("id").auto_increment().primary_key())
        .col(string_len("kind", 32))
        // The id of what the job is about, such as a room; 0 for recurring jobs.
        .col(big_integer("subject_id"))
        // The input of the job, as JSON.
        .col(text_null("payload"))
        .col(big_integer("waiting_since"))
        .col(big_integer("run_after"))
        .col(big_integer("attempts").default(0))
        // Who has the lease: a random id for each attempt.
        .col(uuid_null("lease_id"))
        // 0 while nobody has it.
        .col(big_integer("lease_until").default(0))
        // Incremented when the job is enqueued again.
        .col(big_integer("revision").default(0))
        .col(string_len_null("last_error", 500))
        .col(big_integer_null("dead_at"))
        .take()
}

/// As `m0018_email` creates it.
fn mails() -> TableCreateStatement {
    Table::create()
        .table("mails")
        .col(big_integer("id").auto_increment().primary_key())
        .col(string_len("recipient", 254))
        .col(string_len("subject", 255))
        .col(text("body"))
        .col(integer("attempts").default(0))
        .col(big_integer("created_at"))
        .col(big_integer("next_at"))
        .take()
}

/// Here, because each database builds JSON in another way. There are few, because a mail that was sent has no
/// row.
async fn move_mails(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let insert = match backend {
        DbBackend::Postgres => {
            "INSERT INTO jobs (kind, subject_id, payload, waiting_since, run_after) \
             VALUES ('send_mail', $1, $2, 0, 0)"
        }
        _ => {
            "INSERT INTO jobs (kind, subject_id, payload, waiting_since, run_after) \
             VALUES ('send_mail', ?, ?, 0, 0)"
        }
    };
    let select = "SELECT id, recipient, subject, body FROM mails";
    for row in db.query_all_raw(Statement::from_string(backend, select)).await? {
        let id = row.try_get_by_index::<i64>(0)?;
        let text = |index: usize| row.try_get_by_index::<String>(index);
        let payload = serde_json::json!({"to": text(1)?, "subject": text(2)?, "body": text(3)?});
        // Negative, because the subject of later ones is an account.
        let values = [(-id).into(), payload.to_string().into()];
        db.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await?;
    }
    Ok(())
}
