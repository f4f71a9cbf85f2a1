//! What people do in Hallway, by hand: the words in which the stories are told.

use serde::Deserialize;
use serde_json::json;

use crate::{
    browser::{Browser, ENTER},
    hallway::PASSWORD,
};

/// The composer of the open room.
pub const COMPOSER: &str = "[data-testid=composer]";
/// The line about a lost connection.
pub const BANNER: &str = "[data-testid=connection-banner]";

/// A row of the timeline as it shows.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Row {
    /// Its number; none while it is on its way.
    pub seq: Option<i64>,
    pub author: String,
    /// None when it is deleted or being edited.
    pub text: Option<String>,
    pub pending: bool,
    pub refused: bool,
    pub edited: bool,
    pub deleted: bool,
}

const ROWS: &str = "
    return [...document.querySelectorAll('[data-testid=timeline] article')].map(row => {
        const text = row.querySelector('.message-text')?.cloneNode(true);
        text?.querySelectorAll('.edited, .pending-mark').forEach(mark => mark.remove());
        return {
            seq: row.dataset.seq ? Number(row.dataset.seq) : null,
            author: (row.getAttribute('aria-label') ?? '').split(', ')[0],
            text: text?.textContent ?? null,
            pending: 'pending' in row.dataset,
            refused: row.classList.contains('message-refused'),
            edited: !!row.querySelector('.edited'),
            deleted: !!row.querySelector('.tombstone'),
        };
    });";

impl Browser {
    /// Makes an account; ends up among the rooms.
    pub async fn register(&self, name: &str) {
        self.open("/ui/register").await;
        self.credentials(name).await;
    }

    /// Signs in where the page asks for it.
    pub async fn sign_in(&self, name: &str) {
        if self.path().await.as_str() != "/ui/login" {
            self.open("/ui/login").await;
        }
        self.credentials(name).await;
    }

    /// Fills in the form; returns when the page is connected as well.
    async fn credentials(&self, name: &str) {
        self.fill("#field-username", name).await;
        self.fill("#field-password", PASSWORD).await;
        self.click("main button[type=submit]").await;
        self.reads("[data-testid=my-name]", name).await;
        // Left any earlier, the page would be in the middle of opening its database, and Chromium
        // gives the next page none then.
        self.loses(".skeletons").await;
    }

    /// Makes a room and goes in; its number.
    pub async fn create_room(&self, name: &str, topic: &str) -> i64 {
        self.click("[data-testid=new-room]").await;
        self.fill("dialog[open] #field-name", name).await;
        self.fill("dialog[open] #field-topic", topic).await;
        self.click("dialog[open] button[type=submit]").await;
        self.reads("h1", name).await;
        self.sees(COMPOSER).await;
        self.path().await.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a room's page")
    }

    /// Finds a room by a part of its name, and joins it.
    pub async fn join_room(&self, part: &str, name: &str) {
        self.click("[data-testid=browse-rooms]").await;
        self.fill("dialog[open] input[type=search]", part).await;
        self.click(&format!("dialog[open] button[aria-label=\"Join {name}\"]")).await;
        self.loses("dialog[open]").await;
        self.reads("h1", name).await;
        self.sees(COMPOSER).await;
    }

    /// Goes to a room of the sidebar.
    pub async fn go_to(&self, room: i64, name: &str) {
        self.click(&format!(".room-link[data-room=\"{room}\"]")).await;
        self.reads("h1", name).await;
        self.sees(COMPOSER).await;
    }

    /// Writes one line and presses Enter.
    pub async fn say(&self, text: &str) {
        self.keys(COMPOSER, &format!("{text}{ENTER}")).await;
    }

    /// The rows that the page has.
    pub async fn rows(&self) -> Vec<Row> {
        self.run(ROWS, vec![]).await
    }

    /// The texts that the page shows, in its order.
    pub async fn texts(&self) -> Vec<String> {
        self.rows().await.into_iter().filter_map(|row| row.text).collect()
    }

    /// Waits until a row of the server says this.
    pub async fn hears(&self, text: &str) {
        let script = "[...document.querySelectorAll('[data-seq] .message-text')]";
        let is_it = format!("{script}.some(e => e.textContent.startsWith({}))", json!(text));
        self.until(&format!("{text:?} is said"), &is_it).await;
    }

    /// Picks an item of a menu.
    pub async fn choose(&self, menu: &str, item: &str) {
        self.click(&format!("[data-testid={menu}]")).await;
        self.sees("[role=menu]").await;
        let script = "[...document.querySelectorAll('[role=menuitem]')].find(
            e => e.textContent.startsWith(arguments[0]))";
        let mark = format!("{script}.setAttribute('data-chosen', '')");
        let _: Option<()> = self.run(&mark, vec![json!(item)]).await;
        self.click("[data-chosen]").await;
    }
}
