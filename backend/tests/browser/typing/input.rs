//! Keys, commands and files: input methods, slash commands, touch screens, links to this server, and
//! what the clipboard and the page do with what they cannot take.

use serde_json::json;

use crate::fixture::{Browser, COMPOSER, CTRL_K, ENTER, ESCAPE, Fixture, UP, scenario};

/// Ctrl A and Delete. Clearing the field by script would not tell the page.
const EMPTY: &str = "\u{E009}a\u{E000}\u{E017}";

async fn open_room(fixture: &Fixture) -> (i64, Browser) {
    fixture.server.create_account("ada").await;
    let room = fixture.server.create_room("ada", "general", "", &["ada"]).await;
    let ada = fixture.open_browser("ada").await;
    ada.sign_in("ada").await;
    ada.open_room(room, "general").await;
    (room, ada)
}

/// Dispatches a key of an input method, as Chromium (`isComposing`) or as Safari (only key code 229).
async fn compose(browser: &Browser, css: &str, key: &str) {
    let script = "const [css, key] = arguments;
        for (const init of [{ isComposing: true }, { keyCode: 229 }])
            document.querySelector(css).dispatchEvent(new KeyboardEvent('keydown',
                { key, bubbles: true, cancelable: true, ...init }))";
    let _: Option<()> = browser.run_script(script, vec![json!(css), json!(key)]).await;
}

#[tokio::test]
async fn the_keys_of_an_input_method_do_nothing_else() {
    scenario("input-method", async |fixture| {
        let (room, ada) = open_room(fixture).await;
        ada.send_message("first").await;
        ada.wait_message("first").await;
        ada.wait_until("nothing is pending", "!document.querySelector('[data-pending]')").await;
        ada.hover("[data-seq='1']").await;
        ada.click("[data-seq='1'] button[aria-label=Reply]").await;
        ada.wait_visible(".answering").await;
        ada.type_keys(COMPOSER, "nihon").await;
        for key in ["Enter", "Escape"] {
            compose(&ada, COMPOSER, key).await;
        }
        ada.wait_visible("[aria-label='Cancel reply']").await;
        ada.type_keys(COMPOSER, EMPTY).await;
        compose(&ada, COMPOSER, "ArrowUp").await;
        assert_eq!(editors(&ada).await, 0);
        ada.type_keys(COMPOSER, UP).await;
        ada.wait_visible(".editor").await;
        for key in ["Enter", "Escape"] {
            compose(&ada, ".editor textarea", key).await;
        }
        assert_eq!(editors(&ada).await, 1);
        ada.type_keys(".editor textarea", ESCAPE).await;
        ada.wait_hidden(".editor").await;

        ada.type_keys("body", CTRL_K).await;
        ada.type_keys("[data-testid=palette]", "gen").await;
        ada.wait_visible(".choice[aria-selected=true]").await;
        for key in ["ArrowDown", "Enter", "Escape"] {
            compose(&ada, "[data-testid=palette]", key).await;
        }
        ada.wait_visible("#choice-0[aria-selected=true]").await;
        ada.type_keys("[data-testid=palette]", ESCAPE).await;
        ada.wait_hidden("[data-testid=palette]").await;
        assert_eq!(fixture.server.message_log("ada", room).await.len(), 1);
    })
    .await;
}

async fn editors(browser: &Browser) -> usize {
    browser.run_script("return document.querySelectorAll('.editor').length", vec![]).await
}

#[tokio::test]
async fn slash_commands_are_not_sent() {
    scenario("slash", async |fixture| {
        let (room, ada) = open_room(fixture).await;
        ada.type_keys(COMPOSER, "/").await;
        ada.wait_text("#composer-limit", "/goto 2026-03-01").await;
        ada.send_message("help").await;
        ada.wait_text(".toast", "/goto 2026-03-01").await;
        ada.wait_until("the command is gone", "document.querySelector('#composer').value == ''")
            .await;
        ada.send_message("/shrug").await;
        ada.wait_text(".toast-error", "no command /shrug").await;
        ada.fill(COMPOSER, "//shrug").await;
        ada.send_message("").await;
        ada.wait_message("/shrug").await;
        ada.send_message("/etc/hosts is a path").await;
        ada.wait_message("/etc/hosts is a path").await;
        let log = fixture.server.message_log("ada", room).await;
        let texts: Vec<_> = log.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["/shrug", "/etc/hosts is a path"]);
    })
    .await;
}

/// Toasts are above the page and cover neither the composer nor the timeline.
#[tokio::test]
async fn a_toast_covers_nothing() {
    scenario("toast", async |fixture| {
        let (_, ada) = open_room(fixture).await;
        ada.send_message("/help").await;
        ada.wait_visible(".toast").await;
        let overlap = "const box = css => document.querySelector(css).getBoundingClientRect();
            const toast = box('.toast');
            return ['.composer', '.timeline-place', '.room-head', '.sidebar'].filter(css => {
                const other = box(css);
                return toast.bottom > other.top + 1 && toast.top < other.bottom - 1
                    && toast.right > other.left && toast.left < other.right;
            })";
        assert_eq!(ada.run_script::<Vec<String>>(overlap, vec![]).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn on_a_touch_screen_enter_breaks_the_line() {
    scenario("touch", async |fixture| {
        let (room, ada) = open_room(fixture).await;
        let touch = json!({ "enabled": true, "maxTouchPoints": 1 });
        ada.devtools("Emulation.setTouchEmulationEnabled", touch).await;
        let mobile = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true });
        ada.devtools("Emulation.setDeviceMetricsOverride", mobile).await;
        ada.open(&format!("/ui/room/{room}")).await;
        ada.wait_visible(COMPOSER).await;
        ada.type_keys(COMPOSER, &format!("one{ENTER}two{ENTER}three")).await;
        ada.click(".send-button").await;
        ada.wait_message("one\ntwo\nthree").await;
        ada.wait_until("nothing is pending", "!document.querySelector('[data-pending]')").await;
        // The editor is as high as its three lines.
        ada.type_keys(COMPOSER, UP).await;
        ada.wait_until(
            "the editor has the height of its text",
            "(area => area && area.scrollHeight <= area.clientHeight && area.clientHeight > 60)
                (document.querySelector('.editor textarea'))",
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_link_to_this_server_opens_in_the_same_page() {
    scenario("own-link", async |fixture| {
        let (room, ada) = open_room(fixture).await;
        let origin = fixture.server.origin();
        ada.send_message(&format!("see {origin}/ui/search?q=x and https://example.org/")).await;
        ada.wait_message("see ").await;
        let _: Option<()> = ada.run_script("window.samePage = true", vec![]).await;
        assert_eq!(
            ada.run_script::<String>(
                "return document.querySelector('.message-text a[href=\"https://example.org/\"]').target",
                vec![]
            )
            .await,
            "_blank"
        );
        ada.click(".message-text a[href*='/ui/search']").await;
        ada.wait_visible("[data-testid=search]").await;
        assert!(ada.run_script::<bool>("return window.samePage === true", vec![]).await);
        assert_eq!(ada.client.windows().await.unwrap().len(), 1);
        ada.open(&format!("/ui/room/{room}")).await;
    })
    .await;
}

#[tokio::test]
async fn a_dropped_file_leaves_the_page_as_it_is() {
    scenario("drop", async |fixture| {
        let (_, ada) = open_room(fixture).await;
        let script = "const data = new DataTransfer();
            data.items.add(new File(['x'], 'x.txt', { type: 'text/plain' }));
            return ['dragover', 'drop'].every(type => !document.querySelector(arguments[0])
                .dispatchEvent(new DragEvent(type,
                    { bubbles: true, cancelable: true, dataTransfer: data })))";
        for css in ["body", COMPOSER] {
            assert!(ada.run_script::<bool>(script, vec![json!(css)]).await, "{css} takes the file");
            ada.wait_text(".toast-error", "Files can't be sent").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_failed_is_not_called_done() {
    scenario("clipboard", async |fixture| {
        let (_, ada) = open_room(fixture).await;
        ada.send_message("hello").await;
        ada.wait_message("hello").await;
        ada.wait_until("nothing is pending", "!document.querySelector('[data-pending]')").await;
        let script = "Clipboard.prototype.writeText = () => Promise.reject(new Error('no'))";
        let _: Option<()> = ada.run_script(script, vec![]).await;
        ada.hover("[data-seq='1']").await;
        ada.click("[data-seq='1'] button[aria-label='Copy link']").await;
        ada.wait_text(".toast-error", "/ui/room/").await;
        ada.wait_hidden(".toast:not(.toast-error)").await;
    })
    .await;
}
