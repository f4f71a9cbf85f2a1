//! The rows of the table `jobs`.

use std::fmt;

use sea_orm::entity::prelude::*;

/// A job.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub kind: String,
    /// The id of what the job is about, such as a room; 0 for recurring jobs. Unique for each kind.
    pub subject_id: i64,
    /// The input of the job, as JSON.
    pub payload: Option<String>,
    /// When `run_after` was set, by the clock of the database, as are all times below; 0 if that is unknown.
    pub waiting_since: i64,
    /// When a node may run it.
    pub run_after: i64,
    /// How often a node has begun to run it since it last succeeded.
    pub attempts: i64,
    /// The attempt that has the lease, a random id.
    pub lease_id: Option<Uuid>,
    /// The end of the lease; 0 while nobody has it.
    pub lease_until: i64,
    /// Incremented when the job is enqueued again, so that the end of a run does not delete a job that was
    /// enqueued during that run.
    pub revision: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When the job failed for the last time: it is a dead letter, which no node runs.
    pub dead_at: Option<i64>,
}

/// Without the payload, which may contain a token.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kind, subject_id, attempts, .. } = self;
        write!(f, "{kind} {subject_id} (job {id}, attempt {attempts})")
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
