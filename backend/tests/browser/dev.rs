//! `cargo xtask run --dev` in a copy of the sources: the page behind the real `trunk serve` connects
//! to the server, and both follow edits.

use std::{
    env, fs,
    fs::File,
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    panic::{AssertUnwindSafe, resume_unwind},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use futures_util::FutureExt;

use crate::fixture::{Browser, Browsers, output_dir};

/// The files and folders that cargo and trunk need.
const SOURCES: [&str; 11] = [
    ".cargo",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "rust-toolchain.toml",
    "backend",
    "frontend",
    "migrations",
    "rig",
    "shared",
    "xtask",
];

/// On 2 cores the first start takes about 5 minutes if no dependency is compiled, and one if all are.
const BUILD_TIMEOUT: Duration = Duration::from_mins(15);
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::test]
#[ignore = "compiles the page and the server twice: cargo xtask test dev"]
async fn page_and_server_follow_edits() {
    let folder = target_dir().join("dev-test");
    let workspace = folder.join("workspace");
    for name in SOURCES {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name), &workspace.join(name));
    }
    let mut run = DevRun::start(&folder, &workspace);
    run.wait_until_serving().await;
    let browsers = Browsers::new("dev", run.page());
    let ada = browsers.open("ada").await;
    let outcome = AssertUnwindSafe(scenario(&mut run, &ada, &workspace)).catch_unwind().await;
    browsers.close(outcome.is_err()).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
    run.stop();
}

async fn scenario(run: &mut DevRun, ada: &Browser, workspace: &Path) {
    ada.register("ada").await;
    ada.create_room("general", "").await;
    ada.send_message("through the proxy").await;
    ada.wait_message("through the proxy").await;
    let console = ada.take_console().await;
    assert!(!console.iter().any(|line| line.contains("WebSocket")), "{console:#?}");

    let name = "data-testid=\"my-name\">";
    edit(&workspace.join("frontend/src"), name, &format!("{name}\"edited \""));
    run.wait_until("the edited component is shown", async || my_name(ada).await == "edited ada")
        .await;

    let _: Option<()> = ada.run_script("window.isOldDocument = true", vec![]).await;
    let edited = "Json(User { username: caller.user.username + \" 2\", ..caller.user })";
    edit(&workspace.join("backend/src"), "Json(caller.user)", edited);
    let fetch_me = "const done = arguments[0];
        fetch('/api/v1/users/me').then(response => response.json())
            .then(user => done(user.username), () => done(null))";
    run.wait_until("the edited handler answers", async || {
        ada.run_async_script(fetch_me, vec![]).await == "ada 2"
    })
    .await;
    ada.send_message("after the restart").await;
    ada.wait_message("after the restart").await;
    assert!(
        ada.run_script::<bool>("return window.isOldDocument === true", vec![]).await,
        "the page must reconnect without a reload"
    );
}

/// The account's name as the page shows it; empty while the page reloads.
async fn my_name(browser: &Browser) -> String {
    let script = "return document.querySelector('[data-testid=my-name]')?.textContent ?? ''";
    let name = browser.client.execute(script, vec![]).await.unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

/// Cargo's target folder, in which cargo built this test.
fn target_dir() -> PathBuf {
    let server = Path::new(env!("CARGO_BIN_EXE_hallway"));
    server.ancestors().nth(2).expect("target/debug/hallway").to_owned()
}

/// Copies a file or folder and deletes what `from` does not have. Equal files keep their modification
/// time, so that cargo does not recompile them.
fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        let bytes = fs::read(from).unwrap();
        if fs::read(to).ok().as_ref() != Some(&bytes) {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, bytes).unwrap();
        }
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(to).unwrap().flatten() {
        match entry.path() {
            path if from.join(entry.file_name()).exists() => drop(path),
            path if path.is_dir() => fs::remove_dir_all(path).unwrap(),
            path => fs::remove_file(path).unwrap(),
        }
    }
    for entry in fs::read_dir(from).unwrap().flatten() {
        if entry.file_name() != "node_modules" {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    }
}

/// Replaces a string in the only file below `folder` that contains it.
fn edit(folder: &Path, old: &str, new: &str) {
    let mut found = Vec::new();
    files_with(folder, old, &mut found);
    let [file] = &found[..] else { panic!("not exactly one file contains {old:?}: {found:?}") };
    let text = fs::read_to_string(file).unwrap();
    fs::write(file, text.replacen(old, new, 1)).unwrap();
}

fn files_with(folder: &Path, text: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_with(&path, text, found);
        } else if fs::read_to_string(&path).is_ok_and(|content| content.contains(text)) {
            found.push(path);
        }
    }
}

/// A running `cargo xtask run --dev`.
struct DevRun {
    process: Child,
    page_port: u16,
    server_port: u16,
}

impl DevRun {
    fn start(folder: &Path, workspace: &Path) -> Self {
        let data = folder.join("data");
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(output_dir()).unwrap();
        let log = File::create(output_dir().join("browser-dev.log")).unwrap();
        let [page_port, server_port] = free_ports();
        let process = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["xtask", "run", "--dev", "--port", &page_port.to_string()])
            .args(["--server-port", &server_port.to_string(), "--", "--data"])
            .arg(&data)
            .current_dir(workspace)
            // Compiled dependencies are shared; the binaries must not replace the checkout's.
            .env("CARGO_BUILD_BUILD_DIR", target_dir())
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("cargo starts");
        Self { process, page_port, server_port }
    }

    /// The origin of the page.
    fn page(&self) -> String {
        format!("http://localhost:{}", self.page_port)
    }

    async fn wait_until_serving(&mut self) {
        let server = format!("http://127.0.0.1:{}/health/ready", self.server_port);
        for url in [server, format!("{}/ui/", self.page())] {
            self.wait_until(&format!("{url} answers"), async || {
                reqwest::get(&url).await.is_ok_and(|response| response.status() == 200)
            })
            .await;
        }
    }

    /// Polls a condition for as long as builds may take.
    async fn wait_until(&mut self, condition: &str, mut is_met: impl AsyncFnMut() -> bool) {
        let start = Instant::now();
        while !is_met().await {
            let exit = self.process.try_wait().unwrap();
            assert!(exit.is_none(), "exited ({exit:?}): test-output/browser-dev.log");
            let waited = start.elapsed();
            assert!(waited < BUILD_TIMEOUT, "waited {waited:?} until {condition}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Sends SIGTERM, and checks that neither trunk nor the server survives.
    fn stop(mut self) {
        self.signal("TERM");
        let start = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < STOP_TIMEOUT, "still runs {STOP_TIMEOUT:?} after SIGTERM");
            sleep(Duration::from_millis(50));
        }
        for port in [self.page_port, self.server_port] {
            let is_open = TcpStream::connect(("127.0.0.1", port)).is_ok();
            assert!(!is_open, "a process still listens on port {port}");
        }
    }

    fn signal(&self, name: &str) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-s", name, "--", &group]).status();
    }
}

impl Drop for DevRun {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.signal("TERM");
            // SIGTERM comes first, because only xtask knows the process groups of its children. It
            // ends them within a few seconds.
            let start = Instant::now();
            while start.elapsed() < STOP_TIMEOUT && matches!(self.process.try_wait(), Ok(None)) {
                sleep(Duration::from_millis(50));
            }
            self.signal("KILL");
            let _ = self.process.wait();
        }
    }
}

/// Two ports that are free until the processes bind them.
fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
