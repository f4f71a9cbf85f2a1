//! Runs the jobs that are due.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout, timeout_at},
};
use uuid::Uuid;

use super::{
    Job,
    clock_watch::ClockWatch,
    queue::{self, LEASE, RunEnd},
};
use crate::{Result, background::catch_panic, tables::Database};

/// How often a node looks for due jobs: those that other processes added, and those whose time has come.
const POLL: Duration = Duration::from_secs(1);
/// How often a lease is extended.
const RENEW: Duration = Duration::from_secs(5);
/// How often the numbers of jobs in the metrics are updated.
const REPORT: Duration = Duration::from_secs(10);
/// The wait after the first failure; twice as long after each further one.
const RETRY_MIN: Duration = Duration::from_secs(1);
/// The maximum wait between two attempts.
const RETRY_MAX: Duration = Duration::from_secs(1_200);
/// The number of attempts after which a job is a dead letter.
const ATTEMPTS_MAX: i64 = 100;

/// A handle to the runner of this node; cheap to clone.
#[derive(Clone, Default)]
pub struct Jobs {
    due: Arc<Notify>,
}

impl Jobs {
    /// Makes the runner look for due jobs at once. Called after the commit that added one; without it, the
    /// runner finds the job within a second.
    pub fn wake(&self) {
        self.due.notify_one();
    }
}

/// How a job ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing remains to be done.
    Done,
    /// The job has more to do after a time.
    ContinueAfter(Duration),
}

type Handler = Box<dyn Fn(Job) -> BoxFuture<'static, Result<Progress>> + Send + Sync>;

/// A kind of jobs that this node runs.
struct Kind {
    name: &'static str,
    handler: Handler,
    /// A permit for each job of the kind that may run at a time on this node.
    permits: Arc<Semaphore>,
    /// The period of a recurring job.
    period: Option<Duration>,
}

/// Runs the jobs of the kinds that have a handler.
pub struct Runner {
    db: Database,
    jobs: Jobs,
    kinds: HashMap<&'static str, Arc<Kind>>,
}

impl Runner {
    pub fn new(db: Database, jobs: Jobs) -> Self {
        Self { db, jobs, kinds: HashMap::new() }
    }

    /// Registers the handler of a kind, of which this node runs at most `at_once` jobs at a time. The handler
    /// may be dropped at any of its awaits, and called again for a job that it has done in part or entirely.
    pub fn on<F: Future<Output = Result<Progress>> + Send + 'static>(
        &mut self,
        name: &'static str,
        at_once: usize,
        handler: impl Fn(Job) -> F + Send + Sync + 'static,
    ) {
        let handler: Handler = Box::new(move |job| Box::pin(handler(job)));
        let permits = Arc::new(Semaphore::new(at_once));
        self.kinds.insert(name, Arc::new(Kind { name, handler, permits, period: None }));
    }

    /// Registers a recurring job, which one node runs at a time and which is due again a period after its end.
    pub fn every<F: Future<Output = Result<()>> + Send + 'static>(
        &mut self,
        name: &'static str,
        period: Duration,
        handler: impl Fn() -> F + Send + Sync + 'static,
    ) {
        let handler: Handler = Box::new(move |_| {
            let run = handler();
            Box::pin(async move { run.await.map(|()| Progress::ContinueAfter(period)) })
        });
        let permits = Arc::new(Semaphore::new(1));
        self.kinds.insert(name, Arc::new(Kind { name, handler, permits, period: Some(period) }));
    }

    /// Adds the recurring jobs that are missing, and runs due jobs until the runtime ends.
    pub async fn start(self) -> Result<()> {
        // With SQLite, a process that had leases is gone.
        if !self.db.is_shared() {
            queue::release_all(&self.db).await?;
        }
        for kind in self.kinds.values().filter(|kind| kind.period.is_some()) {
            queue::enqueue_if_missing(&self.db, kind.name).await?;
        }
        tokio::spawn(self.run());
        Ok(())
    }

    async fn run(self) {
        let mut watch = ClockWatch::start(Instant::now());
        let mut reported: Option<Instant> = None;
        let mut kinds: BTreeSet<String> =
            self.kinds.keys().map(|name| (*name).to_owned()).collect();
        loop {
            let step = async {
                if reported.is_none_or(|at| at.elapsed() >= REPORT) {
                    self.report(&mut kinds).await?;
                    reported = Some(Instant::now());
                }
                self.watch_clock(&mut watch).await?;
                while self.start_due(watch.is_in_doubt(Instant::now())).await? {}
                Ok::<_, crate::Error>(())
            };
            if let Some(Err(error)) = catch_panic("jobs", step).await {
                tracing::warn!(%error, "cannot look for due jobs");
                // A notification would repeat it at once.
                sleep(POLL).await;
            }
            let _ = timeout(POLL, self.jobs.due.notified()).await;
        }
    }

    /// Updates the numbers of jobs in the metrics, also of kinds without jobs, and of kinds without a handler on
    /// this node.
    async fn report(&self, kinds: &mut BTreeSet<String>) -> Result<()> {
        let [due, dead] = queue::counts(&self.db).await?;
        kinds.extend(due.keys().chain(dead.keys()).cloned());
        for (name, counts) in [("hallway_jobs_due", due), ("hallway_jobs_dead", dead)] {
            for kind in kinds.iter() {
                let count = counts.get(kind).copied().unwrap_or_default();
                metrics::gauge!(name, "kind" => kind.clone()).set(count as f64);
            }
        }
        Ok(())
    }

    /// Repairs the times of jobs after the clock of the database was set back: else they would wait until it has
    /// caught up.
    async fn watch_clock(&self, watch: &mut ClockWatch) -> Result<()> {
        let before = Instant::now();
        let clock = queue::read_clock(&self.db).await?;
        // A late answer says nothing about the clock.
        if before.elapsed() < POLL && watch.read(Instant::now(), clock) {
            queue::restart_waits(&self.db).await?;
        }
        if watch.take_leases_due(Instant::now()) {
            queue::end_leases_of_the_future(&self.db).await?;
        }
        Ok(())
    }

    /// Leases due jobs, and runs each in a task of its own. Returns whether it leased any: then more may be
    /// due.
    async fn start_due(&self, clock_is_in_doubt: bool) -> Result<bool> {
        let has_permit = |kind: &&Arc<Kind>| kind.permits.available_permits() > 0;
        let kinds: Vec<_> = self.kinds.values().filter(has_permit).map(|kind| kind.name).collect();
        if kinds.is_empty() {
            return Ok(false);
        }
        let mut has_leased = false;
        for job in queue::find_due(&self.db, &kinds, clock_is_in_doubt).await? {
            let Some(kind) = self.kinds.get(&*job.kind) else { continue };
            let Ok(permit) = kind.permits.clone().try_acquire_owned() else { continue };
            let leased_at = Instant::now();
            if let Some(job) = queue::lease(&self.db, job).await? {
                has_leased = true;
                let run = Run { db: self.db.clone(), kind: kind.clone(), job, leased_at };
                tokio::spawn(run.run(permit, self.jobs.clone()));
            }
        }
        Ok(has_leased)
    }
}

/// An attempt to run a job.
struct Run {
    db: Database,
    kind: Arc<Kind>,
    job: Job,
    /// The start of the statement that took the lease.
    leased_at: Instant,
}

impl Run {
    async fn run(self, permit: OwnedSemaphorePermit, jobs: Jobs) {
        let end = if self.is_exhausted(self.job.attempts - 1) {
            // A failure would have ended it: each of these attempts ended with its process.
            self.give_up("the server ended during the last attempt".to_owned())
        } else {
            let work = catch_panic("job", (self.kind.handler)(self.job.clone()));
            tokio::select! {
                result = work => self.end_of(result),
                () = self.keep_lease() => {
                    tracing::warn!(job = ?self.job, "lost the lease of a job");
                    self.count("lost");
                    return;
                }
            }
        };
        let ended = Instant::now();
        while let Err(error) = queue::end(&self.db, &self.job, end.clone()).await {
            tracing::warn!(%error, job = ?self.job, "cannot note the end of a job");
            if ended.elapsed() > LEASE {
                // The job runs again.
                break;
            }
            sleep(RETRY_MIN).await;
        }
        drop(permit);
        jobs.wake();
    }

    /// How the attempt ends; `None` is a panic.
    fn end_of(&self, result: Option<Result<Progress>>) -> RunEnd {
        let error = match result {
            Some(Ok(progress)) => {
                self.count("succeeded");
                return match progress {
                    Progress::Done => RunEnd::Done,
                    Progress::ContinueAfter(delay) => RunEnd::Again(delay),
                };
            }
            Some(Err(error)) => error.to_string(),
            None => "a panic, which the log has".to_owned(),
        };
        if self.is_exhausted(self.job.attempts) {
            return self.give_up(error);
        }
        let wait = retry_delay(self.job.attempts).min(self.kind.period.unwrap_or(RETRY_MAX));
        tracing::warn!(error, job = ?self.job, ?wait, "a job failed, will try again");
        self.count("failed");
        RunEnd::Failed(error, wait)
    }

    fn give_up(&self, error: String) -> RunEnd {
        tracing::error!(error, job = ?self.job, "gave up a job");
        self.count("dead");
        RunEnd::Dead(error)
    }

    fn is_exhausted(&self, attempts: i64) -> bool {
        attempts >= ATTEMPTS_MAX && self.kind.period.is_none()
    }

    fn count(&self, outcome: &'static str) {
        let kind = self.kind.name;
        metrics::counter!("hallway_job_runs_total", "kind" => kind, "outcome" => outcome)
            .increment(1);
    }

    /// Extends the lease until the work has ended. Returns when the lease is lost, at the latest when it ends:
    /// measured from before each statement, because the database may have executed it at once and answered late.
    async fn keep_lease(&self) {
        let mut renewed_at = self.leased_at;
        loop {
            sleep(RENEW).await;
            let before = Instant::now();
            match timeout_at(renewed_at + LEASE, queue::renew(&self.db, &self.job)).await {
                Ok(Ok(true)) => renewed_at = before,
                Ok(Err(_)) if renewed_at.elapsed() < LEASE => {}
                _ => return,
            }
        }
    }
}

/// The wait after a number of attempts: 1 s to 20 min, of which a random half is left out, so that jobs that
/// failed together are not tried together.
fn retry_delay(attempts: i64) -> Duration {
    let doublings = attempts.saturating_sub(1).clamp(0, 16) as u32;
    let delay = RETRY_MIN.saturating_mul(1 << doublings).min(RETRY_MAX);
    let random = Uuid::new_v4().as_u128() % 1_000;
    delay.mul_f64(1.0 - random as f64 / 2_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_up_to_twenty_minutes() {
        for (attempts, seconds) in
            [(1, 1.0), (2, 2.0), (6, 32.0), (11, 1_024.0), (i64::MAX, 1_200.0)]
        {
            let delay = retry_delay(attempts).as_secs_f64();
            assert!((seconds / 2.0..=seconds).contains(&delay), "{attempts}: {delay}");
        }
    }
}
