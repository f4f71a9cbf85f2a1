//! Three runners on one database, as three nodes have them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use hallway::{
    Error,
    realtime::jobs::{self, Column, Entity, Job, Jobs, NewJob, Progress, Runner, enqueue},
    tables::Database,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use shared::problem::Code;
use uuid::Uuid;

use super::{jobs as jobs_of, leave_one_attempt, wait_for_jobs};
use crate::fixture::{Fixture, TIMEOUT};

const KIND: &str = "test";
const NODES: usize = 3;

/// What the handlers of all nodes did.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    running: HashSet<i64>,
    /// Whether two nodes ran a job at the same time.
    has_overlap: bool,
    /// The subject of each run that began.
    begun: Vec<i64>,
    /// The subject of each run that ended.
    ended: Vec<i64>,
}

/// Counts the end of a run, also of one that is dropped.
struct Running(Log, i64);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().running.remove(&self.1);
    }
}

impl Log {
    /// Runs a job for a time.
    async fn run(&self, job: &Job, duration: Duration) {
        {
            let mut state = self.0.lock().unwrap();
            state.begun.push(job.subject_id);
            state.has_overlap |= !state.running.insert(job.subject_id);
        }
        let running = Running(self.clone(), job.subject_id);
        tokio::time::sleep(duration).await;
        self.0.lock().unwrap().ended.push(job.subject_id);
        drop(running);
    }

    fn begun(&self) -> Vec<i64> {
        self.0.lock().unwrap().begun.clone()
    }

    /// The sorted subjects of the runs that ended. Fails if two nodes ran a job at the same time.
    fn ended(&self) -> Vec<i64> {
        let state = self.0.lock().unwrap();
        assert!(!state.has_overlap, "two nodes ran a job: {:?}", state.begun);
        let mut ended = state.ended.clone();
        ended.sort_unstable();
        ended
    }

    async fn wait_begun(&self, count: usize) {
        let start = Instant::now();
        while self.begun().len() < count {
            assert!(start.elapsed() < TIMEOUT, "{:?}", self.begun());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn database(fixture: &Fixture) -> Database {
    fixture.server.database().clone()
}

/// The connections of another node, which SQLite does not have.
async fn node_database(fixture: &Fixture) -> Database {
    let db = database(fixture);
    if !db.is_shared() {
        return db;
    }
    Database::open_existing(&fixture.server.storage().url(), 2).await.unwrap()
}

/// Starts three runners with the same handler.
async fn start_nodes<F: Future<Output = hallway::Result<Progress>> + Send + 'static>(
    fixture: &Fixture,
    handler: impl Fn(Job) -> F + Clone + Send + Sync + 'static,
) -> [Jobs; NODES] {
    let nodes: [Jobs; NODES] = Default::default();
    for node in &nodes {
        let mut runner = Runner::new(node_database(fixture).await, node.clone());
        runner.on(KIND, 2, handler.clone());
        runner.start().await.unwrap();
    }
    nodes
}

async fn start_sleeping_nodes(fixture: &Fixture, log: &Log, duration: Duration) -> [Jobs; NODES] {
    let log = log.clone();
    let handler = move |job: Job| {
        let log = log.clone();
        async move {
            log.run(&job, duration).await;
            Ok(Progress::Done)
        }
    };
    start_nodes(fixture, handler).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_job_runs_once_at_a_time_over_three_nodes() {
    const JOBS: i64 = 40;
    let (fixture, log) = (Fixture::start().await, Log::default());
    let nodes = start_sleeping_nodes(&fixture, &log, Duration::from_millis(30)).await;
    let db = database(&fixture).writer;
    for nth in 0..JOBS {
        enqueue(&db, NewJob::new(KIND, nth)).await.unwrap();
        nodes.iter().for_each(Jobs::wake);
    }
    wait_for_jobs(&db, KIND, <[_]>::is_empty).await;
    assert_eq!(log.ended(), (0..JOBS).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recurring_job_runs_again_on_one_node_at_a_time() {
    let (fixture, log) = (Fixture::start().await, Log::default());
    let db = database(&fixture);
    // Due when all nodes have started: with SQLite, a node that starts takes the leases of others for old ones.
    enqueue(&db.writer, NewJob::new(KIND, 0).after(Duration::from_secs(2))).await.unwrap();
    let job = jobs_of(&db.writer, KIND).await.remove(0);
    for _ in 0..NODES {
        let (log, job) = (log.clone(), job.clone());
        let mut runner = Runner::new(node_database(&fixture).await, Jobs::default());
        runner.every(KIND, Duration::from_millis(10), move || {
            let (log, job) = (log.clone(), job.clone());
            async move {
                log.run(&job, Duration::from_millis(30)).await;
                Ok(())
            }
        });
        runner.start().await.unwrap();
    }
    log.wait_begun(5).await;
    assert!(log.ended().len() >= 4);
    assert_eq!(jobs_of(&db.reader, KIND).await.len(), 1);
}

#[tokio::test]
async fn a_job_that_is_asked_for_twice_runs_once_and_again_if_it_was_running() {
    let (fixture, log) = (Fixture::start().await, Log::default());
    let db = database(&fixture).writer;
    let later = NewJob::new(KIND, 7).after(Duration::from_secs(3_600));
    enqueue(&db, later.clone()).await.unwrap();
    let nodes = start_sleeping_nodes(&fixture, &log, Duration::from_millis(500)).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(log.begun(), [0; 0], "before its time");
    enqueue(&db, NewJob::new(KIND, 7)).await.unwrap();
    assert_eq!(jobs_of(&db, KIND).await.len(), 1);
    nodes[0].wake();
    log.wait_begun(1).await;
    enqueue(&db, NewJob::new(KIND, 7)).await.unwrap();
    wait_for_jobs(&db, KIND, <[_]>::is_empty).await;
    assert_eq!(log.ended(), [7, 7]);
}

/// Lets the lease of the only job end after a time; `other` gives it to a node that is gone.
async fn set_lease_end(db: &Database, lease: Duration, other: Option<Uuid>) {
    let clock = hallway::tables::clock(&db.writer);
    let end = sea_orm::sea_query::ExprTrait::add(clock, lease.as_micros() as i64);
    let mut update = Entity::update_many().col_expr(Column::LeaseUntil, end);
    if let Some(other) = other {
        update = update.col_expr(Column::LeaseId, Expr::value(other));
    }
    update.filter(Column::Kind.eq(KIND)).exec(&db.writer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_job_keeps_its_lease_and_a_lost_one_is_taken_over_when_it_ends() {
    let (fixture, log) = (Fixture::start().await, Log::default());
    let db = database(&fixture);
    let nodes = start_sleeping_nodes(&fixture, &log, Duration::from_secs(10)).await;
    enqueue(&db.writer, NewJob::new(KIND, 1)).await.unwrap();
    nodes[0].wake();
    log.wait_begun(1).await;
    // The node extends it after 5 s.
    set_lease_end(&db, Duration::from_secs(8), None).await;
    wait_for_jobs(&db.writer, KIND, <[_]>::is_empty).await;
    assert_eq!(log.ended(), [1]);

    enqueue(&db.writer, NewJob::new(KIND, 2)).await.unwrap();
    log.wait_begun(2).await;
    set_lease_end(&db, Duration::from_secs(12), Some(Uuid::new_v4())).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    // The node has noticed that it lost the lease, and no other has taken it yet.
    assert_eq!((log.begun(), log.0.lock().unwrap().running.len()), (vec![1, 2], 0));
    log.wait_begun(3).await;
    assert_eq!((log.begun(), log.ended()), (vec![1, 2, 2], vec![1]));
    wait_for_jobs(&db.writer, KIND, <[_]>::is_empty).await;
    assert_eq!(log.ended(), [1, 2]);
}

/// Job 1 fails, and job 2 panics, until the test ends that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_back_off_and_end_as_dead_letters_which_can_be_retried_and_discarded() {
    let fixture = Fixture::start().await;
    let db = database(&fixture);
    let is_broken = Arc::new(Mutex::new(true));
    let (log, broken) = (Log::default(), is_broken.clone());
    let handler = {
        let log = log.clone();
        move |job: Job| {
            let (log, is_broken) = (log.clone(), *broken.lock().unwrap());
            async move {
                log.run(&job, Duration::ZERO).await;
                match job.subject_id {
                    1 if is_broken => Err(Error::new(Code::Internal, "no luck")),
                    2 if is_broken => panic!("on purpose"),
                    _ => Ok(Progress::Done),
                }
            }
        }
    };
    start_nodes(&fixture, handler).await;
    for subject in [1, 2] {
        enqueue(&db.writer, NewJob::new(KIND, subject)).await.unwrap();
    }
    wait_for_jobs(&db.writer, KIND, |jobs| jobs.iter().all(|job| job.attempts >= 2)).await;
    let failed = jobs_of(&db.writer, KIND).await;
    assert_eq!(failed[0].last_error.as_deref(), Some("no luck"));
    assert!(failed[1].last_error.as_deref().unwrap().contains("panic"), "{failed:?}");
    assert!(failed.iter().all(|job| job.dead_at.is_none()));
    // At least 0.5 s after the first attempt, and 1 s after the second one.
    let begun = log.begun().len();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(log.begun().len() <= begun + 4, "{:?}", log.begun());

    leave_one_attempt(&db.writer, KIND).await;
    let are_dead = |jobs: &[Job]| jobs.iter().all(|job| job.dead_at.is_some());
    wait_for_jobs(&db.writer, KIND, are_dead).await;
    let begun = log.begun().len();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(log.begun().len(), begun, "a dead job runs");

    *is_broken.lock().unwrap() = false;
    let [first, second] = &jobs_of(&db.writer, KIND).await[..] else { panic!() };
    jobs::retry(&db, first.id).await.unwrap();
    wait_for_jobs(&db.writer, KIND, |jobs| jobs.len() == 1).await;
    assert_eq!(*log.begun().last().unwrap(), 1);
    jobs::discard(&db, second.id).await.unwrap();
    assert!(jobs_of(&db.writer, KIND).await.is_empty());
    let error = jobs::discard(&db, second.id).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}

/// A job that ends its process never gets to fail.
#[tokio::test]
async fn a_job_whose_attempts_all_ended_with_their_processes_is_dead() {
    let (fixture, log) = (Fixture::start().await, Log::default());
    let db = database(&fixture).writer;
    enqueue(&db, NewJob::new(KIND, 1)).await.unwrap();
    Entity::update_many()
        .col_expr(Column::Attempts, 100_i64.into())
        .filter(Column::Kind.eq(KIND))
        .exec(&db)
        .await
        .unwrap();
    start_sleeping_nodes(&fixture, &log, Duration::ZERO).await;
    wait_for_jobs(&db, KIND, |jobs| jobs.iter().all(|job| job.dead_at.is_some())).await;
    assert_eq!(log.begun(), [0; 0]);
}

/// The clock was an hour ahead when two jobs got their times, and another node took one of them; then it was set
/// back, and that node is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_whose_times_are_of_a_clock_that_was_ahead_run_all_the_same() {
    const HOUR: i64 = 3_600_000_000;
    let (fixture, log) = (Fixture::start().await, Log::default());
    let db = database(&fixture);
    let ahead = |time: i64| {
        sea_orm::sea_query::ExprTrait::add(hallway::tables::clock(&db.writer), HOUR + time)
    };
    for subject in [1, 2] {
        enqueue(&db.writer, NewJob::new(KIND, subject)).await.unwrap();
    }
    let of_subject = |subject: i64| {
        Entity::update_many().filter(Column::Kind.eq(KIND)).filter(Column::SubjectId.eq(subject))
    };
    of_subject(1)
        .col_expr(Column::WaitingSince, ahead(0))
        .col_expr(Column::RunAfter, ahead(2_000_000))
        .exec(&db.writer)
        .await
        .unwrap();
    of_subject(2)
        .col_expr(Column::LeaseId, Expr::value(Uuid::new_v4()))
        .col_expr(Column::LeaseUntil, ahead(30_000_000))
        .exec(&db.writer)
        .await
        .unwrap();
    start_sleeping_nodes(&fixture, &log, Duration::ZERO).await;
    // The wait begins anew; SQLite ends all leases at the start, because nobody else can have one.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let early: &[i64] = if db.is_shared() { &[] } else { &[2] };
    assert_eq!(log.begun(), early);
    let start = Instant::now();
    log.wait_begun(early.len() + 1).await;
    assert!(start.elapsed() < Duration::from_secs(10), "the wait is 2 s");
    // A live node would have extended its lease by now.
    while log.begun().len() < 2 {
        assert!(start.elapsed() < Duration::from_secs(45), "{:?}", log.begun());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
