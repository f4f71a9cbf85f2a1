//! Every page and dialog, light and dark, wide and narrow: a picture of each in
//! `test-output/screens/`, nothing for axe to complain about, nothing that sticks out at the side,
//! nothing in the console, no report about the content security policy.

use std::cell::RefCell;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    axe,
    browser::{Browser, CTRL_K, ESCAPE, UP},
    people::{BANNER, COMPOSER},
    stage::{Stage, output, story, until},
};

const SIZES: [(&str, u32, u32); 2] = [("wide", 1280, 800), ("narrow", 390, 844)];
/// What the first page may transfer, in bytes.
const BUDGET: u64 = 400 * 1024;
/// Chromium writes down every answer that is no success: to "who am I?", before anybody is signed
/// in, and to a question about a room that is not there.
const EXPECTED: [&str; 2] = [
    "/api/v1/users/me - Failed to load resource: the server responded with a status of 401",
    "/api/v1/rooms/999999 - Failed to load resource: the server responded with a status of 404",
];

/// A browser at one size, and what was found wrong so far.
struct Gallery<'a> {
    browser: &'a Browser,
    size: &'static str,
    found: &'a RefCell<Vec<String>>,
}

#[tokio::test]
async fn every_page_is_sound_in_every_light_and_size() {
    story("look", async |stage| {
        let browser = stage.browser("ada").await;
        let found = RefCell::default();
        let at = |size| Gallery { browser: &browser, size, found: &found };
        for (size, ..) in SIZES {
            at(size).before_the_door().await;
        }
        browser.register("ada").await;
        for (size, ..) in SIZES {
            at(size).visit("/ui/rooms", "rooms-empty", "main h2").await;
        }
        let rooms = furnish(stage).await;
        for (size, ..) in SIZES {
            at(size).rooms().await;
            at(size).room(rooms).await;
            at(size).lost().await;
        }
        let is_news = |line: &String| {
            !line.starts_with("DEBUG") && !EXPECTED.iter().any(|expected| line.contains(expected))
        };
        let console = browser.console().await.into_iter().filter(is_news);
        found.borrow_mut().extend(console.map(|line| format!("console: {line}")));
        let found = found.into_inner();
        assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
        assert_eq!(stage.hallway.csp_reports().await, 0);
    })
    .await;
}

impl Gallery<'_> {
    async fn before_the_door(&self) {
        self.visit("/ui/login", "login", "#field-password").await;
        self.visit("/ui/register", "register", "#field-password").await;
        self.browser.fill("#field-username", "ada").await;
        self.browser.fill("#field-password", "short").await;
        self.browser.click("main button[type=submit]").await;
        self.browser.reads(".field-error", "8").await;
        self.look("register-refused").await;
    }

    async fn rooms(&self) {
        self.visit("/ui/rooms", "rooms", "[data-testid=all-rooms] li").await;
        self.browser.keys("body", CTRL_K).await;
        self.browser.keys("[data-testid=palette]", "words").await;
        self.browser.reads(".choice", "Last words").await;
        self.dialog("palette").await;
        // On a narrow screen the page itself is for browsing.
        if self.size == "wide" {
            self.browser.click("[data-testid=browse-rooms]").await;
            self.dialog("rooms-browse").await;
        }
        self.browser.click("[data-testid=new-room]").await;
        self.dialog("dialog-new-room").await;
        self.browser.click("[data-testid=account-menu]").await;
        self.browser.sees("[role=menu]").await;
        self.look("menu-account").await;
        self.browser.keys("[role=menuitem]:focus", ESCAPE).await;
        for (item, name) in [
            ("Theme", "dialog-theme"),
            ("Change password", "dialog-password"),
            ("Your devices", "dialog-sessions"),
        ] {
            self.browser.choose("account-menu", item).await;
            self.dialog(name).await;
        }
    }

    async fn room(&self, [room, quiet, foreign]: [i64; 3]) {
        let browser = self.browser;
        self.visit(&format!("/ui/room/{room}"), "room", "article[data-seq]").await;
        browser.hears("Last words").await;
        browser.keys(COMPOSER, UP).await;
        browser.sees(".editor").await;
        self.look("room-editing").await;
        browser.keys(".editor textarea", ESCAPE).await;
        let pane: bool = browser
            .run(
                "return document.querySelector('[data-testid=people]').ariaExpanded == 'true'",
                vec![],
            )
            .await;
        browser.click("[data-testid=people]").await;
        if pane {
            browser.loses(".members").await;
            self.look("room-alone").await;
            browser.click("[data-testid=people]").await;
        }
        browser.sees(".members li").await;
        self.look("room-people").await;
        browser.click(".members button[aria-label='Close the list of people']").await;
        browser.click("[data-testid=room-menu]").await;
        browser.sees("[role=menu]").await;
        self.look("menu-room").await;
        browser.keys("[role=menuitem]:focus", ESCAPE).await;
        for (item, name) in [
            ("Edit name and topic", "dialog-edit-room"),
            ("Export messages", "dialog-export"),
            ("Insights", "dialog-insights"),
            ("Leave room", "dialog-leave-room"),
            ("Delete room", "dialog-delete-room"),
        ] {
            browser.choose("room-menu", item).await;
            self.dialog(name).await;
        }
        browser.point_at("[data-seq='10']").await;
        browser.click("[data-seq='10'] button[aria-label=Delete]").await;
        self.dialog("dialog-delete-message").await;
        self.visit("/ui/search?q=words%20from:ada", "search", "[data-testid=hit]").await;
        self.visit("/ui/search?q=is:mine&by=room", "search-by-room", ".hits-room").await;
        self.visit("/ui/search", "search-help", "[data-testid=recents]").await;
        let walk = format!("/ui/room/{room}/m/11?q=words");
        self.visit(&walk, "room-trail", "[data-testid=trail] strong").await;
        self.visit(&format!("/ui/room/{room}/m/10"), "room-message", "[data-seq='10']").await;
        browser.click("[data-testid=day]").await;
        browser.sees("dialog[open] .calendar-day").await;
        self.dialog("dialog-calendar").await;
        self.visit(&format!("/ui/room/{quiet}"), "room-quiet", ".empty").await;
        self.visit(&format!("/ui/room/{foreign}"), "room-not-mine", "main button").await;
    }

    async fn lost(&self) {
        self.visit("/ui/nowhere/at/all", "not-found", "main h1").await;
        self.visit("/ui/room/999999", "room-none", "main h1").await;
    }

    async fn visit(&self, path: &str, name: &str, sign: &str) {
        let (_, width, height) = SIZES.into_iter().find(|(size, ..)| *size == self.size).unwrap();
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": self.size == "narrow",
        });
        self.browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.browser.client.goto("about:blank").await.unwrap();
        self.browser.open(path).await;
        self.browser.sees(sign).await;
        // Connected: the line that says otherwise would be in the picture now and then.
        self.browser.loses(".skeletons").await;
        self.browser.loses(BANNER).await;
        self.look(name).await;
    }

    async fn dialog(&self, name: &str) {
        self.browser.sees("dialog[open] button").await;
        self.look(name).await;
        self.browser.keys("dialog[open] :focus", ESCAPE).await;
        self.browser.loses("dialog[open]").await;
    }

    /// The page as it is, in both lights.
    async fn look(&self, name: &str) {
        for theme in ["light", "dark"] {
            emulate(self.browser, theme).await;
            let name = format!("{name}-{theme}-{}", self.size);
            self.browser.picture(&output().join("screens").join(format!("{name}.png"))).await;
            let mut wrong = axe::violations(self.browser).await;
            let over = "return document.documentElement.scrollWidth - window.innerWidth";
            let over: i64 = self.browser.run(over, vec![]).await;
            if over > 0 {
                wrong.push(format!("{over} px stick out at the side"));
            }
            self.found.borrow_mut().extend(wrong.into_iter().map(|text| format!("{name}: {text}")));
        }
    }
}

/// What the system says: light or dark, and no motion, so that nothing is seen half way.
async fn emulate(browser: &Browser, theme: &str) {
    let features = json!({ "features": [
        { "name": "prefers-color-scheme", "value": theme },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ] });
    browser.devtools("Emulation.setEmulatedMedia", features).await;
    let script = "const done = arguments[0];
        requestAnimationFrame(() => requestAnimationFrame(async () => {
            await Promise.all(document.getAnimations()
                .filter(a => a.effect?.getComputedTiming().endTime !== Infinity)
                .map(a => a.finished.catch(() => {})));
            done();
        }))";
    browser.wait_for(script, vec![]).await;
}

/// Three rooms: one in which everything is that can be, an empty one, and one that ada is not in.
async fn furnish(stage: &Stage) -> [i64; 3] {
    let hallway = &stage.hallway;
    let long = "Wilhelmina-Alexandrine-von-und-zu-Hohenlohe";
    for name in ["bob", "Grace Hopper", long] {
        hallway.account(name).await;
    }
    let people = ["ada", "bob", "Grace Hopper", long];
    let room = hallway.room("ada", "general", "Everything that has no room yet", &people).await;
    let quiet = hallway.room("ada", "a quiet corner", "", &["ada"]).await;
    let foreign = hallway.room("ada", "not mine", "Only for bob", &["bob"]).await;
    let place = format!("/api/v1/rooms/{foreign}/membership");
    hallway.call(Method::DELETE, &place, "ada", Value::Null).await;
    let said = [
        ("ada", "Welcome! This is where we talk."),
        (
            "bob",
            "Hello @ada. See https://example.org/a/very/long/address/that/does/not/end?and=more&of=it#here",
        ),
        ("bob", "Two\nlines"),
        ("Grace Hopper", "It is easier to ask forgiveness than it is to get permission."),
        (
            long,
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
                .repeat(2)
                .leak(),
        ),
        ("ada", "This was wrong"),
        ("ada", "This is to go"),
        ("bob", "<script>alert(1)</script> & <b>no markup</b>"),
    ];
    for (who, text) in said {
        hallway.say(who, room, text).await;
    }
    let message = |seq: i64| format!("/api/v1/rooms/{room}/messages/{seq}");
    let edit = json!({ "content": "This was wrong, and is right now" });
    hallway.done(Method::PATCH, &message(6), "ada", edit).await;
    hallway.done(Method::DELETE, &message(7), "ada", Value::Null).await;
    let all = format!("/api/v1/rooms/{room}/messages");
    let answer = json!({ "content": "Agreed.", "reply_to": 4 });
    hallway.done(Method::POST, &all, "bob", answer).await;
    let origin = hallway.origin();
    hallway.say("bob", room, &format!("As was said: {origin}/ui/room/{room}/m/4")).await;
    hallway.say("ada", room, "Last words").await;
    [room, quiet, foreign]
}

/// The switch of the app itself says the same as the system, and is remembered.
#[tokio::test]
async fn the_theme_can_be_chosen() {
    story("theme", async |stage| {
        let browser = stage.browser("ada").await;
        browser.open("/ui/login").await;
        let colour = "return getComputedStyle(document.body).backgroundColor";
        let mut of_system = vec![];
        for theme in ["light", "dark"] {
            emulate(&browser, theme).await;
            of_system.push(browser.run::<String>(colour, vec![]).await);
        }
        assert_ne!(of_system[0], of_system[1]);
        for (theme, label) in [("light", 2), ("dark", 3)] {
            browser.click(&format!(".segment:nth-child({label})")).await;
            browser.sees(&format!("html[data-theme={theme}]")).await;
            browser.reload().await;
            browser.sees(&format!("html[data-theme={theme}]")).await;
            let wanted = &of_system[usize::from(theme == "dark")];
            let is_it = async || browser.run::<String>(colour, vec![]).await == *wanted;
            until(&format!("{theme} looks like the system's"), is_it).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_first_page_is_small() {
    story("budget", async |stage| {
        let browser = stage.browser("ada").await;
        browser.open("/ui/login").await;
        let script = "return performance.getEntriesByType('navigation')
            .concat(performance.getEntriesByType('resource')).map(e => [e.name, e.encodedBodySize])";
        let parts: Vec<(String, u64)> = browser.run(script, vec![]).await;
        let all: u64 = parts.iter().map(|(_, size)| size).sum();
        assert!(parts.iter().any(|(name, size)| name.ends_with(".wasm") && *size > 0), "{parts:#?}");
        assert!(all <= BUDGET, "{all} bytes: {parts:#?}");
    })
    .await;
}

/// What never complains may be broken: each instrument sees what is put in front of it.
#[tokio::test]
async fn the_instruments_work() {
    story("instruments", async |stage| {
        let browser = stage.browser("ada").await;
        browser.open("/ui/login").await;
        browser.console().await;
        let spoil = "document.querySelector('main').insertAdjacentHTML('beforeend',
            '<img src=\"/ui/none.png\"><p style=\"color: red\">styled</p>')";
        let _: Option<()> = browser.run(spoil, vec![]).await;
        let wrong = axe::violations(&browser).await;
        assert!(wrong.iter().any(|line| line.starts_with("image-alt")), "{wrong:?}");
        until("the report is counted", async || stage.hallway.csp_reports().await > 0).await;
        let console = browser.console().await.join("\n");
        assert!(console.contains("404") && console.contains("Content Security"), "{console}");
    })
    .await;
}
