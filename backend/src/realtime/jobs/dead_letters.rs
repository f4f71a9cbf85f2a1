//! The jobs as the command line shows them, and what an operator does with those that failed.

use std::fmt;

use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use shared::problem::Code;

use super::entity::{Column as C, Entity, Model};
use crate::{
    Error, Result,
    tables::{Database, clock, to_timestamp},
};

/// The maximum number of jobs of each state in a list.
const LIST_MAX: u64 = 100;

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It failed for the last time.
    Dead,
    /// A node runs it.
    Running,
    /// A node will run it when it is due.
    Waiting,
}

/// A job in a list. It has no payload, which may contain a token.
#[derive(Clone, Debug)]
pub struct ListedJob {
    pub job: Model,
    pub state: JobState,
}

/// The jobs of all states, at most 100 of each, with the number of those that were left out: dead ones first,
/// then running ones, then those that wait, the next ones first.
pub async fn list(db: &Database) -> Result<(Vec<ListedJob>, u64)> {
    let db = &db.reader;
    let is_dead = || C::DeadAt.is_not_null();
    let is_running = || Expr::col(C::LeaseUntil).gt(clock(db));
    let states = [
        (JobState::Dead, is_dead()),
        (JobState::Running, is_dead().not().and(is_running())),
        (JobState::Waiting, is_dead().not().and(is_running().not())),
    ];
    let (mut listed, mut left_out) = (Vec::new(), 0);
    for (state, condition) in states {
        let jobs = Entity::find().filter(condition);
        let count = jobs.clone().count(db).await?;
        let jobs = jobs.order_by_asc(C::RunAfter).order_by_asc(C::Id).limit(LIST_MAX);
        let jobs = jobs.all(db).await?;
        left_out += count.saturating_sub(jobs.len() as u64);
        listed.extend(jobs.into_iter().map(|job| ListedJob { job, state }));
    }
    Ok((listed, left_out))
}

/// Makes a job due at once, with all attempts before it, also a dead one. Fails if it is running.
pub async fn retry(db: &Database, id: i64) -> Result<()> {
    let retried = Entity::update_many()
        .col_expr(C::WaitingSince, clock(&db.writer))
        .col_expr(C::RunAfter, clock(&db.writer))
        .col_expr(C::Attempts, 0_i64.into())
        .col_expr(C::DeadAt, Expr::value(None::<i64>))
        .filter(C::Id.eq(id))
        .filter(Expr::col(C::LeaseUntil).lte(clock(&db.writer)))
        .exec(&db.writer)
        .await?;
    check(db, id, retried.rows_affected, "is running").await
}

/// Deletes a dead job. Fails if it is not dead, because then a node will run it.
pub async fn discard(db: &Database, id: i64) -> Result<()> {
    let dead = Entity::delete_many().filter(C::Id.eq(id)).filter(C::DeadAt.is_not_null());
    let discarded = dead.exec(&db.writer).await?;
    check(db, id, discarded.rows_affected, "is not dead; the server still runs it").await
}

async fn check(db: &Database, id: i64, affected: u64, reason: &str) -> Result<()> {
    if affected > 0 {
        return Ok(());
    }
    match Entity::find_by_id(id).one(&db.reader).await? {
        Some(_) => Err(Error::new(Code::Internal, format!("job {id} {reason}"))),
        None => Err(Error::new(Code::NotFound, format!("there is no job {id}"))),
    }
}

impl fmt::Display for ListedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, state } = self;
        let (word, time) = match state {
            JobState::Dead => ("dead since", job.dead_at.unwrap_or_default()),
            JobState::Running => ("running, lease until", job.lease_until),
            JobState::Waiting => ("waiting until", job.run_after),
        };
        write!(f, "{}\t{}\t{}\t{word} ", job.id, job.kind, job.subject_id)?;
        write!(f, "{}\tattempts: {}", to_timestamp(time).format("%F %T UTC"), job.attempts)?;
        job.last_error.iter().try_for_each(|error| write!(f, "\t{error}"))
    }
}
