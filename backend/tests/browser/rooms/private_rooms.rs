//! Private rooms: who sees them, who is added, and what is left after a removal.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Browser, COMPOSER, CTRL_K, Fixture, HOME, scenario, wait_until};

const PALETTE: &str = "[data-testid=palette]";
const CLOSED: &str = "[data-testid=composer-closed]";

#[tokio::test]
async fn a_private_room_is_unseen_by_others() {
    scenario("private-unseen", async |fixture| {
        for name in ["ada", "bob", "carla"] {
            fixture.server.create_account(name).await;
        }
        fixture.server.create_room("ada", "plaza", "", &["ada"]).await;
        // Bob is no admin.
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;
        bob.wait_visible("[data-testid=all-rooms] li").await;
        let room = bob.create_room("plan b", "").await;
        bob.wait_text("h1", "plan b (private)").await;
        bob.send_message("meet at nine").await;
        bob.wait_message("meet at nine").await;

        // Neither somebody else nor an admin learns of it.
        for name in ["carla", "ada"] {
            let other = fixture.open_browser(name).await;
            other.sign_in(name).await;
            other.wait_text("[data-testid=all-rooms] li", "plaza").await;
            other.type_keys("body", CTRL_K).await;
            other.type_keys(PALETTE, "pla").await;
            other.wait_text(".choice", "plaza").await;
            other.wait_text(".choice", "All messages with").await;
            let html = "return document.body.textContent";
            let text: String = other.run_script(html, vec![]).await;
            assert!(!text.contains("plan b"), "{name} sees the room: {text}");
            other.open(&format!("/ui/room/{room}")).await;
            other.wait_text("h1", "Room not found").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_host_adds_people_changes_roles_and_removes() {
    scenario("private-people", async |fixture| {
        let (ada, bob, room) = open_private_room(fixture).await;
        ada.click("[data-testid=add-people]").await;
        ada.type_keys("[data-testid=find-accounts]", "bo").await;
        ada.wait_text("dialog[open] .add-results", "bob").await;
        ada.click("dialog[open] .add-result input:not(:disabled)").await;
        ada.wait_text("[data-testid=chosen]", "bob").await;
        ada.click("dialog[open] button[type=submit]").await;
        ada.wait_hidden("dialog[open]").await;
        ada.wait_text(".member", "bob").await;
        bob.open_room(room, "attic").await;
        bob.wait_message("the key is under the mat").await;
        bob.wait_text(".member[data-member=ada]", "Host").await;
        bob.type_keys(COMPOSER, "half a sentence").await;

        // As a reader, bob keeps his draft until he may post again.
        choose_for_bob(&ada, "Make reader").await;
        bob.wait_text(CLOSED, "You're a reader in this room").await;
        bob.wait_hidden(COMPOSER).await;
        choose_for_bob(&ada, "Make member").await;
        bob.wait_visible(COMPOSER).await;
        let draft = "document.querySelector('#composer').value == 'half a sentence'";
        bob.wait_until("the draft is kept", draft).await;

        choose_for_bob(&ada, "Remove from the room").await;
        ada.wait_text("dialog[open]", "only come back when somebody adds them").await;
        ada.click("dialog[open] [data-testid=confirm]").await;
        bob.wait_text("h1", "Room not found").await;
        // What bob wrote is shown, but not stored.
        bob.wait_text("[data-testid=stranded]", "half a sentence").await;
        expect_nothing_left(&bob, room).await;
        bob.reload().await;
        bob.wait_text("h1", "Room not found").await;
        bob.wait_hidden("[data-testid=stranded]").await;
        expect_nothing_left(&bob, room).await;
    })
    .await;
}

/// Bob is removed while his page is closed: it finds out when it opens again.
#[tokio::test]
async fn a_removal_while_the_page_is_closed_leaves_nothing() {
    scenario("private-closed", async |fixture| {
        let (_ada, bob, room) = open_private_room(fixture).await;
        let member = member_path(fixture, room, "bob").await;
        fixture.server.request_ok(Method::PUT, &member, "ada", Value::Null).await;
        bob.open_room(room, "attic").await;
        bob.wait_message("the key is under the mat").await;
        bob.type_keys(COMPOSER, "half a sentence").await;
        bob.leave_page().await;
        fixture.server.request_ok(Method::DELETE, &member, "ada", Value::Null).await;
        bob.open("/ui/rooms").await;
        bob.wait_text("dialog[open]", "half a sentence").await;
        bob.click("dialog[open] .button-danger").await;
        bob.wait_hidden("dialog[open]").await;
        expect_nothing_left(&bob, room).await;
    })
    .await;
}

#[tokio::test]
async fn the_past_before_joining_is_closed() {
    scenario("closed-past", async |fixture| {
        for name in ["ada", "bob"] {
            fixture.server.create_account(name).await;
        }
        let server = &fixture.server;
        let new = json!({ "name": "attic", "kind": "private", "history": "joining" });
        let room = server.request_ok(Method::POST, "/api/v1/rooms", "ada", new).await;
        let room = room["id"].as_i64().unwrap();
        for nth in 1..=20 {
            server.post_message("ada", room, &format!("before {nth}")).await;
        }
        let member = member_path(fixture, room, "bob").await;
        server.request_ok(Method::PUT, &member, "ada", Value::Null).await;
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;
        bob.open_room(room, "attic").await;
        bob.wait_text("main h2", "No new messages yet").await;
        for nth in 21..=80 {
            server.post_message("ada", room, &format!("after {nth}")).await;
        }
        bob.wait_message("after 80").await;
        bob.wait_visible("[data-testid=closed-past][aria-label='Messages before you joined']")
            .await;
        bob.type_keys("#timeline", HOME).await;
        bob.wait_message("after 21").await;
        bob.wait_text("[data-testid=timeline-start]", "from the day you joined").await;
        let min = "document.querySelector('[data-testid=scrollbar]').ariaValueMin == '21'";
        bob.wait_until("the scrollbar begins where bob may read", min).await;
        // A link to a message before that looks like one to a message that does not exist.
        bob.open(&format!("/ui/room/{room}/m/3")).await;
        bob.wait_text(".toasts", "This message doesn't exist").await;
        bob.wait_message("after 21").await;
        assert!(bob.message_texts().await.iter().all(|text| text.starts_with("after")));
    })
    .await;
}

/// Ada, its host, and bob, who is not in it, are signed in; ada has opened the room "attic".
async fn open_private_room(fixture: &Fixture) -> (Browser, Browser, i64) {
    for name in ["ada", "bob"] {
        fixture.server.create_account(name).await;
    }
    let new = json!({ "name": "attic", "kind": "private" });
    let room = fixture.server.request_ok(Method::POST, "/api/v1/rooms", "ada", new).await;
    let room = room["id"].as_i64().unwrap();
    fixture.server.post_message("ada", room, "the key is under the mat").await;
    let (ada, bob) = (fixture.open_browser("ada").await, fixture.open_browser("bob").await);
    ada.sign_in("ada").await;
    ada.open_room(room, "attic").await;
    bob.sign_in("bob").await;
    (ada, bob, room)
}

/// The path of a person's membership.
async fn member_path(fixture: &Fixture, room: i64, name: &str) -> String {
    let me = fixture.server.request_ok(Method::GET, "/api/v1/users/me", name, Value::Null).await;
    format!("/api/v1/rooms/{room}/members/{}", me["id"])
}

/// Opens bob's menu in the list of people.
pub(super) async fn open_bobs_menu(ada: &Browser) {
    let row = ".member[data-member=bob]";
    ada.wait_visible(row).await;
    ada.hover(row).await;
    ada.click(&format!("{row} [data-testid=member-menu]")).await;
    ada.wait_visible(&format!("{row} [role=menu]")).await;
}

/// Chooses an item of bob's menu in the list of people.
pub(super) async fn choose_for_bob(ada: &Browser, item: &str) {
    open_bobs_menu(ada).await;
    let script = "[...document.querySelectorAll('.member [role=menuitem]')].find(
        e => e.textContent.startsWith(arguments[0])).setAttribute('data-chosen', '')";
    let _: Option<()> = ada.run_script(script, vec![json!(item)]).await;
    ada.click("[data-chosen]").await;
}

/// Nothing of the room is on the page or in the browser's stores.
async fn expect_nothing_left(bob: &Browser, room: i64) {
    let script = "const [room, done] = arguments;
        const open = indexedDB.open('hallway', 1);
        open.onsuccess = () => {
            const all = open.result.transaction('outbox').objectStore('outbox').getAll();
            all.onsuccess = () => {
                open.result.close();
                const keys = [...Object.keys(localStorage), ...Object.keys(sessionStorage)];
                const lists = ['rooms', 'hidden', 'visits', 'searches'].map(list =>
                    keys.filter(key => key.startsWith(`hallway.${list}.`))
                        .map(key => localStorage.getItem(key).split(/[,\\n]/)).flat());
                done({
                    stores: JSON.stringify([localStorage, sessionStorage, all.result]),
                    page: document.title + document.querySelector('.sidebar').textContent
                        + document.querySelector('.toasts').textContent,
                    keys: keys.filter(key => key.split('.')[3] == room),
                    ids: lists.flat().filter(id => id == room),
                    messages: document.body.textContent.includes('the key is'),
                });
            };
        };";
    wait_until("nothing of the room is left", async || {
        let left = bob.run_async_script(script, vec![json!(room.to_string())]).await;
        let text = |key: &str| left[key].as_str().unwrap_or("?").to_owned();
        println!("{left}");
        ["half a sentence", "attic", "the key is"].iter().all(|t| !text("stores").contains(t))
            && !text("page").contains("attic")
            && left["keys"] == json!([])
            && left["ids"] == json!([])
            && left["messages"] == json!(false)
    })
    .await;
}
