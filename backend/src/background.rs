//! Tasks that run as long as the server: a panic ends one step of such a task and not the task, because
//! a server without it would accept connections and do nothing with them.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_one_step() {
        assert_eq!(catch_panic("test", async { panic!("on purpose") }).await, None::<()>);
        assert_eq!(catch_panic("test", async { 7 }).await, Some(7));
    }
}
