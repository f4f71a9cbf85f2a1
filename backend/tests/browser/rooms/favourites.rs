//! Favourites and their order, muted rooms, and default rooms.

use reqwest::Method;
use serde_json::{Value, json};
use shared::paths::FAVOURITES;

use crate::fixture::{Browser, scenario};

const ALT_SHIFT_UP: &str = "\u{E00A}\u{E008}\u{E013}\u{E000}";

/// Waits until the sidebar has these rooms in this order.
async fn wait_order(browser: &Browser, names: &str) {
    let shown = "[...document.querySelectorAll('.room-link-name')]
        .map(name => name.textContent.trim()).join(' ')";
    browser.wait_until(&format!("the rooms are {names}"), &format!("{shown} === '{names}'")).await;
}

fn link(room: i64) -> String {
    format!(".room-link[data-room='{room}']")
}

#[tokio::test]
async fn favourites_are_on_top_in_my_order_on_all_devices() {
    scenario("favourites", async |fixture| {
        let server = &fixture.server;
        for name in ["bob", "ada"] {
            server.create_account(name).await;
        }
        server.create_room("bob", "general", "", &["ada"]).await;
        let kitchen = server.create_room("bob", "kitchen", "", &["ada"]).await;
        let lab = server.create_room("bob", "lab", "", &["ada"]).await;
        let (ada, phone) = (fixture.open_browser("ada").await, fixture.open_browser("phone").await);
        for browser in [&ada, &phone] {
            browser.sign_in("ada").await;
            wait_order(browser, "general kitchen lab").await;
        }
        ada.open_room(lab, "lab").await;
        ada.choose_menu_item("room-menu", "Add to favourites").await;
        wait_order(&ada, "lab general kitchen").await;
        ada.wait_text(".room-nav", "Favourites").await;
        ada.open_room(kitchen, "kitchen").await;
        ada.choose_menu_item("room-menu", "Add to favourites").await;
        for browser in [&ada, &phone] {
            wait_order(browser, "lab kitchen general").await;
        }

        // By the keyboard, which keeps the focus and does not open another room.
        ada.type_keys(&link(kitchen), ALT_SHIFT_UP).await;
        let has_focus = format!("document.activeElement?.dataset.room === '{kitchen}'");
        for browser in [&ada, &phone] {
            wait_order(browser, "kitchen lab general").await;
        }
        ada.wait_until("the link has the focus", &has_focus).await;
        assert_eq!(ada.path().await, format!("/ui/room/{kitchen}"));
        ada.reload().await;
        wait_order(&ada, "kitchen lab general").await;

        ada.choose_menu_item("room-menu", "Move down").await;
        for browser in [&ada, &phone] {
            wait_order(browser, "lab kitchen general").await;
        }
        ada.choose_menu_item("room-menu", "Remove from favourites").await;
        for browser in [&ada, &phone] {
            wait_order(browser, "lab general kitchen").await;
        }
        assert_eq!(server.csp_reports().await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_last_of_several_quick_moves_counts() {
    scenario("favourite-moves", async |fixture| {
        let server = &fixture.server;
        for name in ["bob", "ada"] {
            server.create_account(name).await;
        }
        let mut rooms = Vec::new();
        for name in ["general", "kitchen", "lab"] {
            rooms.push(server.create_room("bob", name, "", &["ada"]).await);
        }
        let favourites = json!({ "rooms": rooms });
        server.request_ok(Method::PUT, FAVOURITES, "ada", favourites).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        wait_order(&ada, "general kitchen lab").await;
        // The first request takes longer than the second.
        let delay = "const send = window.fetch; window.begun = window.ended = 0;
            window.fetch = async request => {
                if (!request.url.endsWith('/favourites')) return send(request);
                begun += 1;
                if (begun == 1) await new Promise(go => setTimeout(go, 1500));
                const response = await send(request);
                ended += 1;
                return response;
            }";
        let _: Option<()> = ada.run_script(delay, vec![]).await;
        ada.type_keys(&link(rooms[2]), ALT_SHIFT_UP).await;
        wait_order(&ada, "general lab kitchen").await;
        ada.type_keys(&link(rooms[2]), ALT_SHIFT_UP).await;
        wait_order(&ada, "lab general kitchen").await;
        ada.wait_until("both orders are stored", "ended == 2").await;
        let phone = fixture.open_browser("phone").await;
        phone.sign_in("ada").await;
        wait_order(&phone, "lab general kitchen").await;
        wait_order(&ada, "lab general kitchen").await;
    })
    .await;
}

#[tokio::test]
async fn a_muted_room_counts_only_mentions() {
    scenario("muted", async |fixture| {
        let server = &fixture.server;
        for name in ["bob", "ada"] {
            server.create_account(name).await;
        }
        let general = server.create_room("bob", "general", "", &["ada"]).await;
        let kitchen = server.create_room("bob", "kitchen", "", &["ada"]).await;
        let lab = server.create_room("bob", "lab", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(general, "general").await;
        ada.choose_menu_item("room-menu", "Mute").await;
        ada.wait_visible(&format!("{} [data-testid=muted]", link(general))).await;
        ada.open_room(lab, "lab").await;
        let badge = |room| format!("{} .badge", link(room));

        // The second message arrives after the first, which shows nowhere.
        server.post_message("bob", general, "nothing urgent").await;
        server.post_message("bob", kitchen, "soup").await;
        ada.wait_text(&badge(kitchen), "1 unread").await;
        ada.wait_until("the title counts one message", "document.title.startsWith('(1) ')").await;
        ada.wait_hidden(&badge(general)).await;
        server.post_message("bob", general, "urgent, @ada").await;
        ada.wait_text(&badge(general), "1 unread, you are mentioned").await;
        ada.wait_until("the title counts both", "document.title.startsWith('(2) ')").await;

        ada.reload().await;
        ada.wait_text(&badge(general), "1 unread, you are mentioned").await;
        ada.open_room(general, "general").await;
        ada.wait_message("nothing urgent").await;
        ada.wait_hidden(&badge(general)).await;
        ada.choose_menu_item("room-menu", "Unmute").await;
        ada.wait_hidden(&format!("{} [data-testid=muted]", link(general))).await;
        ada.open_room(lab, "lab").await;
        ada.wait_hidden(&badge(general)).await;
        server.post_message("bob", general, "as before").await;
        ada.wait_text(&badge(general), "1 unread").await;
    })
    .await;
}

#[tokio::test]
async fn an_admin_chooses_the_rooms_of_newcomers() {
    scenario("default-rooms", async |fixture| {
        let server = &fixture.server;
        for name in ["bob", "ada"] {
            server.create_account(name).await;
        }
        let general = server.create_room("bob", "general", "", &["bob"]).await;
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;
        bob.open_room(general, "general").await;
        bob.choose_menu_item("room-menu", "Edit room").await;
        bob.click("dialog[open] input[name=default]").await;
        bob.click("dialog[open] button[type=submit]").await;
        bob.wait_hidden("dialog[open]").await;
        server.create_account("carl").await;
        let members = format!("/api/v1/rooms/{general}/members");
        let status =
            async |name: &str| server.request(Method::GET, &members, name, Value::Null).await.0;
        assert_eq!((status("carl").await, status("ada").await), (200, 403));

        // The box shows the state, and is only for open rooms.
        bob.choose_menu_item("room-menu", "Edit room").await;
        bob.wait_visible("dialog[open] input[name=default]").await;
        let is_checked = "document.querySelector('dialog[open] input[name=default]').checked";
        bob.wait_until("the box is checked", is_checked).await;
        bob.click("dialog[open] .options input[name=kind]:not(:checked)").await;
        bob.wait_hidden("dialog[open] input[name=default]").await;
    })
    .await;
}
