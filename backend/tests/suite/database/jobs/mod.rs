//! Background jobs: one at a time over several nodes, failures, crashes, and what the command line shows of them.

use std::time::{Duration, Instant};

use hallway::realtime::jobs::{Column, Entity, Job};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::fixture::TIMEOUT;

mod commands;
mod crash;
mod runner;

/// The jobs of a kind, by the ids of their subjects.
async fn jobs(db: &impl ConnectionTrait, kind: &str) -> Vec<Job> {
    let mut jobs = Entity::find().filter(Column::Kind.eq(kind)).all(db).await.unwrap();
    jobs.sort_by_key(|job| job.subject_id);
    jobs
}

/// Waits until the jobs of a kind are as they should be.
async fn wait_for_jobs(db: &impl ConnectionTrait, kind: &str, is_met: impl Fn(&[Job]) -> bool) {
    let start = Instant::now();
    loop {
        let jobs = jobs(db, kind).await;
        if is_met(&jobs) {
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "{jobs:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Lets the jobs of a kind have only one attempt left, which is due.
async fn leave_one_attempt(db: &impl ConnectionTrait, kind: &str) {
    let sql = format!("UPDATE jobs SET attempts = 99, run_after = 0 WHERE kind = '{kind}'");
    db.execute_unprepared(&sql).await.unwrap();
}
