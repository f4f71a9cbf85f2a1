//! Markdown: everybody sees what the author wrote, and nothing of it becomes an element that it should not.

use serde_json::json;

use crate::fixture::{Browser, COMPOSER, CTRL_K, ENTER, SHIFT_ENTER, scenario};

const TEXT: &str = "# Deploy\n**bold** and *italic*, ~~gone~~, `a < b`, @bob\n\n3. third\n4. fourth\n\n\
    > a quote\n\n```rust\nfn main() {}\n\tlet x = 1;\n```\n\n| name | n |\n|---|--:|\n| disk | 9 |\n\n\
    the end is ||[here](https://example.org/end)||, <b>not bold</b>";
/// The elements that the text becomes, and the texts of these.
const ELEMENTS: [(&str, &str); 10] = [
    ("h2.large", "Deploy"),
    ("p > strong", "bold"),
    ("p > em", "italic"),
    ("p > s", "gone"),
    ("p > code", "a < b"),
    ("ol[start='3'] > li:last-child", "fourth"),
    ("blockquote", "a quote"),
    ("pre > code", "fn main() {}\n\tlet x = 1;"),
    ("th + th.cell-right", "n"),
    ("tr:last-child > td:first-child", "disk"),
];

#[tokio::test]
async fn everybody_sees_the_markdown_of_a_message() {
    scenario("markdown", async |fixture| {
        let (ada, bob) = (fixture.open_browser("ada").await, fixture.open_browser("bob").await);
        ada.register("ada").await;
        let room = ada.create_room("general", "").await;
        bob.register("bob").await;
        bob.join_room("gen", "general").await;
        fixture.server.post_message("ada", room, TEXT).await;
        for browser in [&ada, &bob] {
            browser.wait_message("Deploy").await;
            for (css, text) in ELEMENTS {
                let css = format!(".message-text {css}");
                assert_eq!(text_of(browser, &css).await, [text], "{css} of {}", browser.name);
            }
            assert!(text_of(browser, ".message-text b").await.is_empty(), "HTML is no markup");
        }
        assert_eq!(text_of(&bob, ".message-text .mention").await, ["@bob"]);
        reveal_spoiler(&bob).await;
        copy_code(&bob).await;
        write_with_keys(&bob, &ada).await;
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}

/// A spoiler hides its text and its link until a key or a click reveals them.
async fn reveal_spoiler(browser: &Browser) {
    let link = ".spoiler a[href='https://example.org/end'][rel~=noopener]";
    let can_focus = "const link = document.querySelector(arguments[0]); link.focus();
        return document.activeElement == link";
    let is_focused: bool = browser.run_script(can_focus, vec![json!(link)]).await;
    assert!(!is_focused, "a hidden link has the focus");
    browser.type_keys(".spoiler[role=button]", ENTER).await;
    browser.wait_hidden(".spoiler-hidden").await;
    let is_focused: bool = browser.run_script(can_focus, vec![json!(link)]).await;
    assert!(is_focused, "a revealed link cannot have the focus");
}

/// The button copies the code alone.
async fn copy_code(browser: &Browser) {
    let listen = "navigator.clipboard.writeText = async text => { window.copied = text }";
    let _: Option<()> = browser.run_script(listen, vec![]).await;
    browser.click(".code-copy").await;
    browser.wait_until("the code is copied", "window.copied").await;
    let copied: String = browser.run_script("return window.copied", vec![]).await;
    assert_eq!(copied, "fn main() {}\n\tlet x = 1;");
}

/// Keys write Markdown in the composer, as the browser's own changes, which can be undone.
async fn write_with_keys(author: &Browser, reader: &Browser) {
    let select_all = "\u{E009}a\u{E000}";
    let value = format!("document.querySelector('{COMPOSER}').value");
    author.type_keys(COMPOSER, &format!("typed{select_all}\u{E009}i\u{E000}")).await;
    author.wait_until("the text is italic", &format!("{value} == '*typed*'")).await;
    author.type_keys(COMPOSER, "\u{E009}b\u{E000}").await;
    author.wait_until("the text is bold too", &format!("{value} == '***typed***'")).await;
    author.type_keys(COMPOSER, "\u{E009}z\u{E000}").await;
    author.wait_until("the last change is undone", &format!("{value} == '*typed*'")).await;
    author.type_keys(COMPOSER, ENTER).await;
    reader.wait_text(".message-text em", "typed").await;
    author.send_message(&format!("- first{SHIFT_ENTER}second{SHIFT_ENTER}{SHIFT_ENTER}end")).await;
    reader.wait_text(".message-text ul > li:nth-child(2)", "second").await;
    author.type_keys(COMPOSER, &format!("there{select_all}")).await;
    let paste =
        "const data = new DataTransfer(); data.setData('text/plain', 'https://example.org/x');
        document.querySelector(arguments[0]).dispatchEvent(new ClipboardEvent('paste',
            { clipboardData: data, bubbles: true, cancelable: true }))";
    let _: Option<()> = author.run_script(paste, vec![json!(COMPOSER)]).await;
    author.type_keys(COMPOSER, &format!("{select_all}{CTRL_K}")).await;
    author.wait_hidden("[data-testid=palette]").await;
    author.type_keys(COMPOSER, &format!("\u{E009}z\u{E000}{ENTER}")).await;
    reader.wait_text(".message-text a[href='https://example.org/x']", "there").await;
}

/// The texts of all elements that match.
async fn text_of(browser: &Browser, css: &str) -> Vec<String> {
    let script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)";
    browser.run_script(script, vec![json!(css)]).await
}
