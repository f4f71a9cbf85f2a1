//! Search: results, navigation between hits, and jumps to a day.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Browser, COMPOSER, DOWN, ENTER, ESCAPE, scenario};

const MESSAGE_COUNT: usize = 130;

const SEARCH: &str = "[data-testid=search]";
const HIT: &str = "[data-testid=hit]";
const HIT_NAVIGATOR: &str = "[data-testid=trail]";
/// Ctrl+A, Backspace.
const CLEAR_FIELD: &str = "\u{e009}a\u{e000}\u{e003}";

#[tokio::test]
async fn an_old_message_is_found_and_opened_in_its_room() {
    scenario("search", async |fixture| {
        fixture.server.create_account("ada").await;
        fixture.server.create_account("bob").await;
        let room = fixture.server.create_room("ada", "long", "", &["ada", "bob"]).await;
        for n in 1..=MESSAGE_COUNT {
            let text =
                if n % 60 == 7 { format!("a needle, number {n}") } else { format!("hay {n}") };
            fixture.server.post_message("bob", room, &text).await;
        }
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        search(&ada).await;
        export_hits(&ada).await;
        open_hit(&ada, room).await;
        navigate_hits(&ada, room).await;
        continue_partial_search(&ada, room).await;
        let page = format!("/api/v1/rooms/{room}/messages?before=0");
        let page = fixture.server.request_ok(Method::GET, &page, "ada", Value::Null).await;
        assert_eq!(page["read_seq"], json!(0), "opening a hit does not mark the room as read");
        sort_oldest_first(&ada).await;
        correct_operator(&ada).await;
        open_day(&ada, room).await;
        ada.click("a.brand").await;
        ada.wait_text("h1", "Rooms").await;
        assert_eq!(ada.path().await, "/ui/rooms");
    })
    .await;
}

async fn search(ada: &Browser) {
    ada.click(".sidebar a[href='/ui/search']").await;
    ada.fill(SEARCH, &format!("needle from:bob{ENTER}")).await;
    ada.wait_text("[data-testid=total]", "3 messages").await;
    ada.wait_until("each hit has a mark", "document.querySelectorAll('.hit mark').length === 3")
        .await;
    ada.click("[aria-label='Remove from:bob']").await;
    ada.wait_until("the chip disappears", "!document.querySelector('.chip')").await;
    ada.wait_text("[data-testid=total]", "3 messages").await;
}

/// Downloads the hits as a file.
async fn export_hits(ada: &Browser) {
    ada.click("[data-testid=export]").await;
    ada.wait_visible("dialog[open] a[download]").await;
    let fetch = "const done = arguments[0];
        const link = document.querySelector('dialog[open] a[href*=\"format=jsonl\"]');
        fetch(link.href).then(a => a.text()).then(done, e => done(String(e)));";
    let file = ada.run_async_script(fetch, vec![]).await;
    let lines: Vec<&str> = file.as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("a needle")), "{lines:?}");
    ada.type_keys("dialog[open] :focus", ESCAPE).await;
    ada.wait_hidden("dialog[open]").await;
}

async fn open_hit(ada: &Browser, room: i64) {
    ada.click(&format!("li:last-of-type > {HIT}")).await;
    assert_eq!(ada.path().await, format!("/ui/room/{room}/m/7"));
    wait_in_view(ada, 7).await;
    ada.wait_visible(".message-lit[data-seq='7']").await;
    // Wait longer than a message must be in view to count as read.
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    let _: Value = ada.run_script("history.back()", vec![]).await;
    ada.wait_text("[data-testid=total]", "3 messages").await;
}

async fn navigate_hits(ada: &Browser, room: i64) {
    ada.click(&format!("li:last-of-type > {HIT}")).await;
    ada.wait_text(HIT_NAVIGATOR, "Hit 3 of 3 for “needle”").await;
    ada.wait_text("[data-seq='7'] .found", "needle").await;
    ada.wait_until("the map marks all hits", &has_marks(".map-hit", 3)).await;
    ada.type_keys("body", "N").await;
    ada.wait_text(HIT_NAVIGATOR, "Hit 2 of 3").await;
    wait_in_view(ada, 67).await;
    assert_eq!(ada.path().await, format!("/ui/room/{room}/m/67"));
    ada.click("[data-testid=trail] button:not(.trail-older)").await;
    ada.wait_text(HIT_NAVIGATOR, "Hit 1 of 3").await;
    wait_in_view(ada, 127).await;
    ada.wait_visible("[data-testid=trail] button:not(.trail-older):disabled").await;
    ada.type_keys("body", "n").await;
    wait_in_view(ada, 67).await;
    ada.wait_visible(".found").await;
    ada.click("[aria-label='End the search']").await;
    ada.wait_hidden(HIT_NAVIGATOR).await;
    ada.wait_hidden(".found").await;
    assert_eq!(ada.path().await, format!("/ui/room/{room}/m/67"));
    // Keys in a text field are text, not shortcuts.
    ada.click("[data-testid=timeline] [data-seq='67']").await;
    ada.type_keys("body", "/").await;
    ada.type_keys(".room-search input:focus", &format!("hay{ENTER}")).await;
    ada.wait_until(
        "the query names the room",
        &format!(
            "document.querySelector('[data-testid=search]')?.value.trim() === 'hay in:#{room}'"
        ),
    )
    .await;
    let _: Value = ada.run_script("history.back()", vec![]).await;
    ada.wait_visible("[data-seq='67']").await;
    let _: Value = ada.run_script("history.go(-2)", vec![]).await;
    ada.wait_text("[data-testid=total]", "3 messages").await;
}

/// A JS expression: the map has `count` marks of the kind that `path` selects.
fn has_marks(path: &str, count: usize) -> String {
    format!("document.querySelector('{path}')?.getAttribute('d').split('M').length === {count} + 1")
}

/// Makes the first three responses partial, like those of the server when a search reaches its time
/// limit: each has only the message at the anchor, and a cursor. Responses for older hits wait until
/// `hold` is false.
const PARTIAL_RESPONSES: &str = "
    const fetch = window.fetch.bind(window);
    Object.assign(window, { responses: 0, hold: true });
    window.fetch = async request => {
        const url = new URL(request.url), query = url.searchParams;
        const response = await fetch(request);
        if (!url.pathname.endsWith('/messages') || !query.has('q') || !query.has('anchor')) return response;
        while (hold && !query.has('after')) await new Promise(done => setTimeout(done, 20));
        if (++responses > 3) return response;
        const page = await response.json(), at = page.anchor.seq;
        const indexes = page.messages.flatMap((message, nth) => message.seq === at ? [nth] : []);
        page.messages = indexes.map(nth => page.messages[nth]);
        page.ranges = indexes.map(nth => page.ranges[nth]);
        page.older = at - 10;
        return new Response(JSON.stringify(page), { headers: response.headers });
    };";

async fn continue_partial_search(ada: &Browser, room: i64) {
    let _: Option<()> = ada.run_script(PARTIAL_RESPONSES, vec![]).await;
    ada.click(&format!("li:first-of-type > {HIT}")).await;
    ada.wait_text(HIT_NAVIGATOR, "Hit 1 of 1+").await;
    ada.type_keys("body", "n").await;
    ada.wait_text(HIT_NAVIGATOR, "Searching…").await;
    ada.type_keys("body", "x").await;
    ada.wait_text(HIT_NAVIGATOR, "Hit 1 of 1+").await;
    let _: Option<()> = ada.run_script("hold = false", vec![]).await;
    ada.wait_visible(&format!("{HIT_NAVIGATOR}[aria-busy=false]")).await;
    assert_eq!(
        ada.path().await,
        format!("/ui/room/{room}/m/127"),
        "a cancelled search stays at its hit"
    );
    ada.type_keys("body", "n").await;
    ada.wait_text(HIT_NAVIGATOR, "Hit 2 of 3").await;
    wait_in_view(ada, 67).await;
    let _: Value = ada.run_script("history.back()", vec![]).await;
    ada.wait_text("[data-testid=total]", "3 messages").await;
}

async fn wait_in_view(ada: &Browser, seq: i64) {
    let row = format!("document.querySelector('[data-seq=\"{seq}\"]')");
    let view = "document.querySelector('[data-testid=timeline]')";
    let is_in_view = format!(
        "{row} && {row}.getBoundingClientRect().top >= {view}.getBoundingClientRect().top - 1 \
         && {row}.getBoundingClientRect().bottom <= {view}.getBoundingClientRect().bottom + 1"
    );
    ada.wait_until(&format!("message {seq} is in view"), &is_in_view).await;
}

async fn sort_oldest_first(ada: &Browser) {
    ada.fill(SEARCH, &format!("hay sort:old{ENTER}")).await;
    ada.wait_text(&format!("li:first-child > {HIT}"), "hay 1").await;
    ada.wait_until("50 hits are shown", "document.querySelectorAll('.hit').length === 50").await;
    ada.click("[data-testid=more]").await;
    ada.wait_until("100 hits are shown", "document.querySelectorAll('.hit').length === 100").await;
}

async fn correct_operator(ada: &Browser) {
    ada.fill(SEARCH, &format!("needle form:bob{ENTER}")).await;
    ada.wait_text("[data-testid=mistake]", "no operator form:").await;
    ada.click("[data-testid=mistake] button").await;
    ada.wait_text("[data-testid=total]", "3 messages").await;
}

async fn open_day(ada: &Browser, room: i64) {
    ada.open_room(room, "long").await;
    ada.wait_visible("[data-seq]").await;
    ada.click("[data-testid=people]").await;
    ada.click("[data-testid=people]").await;
    let _: Value = ada
        .run_script("document.querySelector('[data-testid=timeline]').scrollTop = 0", vec![])
        .await;
    ada.wait_until("the first message is loaded", "document.querySelector('[data-seq=\"1\"]')")
        .await;
    ada.click("[data-testid=day]").await;
    ada.wait_visible("dialog[open] .calendar-4").await;
    ada.click("dialog[open] .calendar-4").await;
    ada.wait_hidden("dialog[open]").await;
    wait_in_view(ada, 1).await;
    // The map shows a new message at once.
    ada.wait_until("the map marks no message of hers", &has_marks(".map-mine", 0)).await;
    ada.fill(COMPOSER, &format!("a new message{ENTER}")).await;
    ada.wait_until("the map marks the new message", &has_marks(".map-mine", 1)).await;
}

#[tokio::test]
async fn search_results_are_grouped_filtered_and_remembered() {
    scenario("results", async |fixture| {
        let names = ["ada", "bob", "Cy Young"];
        for name in names {
            fixture.server.create_account(name).await;
        }
        let attic = fixture.server.create_room("ada", "attic", "", &names).await;
        let lobby = fixture.server.create_room("ada", "lobby", "", &names).await;
        for (author, room) in [("bob", attic), ("Cy Young", lobby), ("ada", attic)] {
            fixture.server.post_message(author, room, &format!("a needle of {author}")).await;
        }
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open("/ui/search").await;
        ada.wait_hidden("[data-testid=recents]").await;
        ada.fill(SEARCH, &format!("needle from:bob from:\"Cy Young\"{ENTER}")).await;
        ada.wait_text("[data-testid=total]", "2 messages").await;
        group_by_room(&ada).await;
        filter_by_facet(&ada).await;
        repeat_recent_search(&ada).await;
    })
    .await;
}

async fn group_by_room(ada: &Browser) {
    ada.click("[data-testid=by-room]").await;
    ada.wait_until(
        "two rooms are headings",
        "document.querySelectorAll('.hits-room').length === 2",
    )
    .await;
    ada.wait_text(".hits-room:first-child + li", "Cy Young").await;
    ada.type_keys("body", "j").await;
    ada.wait_until(
        "the first hit has the focus",
        "document.activeElement.textContent.includes('Cy Young')",
    )
    .await;
    ada.type_keys(&format!("{HIT}:focus"), DOWN).await;
    ada.wait_until(
        "the second hit has the focus",
        "document.activeElement.textContent.includes('needle of bob')",
    )
    .await;
    ada.type_keys(&format!("{HIT}:focus"), "k").await;
    ada.wait_until(
        "the first hit has the focus again",
        "document.activeElement.textContent.includes('Cy Young')",
    )
    .await;
    ada.type_keys(&format!("{HIT}:focus"), ENTER).await;
    ada.wait_text(HIT_NAVIGATOR, "Hit 1 of 1").await;
    ada.click("[data-testid=trail] .button").await;
    ada.wait_visible(".hits-room").await;
}

async fn filter_by_facet(ada: &Browser) {
    let chip = "[...document.querySelectorAll('.counts .chip')].find(c => c.textContent.startsWith('from:bob'))";
    ada.wait_until("the facet has bob", chip).await;
    let _: Value = ada.run_script(&format!("{chip}.click()"), vec![]).await;
    ada.wait_text("[data-testid=total]", "1 message").await;
    let query: String =
        ada.run_script("return document.querySelector('[data-testid=search]').value", vec![]).await;
    assert_eq!(query, "needle from:bob");
    ada.wait_visible(".hits-room").await;
}

async fn repeat_recent_search(ada: &Browser) {
    let recents =
        "[...document.querySelectorAll('.recent-again')].map(r => r.textContent).join('; ')";
    ada.type_keys(SEARCH, CLEAR_FIELD).await;
    ada.wait_until(
        "both recent searches are listed",
        &format!("{recents} === 'needle from:bob; needle from:bob from:\"Cy Young\"'"),
    )
    .await;
    ada.click("[aria-label='Remove needle from:bob']").await;
    ada.wait_until(
        "one recent search is listed",
        &format!("{recents} === 'needle from:bob from:\"Cy Young\"'"),
    )
    .await;
    ada.click(".recent-again").await;
    ada.wait_text("[data-testid=total]", "2 messages").await;
}
