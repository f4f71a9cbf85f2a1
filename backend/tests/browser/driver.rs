//! chromedriver, started on a free port and gone at the end with every Chromium that it started.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-US",
    "--window-size=1280,800",
];

/// A running chromedriver.
pub struct Driver {
    process: Child,
    address: String,
    /// The profiles of its browsers are in here and nowhere else.
    profiles: PathBuf,
}

impl Driver {
    pub fn start(profiles: PathBuf) -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("no chromedriver: sudo apt-get install chromium chromium-driver");
        // "ChromeDriver was started successfully on port 41231."
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .filter(|line| line.contains("started successfully"))
            .find_map(|line| line.trim_end_matches('.').rsplit(' ').next().map(ToOwned::to_owned));
        let address = format!("http://127.0.0.1:{}", port.expect("chromedriver names its port"));
        Self { process, address, profiles }
    }

    /// A browser with a new profile.
    pub async fn browser(&self, name: &str) -> Client {
        let profile = format!("--user-data-dir={}", self.profiles.join(name).display());
        let flags: Vec<&str> = FLAGS.into_iter().chain([profile.as_str()]).collect();
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": 60_000, "implicit": 0, "pageLoad": 30_000 },
        });
        let Value::Object(wanted) = wanted else { unreachable!() };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted).connect(&self.address).await;
        client.expect("chromium starts: sudo apt-get install chromium chromium-driver")
    }

    /// The processes that carry the name of one of our profiles: browsers that outlived their
    /// session.
    fn left_over(&self) -> Vec<String> {
        let profiles = self.profiles.display().to_string();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ours = processes.filter(|process| {
            let words = fs::read(process.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).contains(&format!("--user-data-dir={profiles}"))
        });
        ours.filter_map(|process| process.file_name().into_string().ok()).collect()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        for pid in self.left_over() {
            let _ = Command::new("kill").args(["-9", &pid]).stderr(Stdio::null()).status();
        }
    }
}
