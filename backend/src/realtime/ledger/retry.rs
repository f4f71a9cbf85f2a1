//! Runs background work of the ledger again and again, until it succeeds.

use std::{future::Future, time::Duration};

use shared::problem::Code;
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use crate::{Result, background::catch_panic};

/// How long a task waits after its first failure; twice as long after each further one.
const RETRY_MIN: Duration = Duration::from_secs(1);
/// The maximum wait between two tries.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// A task in the log and the metrics.
#[derive(Clone, Copy)]
pub(super) struct Task {
    /// Its name in the log.
    pub(super) name: &'static str,
    /// The counter of its failures.
    pub(super) failures: &'static str,
}

/// Works at the start, when `notify` is notified, and after the time that the work returns. After an
/// error, such as a full disk or a lock, or a panic it tries again until it succeeds.
pub(super) async fn retry_forever<F: Future<Output = Result<Duration>>>(
    task: Task,
    notify: &Notify,
    mut work: impl FnMut() -> F,
) {
    let mut failures = 0;
    loop {
        let worked = catch_panic(task.name, work()).await;
        let wait = match worked.unwrap_or_else(|| Err(Code::Internal.into())) {
            Ok(wait) => {
                failures = 0;
                wait
            }
            Err(error) => {
                metrics::counter!(task.failures).increment(1);
                let wait = retry_delay(failures);
                failures += 1;
                tracing::warn!(%error, ?wait, task = task.name, "cannot finish a task yet");
                wait
            }
        };
        // A notification ends the wait.
        let _ = timeout(wait, notify.notified()).await;
    }
}

/// The wait after a number of failures: 1 to 60 s, of which a random half is left out, so that several
/// nodes do not try at the same times.
fn retry_delay(failures: u32) -> Duration {
    let delay = RETRY_MIN.saturating_mul(2_u32.saturating_pow(failures)).min(RETRY_MAX);
    let random = Uuid::new_v4().as_u128() % 1_000;
    delay.mul_f64(1.0 - random as f64 / 2_000.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::{sync::mpsc, time::Instant};

    use super::*;

    const TASK: Task = Task { name: "test", failures: "hallway_test_failures_total" };
    const PAUSE: Duration = Duration::from_secs(600);

    #[tokio::test(start_paused = true)]
    async fn errors_and_panics_are_retried_soon() {
        let (sender, mut attempts) = mpsc::unbounded_channel();
        let deleted = Arc::new(Notify::new());
        let notify = deleted.clone();
        let mut nth = 0;
        let purge = move || {
            nth += 1;
            let (nth, sender) = (nth, sender.clone());
            async move {
                sender.send(Instant::now()).unwrap();
                match nth {
                    1 => panic!("on purpose"),
                    2 => Err(crate::Error::from(Code::Unavailable)),
                    _ => Ok(PAUSE),
                }
            }
        };
        tokio::spawn(async move { retry_forever(TASK, &deleted, purge).await });
        let start = attempts.recv().await.unwrap();
        attempts.recv().await.unwrap();
        let success = attempts.recv().await.unwrap();
        assert!(success - start < Duration::from_secs(4));
        assert!(attempts.recv().await.unwrap() - success >= PAUSE);
        notify.notify_one();
        let before = Instant::now();
        assert!(attempts.recv().await.unwrap() - before < Duration::from_secs(1));
    }

    #[test]
    fn the_wait_grows_up_to_a_minute() {
        for (failures, seconds) in [(0, 1.0), (1, 2.0), (5, 32.0), (6, 60.0), (u32::MAX, 60.0)] {
            let delay = retry_delay(failures).as_secs_f64();
            assert!((seconds / 2.0..=seconds).contains(&delay), "{failures}: {delay}");
        }
    }
}
