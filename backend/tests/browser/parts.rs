//! Parts of the page that load on demand: the loading state, failures, and preloading.

use serde_json::{Value, json};

use crate::fixture::{Browser, COMPOSER, CTRL_K, Fixture, scenario};

const SEARCH: &str = "[data-testid=search]";
const PALETTE: &str = "[data-testid=palette]";
const LOAD_ERROR: &str = "[data-testid=load-error]";
const RETRY: &str = "[data-testid=load-error] button";

/// Controls the requests of a page for its parts. `pass` forwards them, `hold` delays them, `gone` and
/// `upgraded` redirect them to a file that does not exist. With `upgraded`, the HTML of the page also
/// names another loader, as after an upgrade of the server. The mode survives a reload.
const INTERCEPT: &str = "
    const fetch = window.fetch.bind(window);
    const mode = () => sessionStorage.getItem('parts') ?? 'hold';
    window.fetch = async (input, options) => {
        const { pathname } = new URL(input.url ?? input, location);
        if (pathname === '/ui' && mode() === 'upgraded') {
            const html = await (await fetch(input, options)).text();
            return new Response(html.replaceAll('/ui/frontend-', '/ui/frontend-2'));
        }
        if (!/\\/ui\\/(split|chunk)_.*\\.wasm$/.test(pathname)) return fetch(input, options);
        while (mode() === 'hold') await new Promise(done => setTimeout(done, 20));
        return fetch(mode() === 'pass' ? input : '/ui/gone.wasm', options);
    };";

/// A JS expression: the requests for files of parts.
const PART_REQUESTS: &str = "performance.getEntriesByType('resource')
    .filter(e => /\\/(split|chunk)_/.test(e.name))";

/// The most bytes that a browser may load until the composer of a room is shown.
const FIRST_LOAD_MAX: u64 = 400 * 1024;

#[tokio::test]
async fn the_first_load_is_within_its_budget() {
    scenario("budget", async |fixture| {
        fixture.server.create_account("ada").await;
        let room = fixture.server.create_room("ada", "general", "", &["ada"]).await;
        let browser = fixture.open_browser("ada").await;
        browser.sign_in("ada").await;
        browser.leave_page().await;
        browser.devtools("Network.clearBrowserCache", json!({})).await;
        let page = format!("{}/ui/room/{room}", fixture.server.origin());
        browser.client.goto(&page).await.unwrap();
        // The resources that were requested before the composer appeared.
        let script = "const done = arguments[0];
            const check = () => {
                if (!document.querySelector('[data-testid=composer]')) return setTimeout(check, 5);
                done(performance.getEntriesByType('navigation')
                    .concat(performance.getEntriesByType('resource'))
                    .map(e => [e.name, e.encodedBodySize]));
            };
            check();";
        let resources = browser.run_async_script(script, vec![]).await;
        let resources: Vec<(String, u64)> = serde_json::from_value(resources).unwrap();
        let total: u64 = resources.iter().map(|(_, size)| size).sum();
        let has_wasm = resources.iter().any(|(name, size)| name.ends_with(".wasm") && *size > 0);
        assert!(has_wasm, "{resources:#?}");
        assert!(total <= FIRST_LOAD_MAX, "{total} bytes: {resources:#?}");
    })
    .await;
}

#[tokio::test]
async fn a_part_that_does_not_load_can_be_tried_again() {
    scenario("part-gone", async |fixture| {
        let ada = sign_in(fixture).await;
        intercept(&ada).await;
        ada.open("/ui/search").await;
        ada.wait_text(".lazy[role=status]", "Loading…").await;
        set_mode(&ada, "gone").await;
        ada.wait_text(LOAD_ERROR, "This couldn't be loaded.").await;
        ada.click(RETRY).await;
        ada.wait_text(LOAD_ERROR, "This couldn't be loaded.").await;
        set_mode(&ada, "pass").await;
        ada.click(RETRY).await;
        ada.wait_visible(SEARCH).await;
        ada.wait_hidden(LOAD_ERROR).await;
        let console = ada.take_console().await;
        assert!(!console.iter().any(|line| line.contains("panicked")), "{console:#?}");
    })
    .await;
}

#[tokio::test]
async fn a_part_opened_offline_loads_when_online() {
    scenario("part-offline", async |fixture| {
        let ada = sign_in(fixture).await;
        intercept(&ada).await;
        ada.open("/ui/rooms").await;
        ada.wait_visible("[data-testid=my-name]").await;
        set_offline(&ada, true).await;
        set_mode(&ada, "pass").await;
        ada.type_keys("body", CTRL_K).await;
        ada.wait_text(LOAD_ERROR, "You're offline").await;
        set_offline(&ada, false).await;
        ada.click(&format!("dialog[open] {RETRY}")).await;
        ada.wait_visible(&format!("{PALETTE}:focus")).await;
    })
    .await;
}

#[tokio::test]
async fn an_old_page_offers_to_reload_and_keeps_the_draft() {
    scenario("part-upgrade", async |fixture| {
        let ada = sign_in(fixture).await;
        let room = fixture.server.create_room("ada", "general", "", &["ada"]).await;
        intercept(&ada).await;
        ada.open(&format!("/ui/room/{room}")).await;
        ada.type_keys(COMPOSER, "half a sentence").await;
        set_mode(&ada, "upgraded").await;
        ada.type_keys("body", CTRL_K).await;
        // The menus of the page say it too.
        let of_palette = |selector: &str| format!("dialog[open] {selector}");
        ada.wait_text(&of_palette(LOAD_ERROR), "Hallway was updated").await;
        ada.wait_text(&of_palette(RETRY), "Reload").await;
        set_mode(&ada, "pass").await;
        ada.click(&of_palette(RETRY)).await;
        ada.wait_hidden("dialog[open]").await;
        ada.wait_visible(COMPOSER).await;
        let has_draft = "document.querySelector('#composer').value === 'half a sentence'";
        ada.wait_until("the draft is kept", has_draft).await;
        ada.type_keys("body", CTRL_K).await;
        ada.wait_visible(PALETTE).await;
    })
    .await;
}

#[tokio::test]
async fn a_link_to_the_search_page_preloads_its_part() {
    scenario("part-preload", async |fixture| {
        let ada = sign_in(fixture).await;
        ada.open("/ui/search").await;
        ada.wait_visible(SEARCH).await;
        let is_early = format!(
            "{PART_REQUESTS}.filter(e => /split_search/.test(e.name)).length === 1
            && {PART_REQUESTS}.filter(e => /split_search/.test(e.name))[0].startTime < performance
                .getEntriesByType('resource').find(e => /frontend-.*wasm/.test(e.name)).responseEnd"
        );
        ada.wait_until(
            "the part was requested once, and before the main module had loaded",
            &is_early,
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn parts_load_in_the_background() {
    scenario("part-background", async |fixture| {
        let ada = sign_in(fixture).await;
        ada.open("/ui/rooms").await;
        let are_loaded = format!(
            "['search', 'more'].every(part => {PART_REQUESTS}.some(e => e.name.includes('split_' + part)
                && e.responseEnd > 0))"
        );
        ada.wait_until("all parts have loaded", &are_loaded).await;
        set_offline(&ada, true).await;
        ada.type_keys("body", CTRL_K).await;
        ada.wait_visible(&format!("{PALETTE}:focus")).await;
    })
    .await;
}

/// Opens a browser in which Ada is signed in, and leaves the page. The browser may have loaded parts
/// until then, so its cache is cleared.
async fn sign_in(fixture: &Fixture) -> Browser {
    fixture.server.create_account("ada").await;
    let ada = fixture.open_browser("ada").await;
    ada.sign_in("ada").await;
    ada.leave_page().await;
    ada.devtools("Network.clearBrowserCache", json!({})).await;
    ada
}

/// Installs [`INTERCEPT`] for the next documents.
async fn intercept(browser: &Browser) {
    let script = json!({ "source": format!("{{{INTERCEPT}}}") });
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", script).await;
}

async fn set_mode(browser: &Browser, mode: &str) {
    let set = "sessionStorage.setItem('parts', arguments[0])";
    let _: Value = browser.run_script(set, vec![json!(mode)]).await;
}

async fn set_offline(browser: &Browser, offline: bool) {
    browser.devtools("Network.enable", json!({})).await;
    let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    browser.devtools("Network.emulateNetworkConditions", conditions).await;
}
