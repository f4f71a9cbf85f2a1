//! The tokio runtime of a load, and the handling of Ctrl+C. The sockets of a load use mio; only the
//! setup and REST reads use tokio.

use std::{
    future::Future,
    sync::{
        LazyLock, Once,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use anyhow::{Result, ensure};
use tokio::runtime::{Builder, Runtime};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

fn new_runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system provides epoll and timers")
}

/// Runs a future on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(new_runtime);
    RUNTIME.block_on(future)
}

/// Makes [`check_interrupt`] fail after Ctrl+C. Without this, Ctrl+C would end the rig at once, and
/// leave temporary directories behind.
pub fn handle_interrupt() {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        std::thread::spawn(|| {
            if new_runtime().block_on(tokio::signal::ctrl_c()).is_ok() {
                INTERRUPTED.store(true, Relaxed);
            }
        });
    });
}

/// Fails after Ctrl+C.
pub fn check_interrupt() -> Result<()> {
    ensure!(!INTERRUPTED.load(Relaxed), "interrupted");
    Ok(())
}
