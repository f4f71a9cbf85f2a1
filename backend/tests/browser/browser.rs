//! One browser: what a person's hands and eyes can do on any page, and what its tools can see.

use std::{fmt::Debug, fs, path::Path};

use fantoccini::{
    Client, Locator, elements::Element, error::CmdError, wd::WebDriverCompatibleCommand,
};
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::stage::{until, until_or};

/// Keys that have no letter, as WebDriver names them.
pub const ENTER: &str = "\u{E007}";
pub const ESCAPE: &str = "\u{E00C}";
pub const UP: &str = "\u{E013}";
pub const SHIFT_ENTER: &str = "\u{E008}\u{E007}\u{E000}";
pub const CTRL_K: &str = "\u{E009}k\u{E000}";
pub const SHIFT_ESCAPE: &str = "\u{E008}\u{E00C}\u{E000}";
pub const HOME: &str = "\u{E011}";
pub const ALT_LEFT: &str = "\u{E00A}\u{E012}\u{E000}";

/// A window of Chromium.
#[derive(Clone)]
pub struct Browser {
    pub name: String,
    pub client: Client,
    origin: String,
}

/// A command of chromedriver that is in no standard.
#[derive(Debug)]
struct Raw {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Raw {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    pub fn new(name: &str, client: Client, origin: String) -> Self {
        Self { name: name.to_owned(), client, origin }
    }

    /// Goes to an address of this server; the app is there when this returns.
    pub async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.origin)).await.unwrap();
        self.sees("#main:not([aria-busy=true])").await;
    }

    /// The page again.
    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
        self.sees("#main:not([aria-busy=true])").await;
    }

    /// Leaves the page, as closing the tab would; the browser stays.
    pub async fn leave(&self) {
        self.client.goto("about:blank").await.unwrap();
    }

    /// Runs a function body in the page. `arguments` are what is given.
    pub async fn run<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> T {
        let value = self.client.execute(script, arguments).await;
        let value = value.unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The same for one that calls its last argument when it is done.
    pub async fn wait_for(&self, script: &str, arguments: Vec<Value>) -> Value {
        let value = self.client.execute_async(script, arguments).await;
        value.unwrap_or_else(|error| panic!("{}: a script: {error}", self.name))
    }

    /// Waits until an expression is true in the page.
    pub async fn until(&self, what: &str, expression: &str) {
        let script = format!("return !!({expression})");
        let so =
            async || matches!(self.client.execute(&script, vec![]).await, Ok(Value::Bool(true)));
        until(&format!("{}: {what}", self.name), so).await;
    }

    /// Waits until something is there to see.
    pub async fn sees(&self, css: &str) {
        let css = json!(css);
        self.until(
            &format!("{css} is on the page"),
            &format!("[...document.querySelectorAll({css})].some(e => e.checkVisibility())"),
        )
        .await;
    }

    /// Waits until it is gone.
    pub async fn loses(&self, css: &str) {
        let css = json!(css);
        self.until(
            &format!("{css} is gone"),
            &format!("[...document.querySelectorAll({css})].every(e => !e.checkVisibility())"),
        )
        .await;
    }

    /// Waits until an element says this, in whatever spacing.
    pub async fn reads(&self, css: &str, text: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .filter(e => e.checkVisibility()).map(e => e.textContent.replace(/\\s+/g, ' '))";
        let is_read = async || match self.client.execute(script, vec![json!(css)]).await {
            Ok(Value::Array(says))
                if says
                    .iter()
                    .any(|says| says.as_str().is_some_and(|says| says.contains(text))) =>
            {
                Ok(())
            }
            Ok(says) => Err(format!(", not {says}")),
            Err(error) => Err(format!(": {error}")),
        };
        until_or(&format!("{}: {css:?} says {text:?}", self.name), is_read).await;
    }

    pub async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// Where the page is, such as `/ui/rooms`.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Clicks as a mouse does: what is covered or away cannot be clicked.
    pub async fn click(&self, css: &str) {
        self.try_to(&format!("{css} can be clicked"), css, async |element| element.click().await)
            .await;
    }

    /// Types into whatever is there, one key after the other.
    pub async fn keys(&self, css: &str, keys: &str) {
        let type_it = async |element: Element| element.send_keys(keys).await;
        self.try_to(&format!("{css} takes keys"), css, type_it).await;
    }

    /// Types into an emptied field.
    pub async fn fill(&self, css: &str, text: &str) {
        self.try_to(&format!("{css} can be emptied"), css, async |element| element.clear().await)
            .await;
        self.keys(css, text).await;
    }

    /// Puts the mouse over an element.
    pub async fn point_at(&self, css: &str) {
        let script = "const r = document.querySelector(arguments[0]).getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2]";
        let [x, y]: [f64; 2] = self.run(script, vec![json!(css)]).await;
        let moved = json!({ "type": "mouseMoved", "x": x, "y": y });
        self.devtools("Input.dispatchMouseEvent", moved).await;
    }

    /// Does something with the mouse at a place of the window: `mousePressed`, `mouseMoved` with the
    /// button down, `mouseReleased`.
    pub async fn mouse(&self, what: &str, [x, y]: [f64; 2]) {
        let done = json!({
            "type": what, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1,
        });
        self.devtools("Input.dispatchMouseEvent", done).await;
    }

    /// Retried: between finding and clicking the page may put a new element in its place.
    async fn try_to(
        &self,
        what: &str,
        css: &str,
        act: impl AsyncFn(Element) -> Result<(), CmdError>,
    ) {
        let attempt = async || match self.client.find(Locator::Css(css)).await {
            Ok(element) => act(element).await.is_ok(),
            Err(_) => false,
        };
        until(&format!("{}: {what}", self.name), attempt).await;
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let done = self.client.issue_cmd(Raw { path: "goog/cdp/execute", body }).await;
        done.unwrap_or_else(|error| panic!("{}: {command}: {error}", self.name))
    }

    /// What was written to the console since this was last asked: `LEVEL: text`.
    pub async fn console(&self) -> Vec<String> {
        let body = json!({ "type": "browser" });
        let lines = self.client.issue_cmd(Raw { path: "se/log", body }).await.unwrap_or_default();
        let lines = lines.as_array().cloned().unwrap_or_default();
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        lines.iter().map(|l| format!("{}: {}", text(l, "level"), text(l, "message"))).collect()
    }

    /// Writes the page down as a picture.
    pub async fn picture(&self, file: &Path) {
        if let Ok(png) = self.client.screenshot().await {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, png).unwrap();
        }
    }

    /// What a failure needs to be understood.
    pub async fn keep(&self, stem: &Path) {
        self.picture(&stem.with_extension("png")).await;
        let console = self.console().await.join("\n");
        let page = self.client.source().await.unwrap_or_default();
        let _ = fs::write(stem.with_extension("console.txt"), console);
        let _ = fs::write(stem.with_extension("html"), page);
    }

    pub async fn close(self) {
        let _ = self.client.close().await;
    }
}
