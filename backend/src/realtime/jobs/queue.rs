//! The statements on the table `jobs`.

use std::{collections::HashMap, time::Duration};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, UpdateMany,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use uuid::Uuid;

use super::entity::{Column as C, Entity, Model};
use crate::tables::{Database, clock};

/// How long a lease lasts unless it is extended.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// Waits of at least this length do not end while the clock of the database is in doubt.
const LONG_WAIT: Duration = Duration::from_secs(600);
/// The minimum step of the clock. A smaller one may be the time that two readings took.
pub(super) const STEP_MIN: Duration = Duration::from_secs(60);
/// The maximum number of due jobs that are read at a time.
const PAGE: u64 = 16;
/// The maximum length of a stored error, in characters.
const ERROR_MAX_CHARS: usize = 500;

/// A job to add.
#[derive(Clone)]
pub struct NewJob {
    kind: &'static str,
    subject_id: i64,
    payload: Option<String>,
    delay: Duration,
}

impl NewJob {
    /// A job that is due at once. `subject_id` is the id of what it is about.
    pub fn new(kind: &'static str, subject_id: i64) -> Self {
        Self { kind, subject_id, payload: None, delay: Duration::ZERO }
    }

    /// The job is due after a delay.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The job gets a text that no other table has.
    pub fn with_payload(self, payload: String) -> Self {
        Self { payload: Some(payload), ..self }
    }
}

/// Adds a job, in the transaction of the change that causes it. If there is one of this kind for the same
/// subject, that one is replaced: it runs after the delay, also if it was dead, and again if it is running now.
pub async fn enqueue(txn: &impl ConnectionTrait, job: NewJob) -> Result<(), DbErr> {
    let NewJob { kind, subject_id, payload, delay } = job;
    let replace = OnConflict::columns([C::Kind, C::SubjectId])
        .update_columns([C::Payload, C::WaitingSince, C::RunAfter, C::Attempts])
        .value(C::Revision, Expr::col((Entity, C::Revision)).add(1_i64))
        .value(C::LastError, Expr::value(None::<String>))
        .value(C::DeadAt, Expr::value(None::<i64>))
        .to_owned();
    let insert = Query::insert()
        .into_table(Entity)
        .columns([C::Kind, C::SubjectId, C::Payload, C::WaitingSince, C::RunAfter, C::Attempts])
        .values_panic([
            kind.into(),
            subject_id.into(),
            Expr::value(payload),
            clock(txn),
            clock_in(txn, delay),
            0_i64.into(),
        ])
        .on_conflict(replace)
        .to_owned();
    txn.execute(&insert).await.map(drop)
}

/// Deletes a job, which is not needed any more. A node that runs it now finishes that run.
pub async fn cancel(
    txn: &impl ConnectionTrait,
    kind: &'static str,
    subject_id: i64,
) -> Result<(), DbErr> {
    let job = Entity::delete_many().filter(C::Kind.eq(kind)).filter(C::SubjectId.eq(subject_id));
    job.exec(txn).await.map(drop)
}

/// Adds a job unless there is one.
pub(super) async fn enqueue_if_missing(db: &Database, kind: &'static str) -> Result<(), DbErr> {
    let existing = Entity::find().filter(C::Kind.eq(kind)).count(&db.writer).await?;
    if existing > 0 {
        return Ok(());
    }
    enqueue(&db.writer, NewJob::new(kind, 0)).await
}

/// The clock of the database after a time.
fn clock_in(db: &impl ConnectionTrait, delay: Duration) -> Expr {
    clock(db).add(delay.as_micros() as i64)
}

/// The condition that a job can be leased.
fn is_due(db: &impl ConnectionTrait) -> Condition {
    Condition::all()
        .add(C::DeadAt.is_null())
        .add(Expr::col(C::RunAfter).lte(clock(db)))
        .add(Expr::col(C::LeaseUntil).lte(clock(db)))
}

/// The clock of the database, in µs since 1970.
pub(super) async fn read_clock(db: &Database) -> Result<i64, DbErr> {
    let select = Query::select().expr(clock(&db.reader)).take();
    let row = db.reader.query_one(&select).await?;
    row.ok_or_else(|| DbErr::Custom("no clock".to_owned()))?.try_get_by_index(0)
}

/// Begins the waits anew that began after the present time: the clock was set back.
pub(super) async fn restart_waits(db: &Database) -> Result<(), DbErr> {
    let length = Expr::col(C::RunAfter).sub(Expr::col(C::WaitingSince));
    // MySQL assigns from left to right, and would compute with the new `waiting_since`.
    let restart = Entity::update_many()
        .col_expr(C::RunAfter, clock(&db.writer).add(length))
        .col_expr(C::WaitingSince, clock(&db.writer))
        .filter(Expr::col(C::WaitingSince).gt(clock_in(&db.writer, STEP_MIN)));
    restart.exec(&db.writer).await.map(drop)
}

/// Ends leases that end later than any that was taken or extended at the present time: the clock was set back,
/// and the node is gone.
pub(super) async fn end_leases_of_the_future(db: &Database) -> Result<(), DbErr> {
    let latest = clock_in(&db.writer, LEASE + STEP_MIN);
    release().filter(Expr::col(C::LeaseUntil).gt(latest)).exec(&db.writer).await.map(drop)
}

/// The jobs of some kinds that can be leased, those that have waited longest first. Without those that had a long
/// wait, if the clock is in doubt.
pub(super) async fn find_due(
    db: &Database,
    kinds: &[&str],
    clock_is_in_doubt: bool,
) -> Result<Vec<Model>, DbErr> {
    let mut due =
        Entity::find().filter(C::Kind.is_in(kinds.iter().copied())).filter(is_due(&db.reader));
    if clock_is_in_doubt {
        let length = Expr::col(C::RunAfter).sub(Expr::col(C::WaitingSince));
        due = due.filter(length.lt(LONG_WAIT.as_micros() as i64));
    }
    due.order_by_asc(C::RunAfter).order_by_asc(C::Id).limit(PAGE).all(&db.reader).await
}

/// Leases a job that was found; `None` if another node has leased it meanwhile. The condition and the lease are
/// one statement, so one node gets it.
pub(super) async fn lease(db: &Database, job: Model) -> Result<Option<Model>, DbErr> {
    let lease_id = Uuid::new_v4();
    let leased = Entity::update_many()
        .col_expr(C::LeaseId, Expr::value(lease_id))
        .col_expr(C::LeaseUntil, clock_in(&db.writer, LEASE))
        .col_expr(C::Attempts, Expr::col(C::Attempts).add(1_i64))
        .filter(C::Id.eq(job.id))
        // A job that was enqueued again since has another payload.
        .filter(C::Revision.eq(job.revision))
        .filter(is_due(&db.writer))
        .exec(&db.writer)
        .await?;
    let lease = Model { lease_id: Some(lease_id), attempts: job.attempts + 1, ..job };
    Ok((leased.rows_affected == 1).then_some(lease))
}

/// The condition that a job still has the lease with which it was leased.
fn is_leased(job: &Model) -> Condition {
    Condition::all().add(C::Id.eq(job.id)).add(C::LeaseId.eq(job.lease_id))
}

/// Extends the lease of a job; `false` if the job has lost it.
pub(super) async fn renew(db: &Database, job: &Model) -> Result<bool, DbErr> {
    let renewed = Entity::update_many()
        .col_expr(C::LeaseUntil, clock_in(&db.writer, LEASE))
        .filter(is_leased(job))
        .exec(&db.writer)
        .await?;
    Ok(renewed.rows_affected == 1)
}

fn wait(db: &Database, delay: Duration) -> UpdateMany<Entity> {
    release()
        .col_expr(C::WaitingSince, clock(&db.writer))
        .col_expr(C::RunAfter, clock_in(&db.writer, delay))
}

fn release() -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(C::LeaseId, Expr::value(None::<Uuid>))
        .col_expr(C::LeaseUntil, 0_i64.into())
}

/// How the run of a job ends.
#[derive(Clone, Debug)]
pub(super) enum RunEnd {
    /// The job is deleted.
    Done,
    /// The job has more to do after a time.
    Again(Duration),
    /// The job failed with an error and is tried again after a time.
    Failed(String, Duration),
    /// The job failed with an error and becomes a dead letter.
    Dead(String),
}

/// Ends the run of a job and its lease. Changes nothing if the lease is lost, and only ends the lease if
/// the job has been enqueued again meanwhile.
pub(super) async fn end(db: &Database, job: &Model, end: RunEnd) -> Result<(), DbErr> {
    let is_unchanged = is_leased(job).add(C::Revision.eq(job.revision));
    let error =
        |error: String| Expr::value(Some(error.chars().take(ERROR_MAX_CHARS).collect::<String>()));
    let update = match end {
        RunEnd::Done => {
            let deleted = Entity::delete_many().filter(is_unchanged).exec(&db.writer).await?;
            return release_if(db, job, deleted.rows_affected == 0).await;
        }
        RunEnd::Again(delay) => wait(db, delay)
            .col_expr(C::Attempts, 0_i64.into())
            .col_expr(C::LastError, Expr::value(None::<String>)),
        RunEnd::Failed(text, delay) => wait(db, delay).col_expr(C::LastError, error(text)),
        RunEnd::Dead(text) => {
            release().col_expr(C::DeadAt, clock(&db.writer)).col_expr(C::LastError, error(text))
        }
    };
    let updated = update.filter(is_unchanged).exec(&db.writer).await?;
    release_if(db, job, updated.rows_affected == 0).await
}

async fn release_if(db: &Database, job: &Model, is_changed: bool) -> Result<(), DbErr> {
    if is_changed {
        release().filter(is_leased(job)).exec(&db.writer).await?;
    }
    Ok(())
}

/// Ends all leases. For the start of a process that is the only one to run jobs: those who had the leases are
/// gone.
pub(super) async fn release_all(db: &Database) -> Result<(), DbErr> {
    release().filter(C::LeaseUntil.gt(0)).exec(&db.writer).await.map(drop)
}

/// The number of due jobs, and of dead ones, by kind.
pub(super) async fn counts(db: &Database) -> Result<[HashMap<String, i64>; 2], DbErr> {
    let count = async |condition: Condition| {
        let select = Entity::find().select_only().column(C::Kind).column_as(C::Id.count(), "n");
        let select = select.filter(condition).group_by(C::Kind);
        let rows = select.into_tuple::<(String, i64)>().all(&db.reader).await?;
        Ok::<_, DbErr>(rows.into_iter().collect())
    };
    let due = count(is_due(&db.reader)).await?;
    let dead = count(Condition::all().add(C::DeadAt.is_not_null())).await?;
    Ok([due, dead])
}
