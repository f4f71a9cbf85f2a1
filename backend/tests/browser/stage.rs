//! Where a story plays: a server, a driver, the browsers, and what is left of them when it fails.

use std::{
    cell::RefCell,
    fs,
    panic::{AssertUnwindSafe, resume_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use tempfile::TempDir;

use crate::{browser::Browser, driver::Driver, hallway::Hallway};

/// How long anything on a page may take.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// A server of its own, and as many browsers as the story needs.
pub struct Stage {
    pub name: &'static str,
    pub hallway: Hallway,
    driver: Driver,
    browsers: RefCell<Vec<Browser>>,
    /// Last, so that nobody writes into it any more when it goes.
    place: TempDir,
}

/// Plays a story. If it fails, each browser's last page and console are kept.
pub async fn story(name: &'static str, tell: impl AsyncFnOnce(&Stage)) {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(output()).unwrap();
    let log = output().join(format!("browser-{name}-server.log"));
    let _ = fs::remove_file(&log);
    let hallway = Hallway::start(place.path().join("data"), log).await;
    let driver = Driver::start(place.path().to_owned());
    let stage = Stage { name, hallway, driver, browsers: RefCell::default(), place };
    let outcome = AssertUnwindSafe(tell(&stage)).catch_unwind().await;
    stage.close(outcome.is_err()).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl Stage {
    /// Another person's browser, with a new profile.
    pub async fn browser(&self, name: &str) -> Browser {
        let client = self.driver.browser(name).await;
        let browser = Browser::new(name, client, self.hallway.origin());
        self.browsers.borrow_mut().push(browser.clone());
        browser
    }

    async fn close(self, failed: bool) {
        for browser in self.browsers.take() {
            if failed {
                browser
                    .keep(&output().join(format!("browser-{}-{}", self.name, browser.name)))
                    .await;
            }
            browser.close().await;
        }
        drop(self.driver);
        drop(self.hallway);
        // A browser may still be writing for a moment: what stays then is the system's to clear.
        let _ = self.place.close();
    }
}

/// What tests leave for people to look at.
pub fn output() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-output")
}

/// Waits until something is so; what it was, in words, is the failure.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    until_or(what, async || if is_so().await { Ok(()) } else { Err(String::new()) }).await;
}

/// The same for what can say how it is instead.
pub async fn until_or(what: &str, mut is_so: impl AsyncFnMut() -> Result<(), String>) {
    let began = Instant::now();
    while let Err(how) = is_so().await {
        assert!(began.elapsed() < PATIENCE, "waited {} s until {what}{how}", PATIENCE.as_secs());
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}
