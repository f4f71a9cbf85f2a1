//! Every page and dialog in both themes and two window sizes: a screenshot of each in
//! `test-output/screens/`, no axe violation, no horizontal overflow, nothing in the console, no
//! violation of the content security policy.

use std::cell::RefCell;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{
    BANNER, Browser, COMPOSER, CTRL_K, ESCAPE, Fixture, UP, axe, output_dir, scenario, wait_until,
};

const SIZES: [(&str, u32, u32); 2] = [("wide", 1280, 800), ("narrow", 390, 844)];
/// Chromium logs each response that is an error: `users/me` before sign-in, and the lookup of a room
/// that does not exist.
const EXPECTED_LOGS: [&str; 2] = [
    "/api/v1/users/me - Failed to load resource: the server responded with a status of 401",
    "/api/v1/rooms/999999 - Failed to load resource: the server responded with a status of 404",
];

/// Elements that may be too wide, or have too little contrast.
const MARKDOWN: &str = "# Release\n**bold**, *italic*, ~~gone~~, `code` and @ada ||hidden||\n\n1. one\n   - two\n\n\
    > a quote with `code`\n\n```rust\nfn main() { println!(\"a line that is wider than a phone, and scrolls\"); }\n```\n\n\
    | column | another | a third | a fourth | a fifth |\n|---|:-:|--:|---|---|\n\
    | something | like | 1 | wide | text |\n\n---\n[a link](https://example.org/)";

/// Visits pages at one window size and collects the problems.
struct Inspection<'a> {
    browser: &'a Browser,
    size: &'static str,
    problems: &'a RefCell<Vec<String>>,
}

#[tokio::test]
async fn every_page_is_accessible_in_each_theme_and_size() {
    scenario("look", async |fixture| {
        let browser = fixture.open_browser("ada").await;
        let problems = RefCell::default();
        let at = |size| Inspection { browser: &browser, size, problems: &problems };
        for (size, ..) in SIZES {
            at(size).signed_out_pages().await;
        }
        browser.register("ada").await;
        for (size, ..) in SIZES {
            at(size).visit("/ui/rooms", "rooms-empty", "main h2").await;
        }
        let rooms = create_content(fixture).await;
        for (size, ..) in SIZES {
            at(size).rooms_page().await;
            at(size).room_pages(rooms).await;
            for tab in ["people", "rooms", "audit"] {
                let path = format!("/ui/admin/{tab}");
                at(size).visit(&path, &format!("admin-{tab}"), ".admin-table tbody tr").await;
            }
            at(size).not_found_pages().await;
        }
        let is_unexpected = |line: &String| {
            !line.starts_with("DEBUG")
                && !EXPECTED_LOGS.iter().any(|expected| line.contains(expected))
        };
        let console = browser.take_console().await.into_iter().filter(is_unexpected);
        problems.borrow_mut().extend(console.map(|line| format!("console: {line}")));
        let problems = problems.into_inner();
        assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}

impl Inspection<'_> {
    async fn signed_out_pages(&self) {
        self.visit("/ui/login", "login", "#field-password").await;
        self.visit("/ui/register", "register", "#field-password").await;
        self.browser.fill("#field-username", "ada").await;
        self.browser.fill("#field-password", "short").await;
        self.browser.click("main button[type=submit]").await;
        self.browser.wait_text(".field-error", "8").await;
        self.inspect("register-refused").await;
    }

    async fn rooms_page(&self) {
        self.visit("/ui/rooms", "rooms", "[data-testid=all-rooms] li").await;
        self.browser.type_keys("body", CTRL_K).await;
        self.browser.type_keys("[data-testid=palette]", "words").await;
        self.browser.wait_text(".choice", "Last words").await;
        self.inspect_dialog("palette").await;
        // A narrow window has no such button: the page itself lists all rooms.
        if self.size == "wide" {
            self.browser.click("[data-testid=browse-rooms]").await;
            self.inspect_dialog("rooms-browse").await;
        }
        self.browser.click("[data-testid=new-room]").await;
        self.inspect_dialog("dialog-new-room").await;
        self.browser.click("[data-testid=new-direct]").await;
        self.inspect_dialog("dialog-new-direct").await;
        self.browser.click("[data-testid=account-menu]").await;
        self.browser.wait_visible("[role=menu]").await;
        self.inspect("menu-account").await;
        self.browser.type_keys("[role=menuitem]:focus", ESCAPE).await;
        for (item, name) in [
            ("Edit profile", "dialog-profile"),
            ("Theme", "dialog-theme"),
            ("Change password", "dialog-password"),
            ("Your devices", "dialog-sessions"),
            ("Blocked people", "dialog-blocked"),
            ("Delete account…", "dialog-delete-account"),
            ("Keyboard shortcuts", "dialog-shortcuts"),
        ] {
            self.browser.choose_menu_item("account-menu", item).await;
            self.inspect_dialog(name).await;
        }
    }

    async fn room_pages(&self, [room, empty, foreign]: [i64; 3]) {
        let browser = self.browser;
        self.visit(&format!("/ui/room/{room}"), "room", "article[data-seq]").await;
        browser.wait_message("Last words").await;
        browser.type_keys(COMPOSER, UP).await;
        browser.wait_visible(".editor").await;
        self.inspect("room-editing").await;
        browser.type_keys(".editor textarea", ESCAPE).await;
        browser.type_keys("article[data-seq='9']", "+").await;
        browser.wait_visible(".emoji-grid .emoji-button").await;
        self.inspect_dialog("dialog-reaction").await;
        browser.type_keys(COMPOSER, "@").await;
        browser.wait_visible("#suggestions .choice").await;
        self.inspect("room-suggestions").await;
        browser.type_keys(COMPOSER, "\u{E003}").await;
        let is_open: bool = browser
            .run_script(
                "return document.querySelector('[data-testid=people]').ariaExpanded == 'true'",
                vec![],
            )
            .await;
        browser.click("[data-testid=people]").await;
        if is_open {
            browser.wait_hidden(".members").await;
            self.inspect("room-alone").await;
            browser.click("[data-testid=people]").await;
        }
        browser.wait_visible(".members li").await;
        self.inspect("room-people").await;
        browser.click(".members button[aria-label='Close the list of people']").await;
        browser.click("[data-testid=room-menu]").await;
        browser.wait_visible("[role=menu]").await;
        self.inspect("menu-room").await;
        browser.type_keys("[role=menuitem]:focus", ESCAPE).await;
        for (item, name) in [
            ("Edit room", "dialog-edit-room"),
            ("Export messages", "dialog-export"),
            ("Insights", "dialog-insights"),
            ("Leave room", "dialog-leave-room"),
            ("Delete room", "dialog-delete-room"),
        ] {
            browser.choose_menu_item("room-menu", item).await;
            self.inspect_dialog(name).await;
        }
        browser.click("[data-seq='4'] .person-name").await;
        self.inspect_dialog("dialog-person").await;
        browser.hover("[data-seq='10']").await;
        browser.click("[data-seq='10'] button[aria-label=Delete]").await;
        self.inspect_dialog("dialog-delete-message").await;
        self.visit("/ui/search?q=words%20from:ada", "search", "[data-testid=hit]").await;
        self.visit("/ui/search?q=is:mine&by=room", "search-by-room", ".hits-room").await;
        self.visit("/ui/search", "search-help", "[data-testid=recents]").await;
        let hit_path = format!("/ui/room/{room}/m/11?q=words");
        self.visit(&hit_path, "room-trail", "[data-testid=trail] strong").await;
        self.visit(&format!("/ui/room/{room}/m/10"), "room-message", "[data-seq='10']").await;
        browser.click("[data-testid=day]").await;
        browser.wait_visible("dialog[open] .calendar-day").await;
        self.inspect_dialog("dialog-calendar").await;
        self.visit(&format!("/ui/room/{empty}"), "room-quiet", ".empty").await;
        self.visit(&format!("/ui/room/{foreign}"), "room-not-mine", "main button").await;
        self.visit(&format!("/ui/room/{}", foreign + 1), "room-direct", ".empty").await;
    }

    async fn not_found_pages(&self) {
        self.visit("/ui/nowhere/at/all", "not-found", "main h1").await;
        self.visit("/ui/room/999999", "room-none", "main h1").await;
    }

    /// Opens a page in a new document, waits for the element `ready`, and inspects it.
    async fn visit(&self, path: &str, name: &str, ready: &str) {
        let (_, width, height) = SIZES.into_iter().find(|(size, ..)| *size == self.size).unwrap();
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": self.size == "narrow",
        });
        self.browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        self.browser.client.goto("about:blank").await.unwrap();
        self.browser.open(path).await;
        self.browser.wait_visible(ready).await;
        // The banner of a page that is still connecting would be on some screenshots.
        self.browser.wait_hidden(".skeletons").await;
        self.browser.wait_hidden(BANNER).await;
        self.inspect(name).await;
    }

    async fn inspect_dialog(&self, name: &str) {
        self.browser.wait_visible("dialog[open] button").await;
        self.inspect(name).await;
        self.browser.type_keys("dialog[open] :focus", ESCAPE).await;
        self.browser.wait_hidden("dialog[open]").await;
    }

    /// Takes a screenshot of the page in both themes and checks it.
    async fn inspect(&self, name: &str) {
        for theme in ["light", "dark"] {
            emulate_theme(self.browser, theme).await;
            let name = format!("{name}-{theme}-{}", self.size);
            self.browser
                .save_screenshot(&output_dir().join("screens").join(format!("{name}.png")))
                .await;
            let mut problems = axe::violations(self.browser).await;
            let script = "return document.documentElement.scrollWidth - window.innerWidth";
            let overflow: i64 = self.browser.run_script(script, vec![]).await;
            if overflow > 0 {
                problems.push(format!("{overflow} px of horizontal overflow"));
            }
            self.problems
                .borrow_mut()
                .extend(problems.into_iter().map(|text| format!("{name}: {text}")));
        }
    }
}

/// Sets the system's theme and reduced motion, then waits for the end of all animations, so that no
/// screenshot shows a transition.
async fn emulate_theme(browser: &Browser, theme: &str) {
    let features = json!({ "features": [
        { "name": "prefers-color-scheme", "value": theme },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ] });
    browser.devtools("Emulation.setEmulatedMedia", features).await;
    let script = "const done = arguments[0];
        requestAnimationFrame(() => requestAnimationFrame(async () => {
            await Promise.all(document.getAnimations()
                .filter(a => a.effect?.getComputedTiming().endTime !== Infinity)
                // Inside a closed <details>, time stands still.
                .filter(a => a.effect?.target?.checkVisibility() !== false)
                .map(a => a.finished.catch(() => {})));
            done();
        }))";
    browser.run_async_script(script, vec![]).await;
}

/// Creates three rooms: one with every kind of message, an empty one, one without ada as a member.
async fn create_content(fixture: &Fixture) -> [i64; 3] {
    let server = &fixture.server;
    let long = "Wilhelmina-Alexandrine-von-und-zu-Hohenlohe";
    for name in ["bob", "Grace Hopper", long] {
        server.create_account(name).await;
    }
    let people = ["ada", "bob", "Grace Hopper", long];
    let room =
        server.create_room("ada", "general", "Everything that has no room yet", &people).await;
    let empty = server.create_room("ada", "a quiet corner", "", &["ada"]).await;
    let foreign = server.create_room("ada", "not mine", "Only for bob", &["bob"]).await;
    let membership = format!("/api/v1/rooms/{foreign}/membership");
    server.request(Method::DELETE, &membership, "ada", Value::Null).await;
    server.request_ok(Method::POST, "/api/v1/direct", "ada", json!({ "users": [2] })).await;
    let messages = [
        ("ada", "Welcome! This is where we talk."),
        (
            "bob",
            "Hello @ada. See https://example.org/a/very/long/address/that/does/not/end?and=more&of=it#here",
        ),
        ("bob", MARKDOWN),
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
    for (author, text) in messages {
        server.post_message(author, room, text).await;
    }
    let message = |seq: i64| format!("/api/v1/rooms/{room}/messages/{seq}");
    let edit = json!({ "content": "This was wrong, and is right now" });
    server.request_ok(Method::PATCH, &message(6), "ada", edit).await;
    server.request_ok(Method::DELETE, &message(7), "ada", Value::Null).await;
    let all = format!("/api/v1/rooms/{room}/messages");
    let reply = json!({ "content": "Agreed.", "reply_to": 4 });
    server.request_ok(Method::POST, &all, "bob", reply).await;
    let origin = server.origin();
    server.post_message("bob", room, &format!("As was said: {origin}/ui/room/{room}/m/4")).await;
    server.post_message("ada", room, "Last words").await;
    for (user, emoji) in [("bob", "👍"), ("ada", "👍"), ("bob", "🎉"), ("Grace Hopper", "❤️")]
    {
        let path = format!("{}/reactions/{emoji}", message(9));
        server.request_ok(Method::PUT, &path, user, Value::Null).await;
    }
    [room, empty, foreign]
}

#[tokio::test]
async fn a_chosen_theme_equals_the_system_theme_and_survives_a_reload() {
    scenario("theme", async |fixture| {
        let browser = fixture.open_browser("ada").await;
        browser.open("/ui/login").await;
        let colour = "return getComputedStyle(document.body).backgroundColor";
        let mut system_colours = vec![];
        for theme in ["light", "dark"] {
            emulate_theme(&browser, theme).await;
            system_colours.push(browser.run_script::<String>(colour, vec![]).await);
        }
        assert_ne!(system_colours[0], system_colours[1]);
        for (theme, label) in [("light", 2), ("dark", 3)] {
            browser.click(&format!(".segment:nth-child({label})")).await;
            browser.wait_visible(&format!("html[data-theme={theme}]")).await;
            browser.reload().await;
            browser.wait_visible(&format!("html[data-theme={theme}]")).await;
            let expected = &system_colours[usize::from(theme == "dark")];
            let has_colour =
                async || browser.run_script::<String>(colour, vec![]).await == *expected;
            wait_until(&format!("{theme} looks like the system's"), has_colour).await;
        }
    })
    .await;
}

/// A check that never fails may be broken, so each one gets a page with a known problem.
#[tokio::test]
async fn the_checks_detect_known_problems() {
    scenario("checks", async |fixture| {
        let browser = fixture.open_browser("ada").await;
        browser.open("/ui/login").await;
        browser.take_console().await;
        // An empty server leads from here to its set-up page, whose `main` replaces this one's.
        let script = "document.body.insertAdjacentHTML('beforeend',
            '<img src=\"/ui/none.png\"><p style=\"color: red\">styled</p>')";
        let _: Option<()> = browser.run_script(script, vec![]).await;
        let violations = axe::violations(&browser).await;
        assert!(violations.iter().any(|line| line.starts_with("image-alt")), "{violations:?}");
        wait_until("the report is counted", async || fixture.server.csp_reports().await > 0).await;
        let console = browser.take_console().await.join("\n");
        assert!(console.contains("404") && console.contains("Content Security"), "{console}");
    })
    .await;
}
