//! Tasks that run as long as the server: a panic ends one step of such a task and not the task, because
//! a server without it would accept connections and do nothing with them.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use tokio::{
    runtime::Handle,
    time::{MissedTickBehavior, interval},
};

/// Runs one step of a background task. Returns `None` if it panicked: then the step is logged and
/// counted, and the task goes on with the next one. The state that the step changes must be valid at
/// each of its awaits.
pub async fn catch_panic<T>(task: &'static str, step: impl Future<Output = T>) -> Option<T> {
    let result = AssertUnwindSafe(step).catch_unwind().await;
    if result.is_err() {
        metrics::counter!("hallway_task_panics_total", "task" => task).increment(1);
        // The panic hook has logged the message and the place.
        tracing::error!(task, "a step of a background task panicked");
    }
    result.ok()
}

/// Starts a task on a thread of its own, which may block. It ends with the runtime.
pub fn spawn_thread(name: &str, task: impl Future<Output = ()> + Send + 'static) {
    let runtime = Handle::current();
    let thread = std::thread::Builder::new().name(name.to_owned());
    // A task of the runtime is cancelled before its timers end, which must not be polled after that.
    let runs = runtime.spawn(std::future::pending::<()>());
    let work = async move {
        tokio::select! {
            biased;
            _ = runs => {}
            () = task => {}
        }
    };
    let started = thread.spawn(move || runtime.block_on(work));
    started.expect("a thread of the process");
}

/// Runs a step now and after each period, with the number of the step. Ends with the runtime.
pub async fn run_periodically<F: Future<Output = ()>>(
    task: &'static str,
    period: Duration,
    mut step: impl FnMut(u32) -> F,
) {
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for nth in 0u32.. {
        tick.tick().await;
        catch_panic(task, step(nth)).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_panic_does_not_end_a_periodic_task() {
        let (sender, mut steps) = mpsc::unbounded_channel();
        let step = move |nth: u32| {
            let sender = sender.clone();
            async move {
                sender.send(nth).unwrap();
                assert!(nth.is_multiple_of(2), "on purpose");
            }
        };
        tokio::spawn(run_periodically("test", Duration::from_secs(5), step));
        for nth in 0..5 {
            assert_eq!(steps.recv().await, Some(nth));
        }
    }

    #[tokio::test]
    async fn a_panic_ends_one_step() {
        assert_eq!(catch_panic("test", async { panic!("on purpose") }).await, None::<()>);
        assert_eq!(catch_panic("test", async { 7 }).await, Some(7));
    }
}
