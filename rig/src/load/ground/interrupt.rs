//! Ctrl+C: whatever is measured ends, and processes and folders with it.

use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use anyhow::{Result, ensure};

static IS_ASKED: AtomicBool = AtomicBool::new(false);
static WATCH: Once = Once::new();

/// From now on an interrupt does not end this process but makes [`check`] fail.
pub fn watch() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    WATCH.call_once(|| {
        std::thread::spawn(move || {
            if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
                IS_ASKED.store(true, Relaxed);
            }
        });
    });
    Ok(())
}

/// Fails once an interrupt came.
pub fn check() -> Result<()> {
    ensure!(!IS_ASKED.load(Relaxed), "interrupted");
    Ok(())
}
