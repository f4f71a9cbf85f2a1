//! The program under test: the built binary on a free port with a data folder of its own. Can be
//! killed and started again on the same port and data.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use reqwest::Method;
use rig::load::seed::{self, History};
use serde_json::{Value, json};

/// Everybody's password.
pub const PASSWORD: &str = "open sesame, please";

/// A server that can die.
pub struct Hallway {
    data: PathBuf,
    log: PathBuf,
    running: Mutex<Option<Child>>,
    listen: Mutex<String>,
    http: reqwest::Client,
}

impl Hallway {
    /// Starts it; a page that was not built is an error that says so.
    pub async fn start(data: PathBuf, log: PathBuf) -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/index.html");
        assert!(page.is_file(), "the page is missing: run `cargo xtask build` first");
        let hallway = Self {
            data,
            log,
            running: Mutex::default(),
            listen: Mutex::new("127.0.0.1:0".into()),
            http: reqwest::Client::new(),
        };
        hallway.again().await;
        hallway
    }

    /// Starts it again where it was.
    pub async fn again(&self) {
        let listen = self.listen.lock().unwrap().clone();
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_hallway"))
            .arg("serve")
            .env("HALLWAY_LISTEN", listen)
            .env("HALLWAY_DATA", &self.data)
            .env("HALLWAY_LOGIN_ATTEMPTS", "1000")
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the server can be started");
        // "Hallway is at http://127.0.0.1:40123 (data in ..": it says so when it listens.
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let address = address.unwrap_or_else(|| panic!("no start: {}", self.logged())).to_owned();
        *self.listen.lock().unwrap() = address;
        *self.running.lock().unwrap() = Some(child);
        self.ready().await;
    }

    async fn ready(&self) {
        let began = Instant::now();
        let health = format!("{}/health/ready", self.origin());
        while began.elapsed() < Duration::from_secs(30) {
            if self.http.get(&health).send().await.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        panic!("the server is not ready: {}", self.logged());
    }

    /// kill -9.
    pub fn kill(&self) {
        if let Some(mut child) = self.running.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// `http://127.0.0.1:40123`
    pub fn origin(&self) -> String {
        format!("http://{}", self.listen.lock().unwrap())
    }

    /// Any request; the status and the JSON of the answer.
    pub async fn call(&self, method: Method, path: &str, who: &str, body: Value) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.origin()));
        if !who.is_empty() {
            request = request.basic_auth(who, Some(PASSWORD));
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// The same where nothing but success is expected.
    pub async fn done(&self, method: Method, path: &str, who: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, who, body).await;
        assert!((200..300).contains(&status), "{path} as {who}: {status} {answer}");
        answer
    }

    /// An account, made behind the scenes.
    pub async fn account(&self, name: &str) {
        let body = json!({ "username": name, "password": PASSWORD });
        self.done(Method::POST, "/api/v1/users", "", body).await;
    }

    /// A room, made behind the scenes by an admin; those who are named join it.
    pub async fn room(&self, admin: &str, name: &str, topic: &str, people: &[&str]) -> i64 {
        let body = json!({ "name": name, "topic": topic });
        let room = self.done(Method::POST, "/api/v1/rooms", admin, body).await;
        let id = room["id"].as_i64().unwrap();
        for who in people {
            let path = format!("/api/v1/rooms/{id}/membership");
            self.done(Method::PUT, &path, who, Value::Null).await;
        }
        id
    }

    /// Something said from another place.
    pub async fn say(&self, who: &str, room: i64, content: &str) {
        let path = format!("/api/v1/rooms/{room}/messages");
        self.done(Method::POST, &path, who, json!({ "content": content })).await;
    }

    /// A long history, in no time: the server is away meanwhile.
    pub async fn seed(&self, history: &History<'_>) {
        self.kill();
        seed::messages(&self.data, history).unwrap();
        self.again().await;
    }

    /// All that was said in a room, as `(author, text)`; what the server would swear to.
    pub async fn record(&self, who: &str, room: i64) -> Vec<(String, String)> {
        let path = format!("/messages/{room}/");
        let all = self.done(Method::GET, &path, who, Value::Null).await;
        let text = |message: &Value, key: &str| message[key].as_str().unwrap().to_owned();
        let messages = all["messages"].as_array().unwrap();
        messages.iter().map(|m| (text(m, "user"), text(m, "content"))).collect()
    }

    /// How often a browser said that the content security policy was broken.
    pub async fn csp_reports(&self) -> u64 {
        let metrics = self.http.get(format!("{}/metrics", self.origin())).send().await.unwrap();
        let text = metrics.text().await.unwrap();
        let line = text.lines().find(|line| line.starts_with("hallway_csp_reports_total"));
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64)
    }

    fn logged(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Hallway {
    fn drop(&mut self) {
        self.kill();
    }
}
