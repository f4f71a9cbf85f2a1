//! The sidebar and the list of people: order, long names, and narrow windows.

use serde_json::json;

use crate::fixture::{Browser, COMPOSER, Fixture, scenario};

/// Posts a message by bob in a room.
async fn post(fixture: &Fixture, room: i64) {
    fixture.server.post_message("bob", room, "hello").await;
}

async fn names(ada: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('.room-link-name')].map(
        name => name.textContent.trim().slice(0, 7))";
    ada.run_script(script, vec![]).await
}

#[tokio::test]
async fn rooms_are_in_the_order_of_the_reader() {
    scenario("room-order", async |fixture| {
        let server = &fixture.server;
        for name in ["bob", "ada"] {
            server.create_account(name).await;
        }
        let long_name = format!("long {}", "and longer ".repeat(20).trim());
        let long = server.create_room("bob", &long_name, "", &["ada"]).await;
        for name in ["Room 10", "room 2", "zebra", "Ängste"] {
            server.create_room("bob", name, "", &["ada"]).await;
        }
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.wait_visible(".room-link").await;
        assert_eq!(names(&ada).await, ["Ängste", "long an", "room 2", "Room 10", "zebra"]);

        // A long name hides no badge, and its whole text is in the tooltip.
        post(fixture, long).await;
        let badge = format!(".room-link[data-room='{long}'] .badge");
        ada.wait_text(&badge, "1 unread").await;
        let is_inside = "const box = css => document.querySelector(css).getBoundingClientRect();
            return box(arguments[0]).right <= box('.sidebar').right
                && box('.room-nav').width >= document.querySelector('.room-nav').scrollWidth - 1";
        assert!(ada.run_script::<bool>(is_inside, vec![json!(badge)]).await);
        let title = "return document.querySelector(arguments[0]).closest('a').title";
        assert_eq!(ada.run_script::<String>(title, vec![json!(badge)]).await, long_name);

        ada.click("[data-testid=unread-first]").await;
        let unread_first = ["long an", "Ängste", "room 2", "Room 10", "zebra"];
        let is_first = "document.querySelector('.room-link-name').textContent.startsWith('long')";
        ada.wait_until("the unread room is first", is_first).await;
        assert_eq!(names(&ada).await, unread_first);
        ada.reload().await;
        ada.wait_until("the unread room is first again", is_first).await;
        ada.click("[data-testid=unread-first]").await;
        ada.wait_until("the rooms are in the order of names", &format!("!{is_first}")).await;
    })
    .await;
}

#[tokio::test]
async fn people_never_stay_over_the_composer() {
    scenario("people-narrow", async |fixture| {
        fixture.server.create_account("ada").await;
        let room = fixture.server.create_room("ada", "general", "", &["ada"]).await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        ada.wait_visible(".members").await;
        set_width(&ada, 800).await;
        ada.wait_hidden(".members").await;
        ada.click(COMPOSER).await;
        ada.click("[data-testid=people]").await;
        ada.wait_visible(".members").await;
        ada.click("[data-testid=jump]").await;
        ada.wait_hidden(".members").await;
        ada.open(&format!("/ui/room/{room}")).await;
        set_width(&ada, 1_280).await;
        ada.wait_visible(".members").await;
    })
    .await;
}

async fn set_width(ada: &Browser, width: u32) {
    let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
    ada.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
}
