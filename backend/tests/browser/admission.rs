//! Who comes in, and who goes: setting up a server, an invitation, sign-up by mail, and the deletion of an
//! account.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{COMPOSER, PASSWORD, SmtpServer, scenario};

/// Ada sets up an empty server and founds a private room; a guest comes by a link, and lands in the room.
#[tokio::test]
async fn a_server_is_set_up_and_a_guest_comes_by_a_link() {
    scenario("admission", async |fixture| {
        let ada = fixture.open_browser("ada").await;
        ada.open("/ui/").await;
        ada.wait_text("h1", "Set up").await;
        ada.fill("#field-name", "Harbour").await;
        ada.set_up("ada").await;
        ada.wait_until("the title has the name", "document.title.endsWith('Harbour')").await;
        let first: String =
            ada.run_script("return document.querySelector('#invitation-link').value", vec![]).await;
        assert!(first.starts_with(&fixture.server.origin()) && first.contains("/ui/invite#"));
        ada.wait_until("the code is drawn", "document.querySelector('.qr').naturalWidth > 0").await;
        ada.click("[data-testid=to-rooms]").await;
        ada.wait_text(".brand", "Harbour").await;
        let room = json!({"name": "den", "kind": "private"});
        let room =
            fixture.server.request_ok(Method::POST, "/api/v1/rooms", "ada", room).await["id"]
                .clone();
        let id = room.as_i64().unwrap();
        ada.open_room(id, "den").await;
        ada.choose_menu_item("room-menu", "Invite people").await;
        ada.wait_visible("dialog[open] #field-uses").await;
        ada.click("dialog[open] input[name=rank][aria-describedby=choice-rank-1]").await;
        ada.click("dialog[open] button[type=submit]").await;
        ada.wait_visible("[data-testid=invitation-link]").await;
        let link: String =
            ada.run_script("return document.querySelector('#invitation-link').value", vec![]).await;
        let path = link.strip_prefix(&fixture.server.origin()).unwrap();

        let gil = fixture.open_browser("gil").await;
        gil.open(path).await;
        gil.wait_text("[data-testid=invited-by]", "ada invites you to Harbour.").await;
        gil.fill("#field-username", "gil").await;
        gil.fill("#field-password", "open sesame, please").await;
        gil.click("main button[type=submit]").await;
        gil.wait_visible(COMPOSER).await;
        assert_eq!(gil.path().await, format!("/ui/room/{id}"));
        let me = fixture.server.request_ok(Method::GET, "/api/v1/users/me", "gil", Value::Null);
        assert_eq!(me.await["rank"], "guest");

        // The link has been used, and the list says by whom.
        let eve = fixture.open_browser("eve").await;
        eve.open(path).await;
        eve.wait_text("main", "isn't valid any more").await;
        ada.click("dialog[open] [aria-label=Close]").await;
        ada.choose_menu_item("account-menu", "Invite people").await;
        ada.wait_text("[data-testid=invitations]", "Used upgil").await;
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}

/// Bob deletes his account with his messages; Ada watches them go, and then deletes the account of Cleo.
#[tokio::test]
async fn an_account_is_deleted_with_its_messages() {
    scenario("deletion", async |fixture| {
        for name in ["ada", "bob", "cleo"] {
            fixture.server.create_account(name).await;
        }
        let people = ["ada", "bob", "cleo"];
        let room = fixture.server.create_room("ada", "general", "", &people).await;
        fixture.server.post_message("bob", room, "swordfish").await;
        fixture.server.post_message("cleo", room, "trout").await;
        let (ada, bob) = (fixture.open_browser("ada").await, fixture.open_browser("bob").await);
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        ada.wait_message("swordfish").await;
        bob.sign_in("bob").await;
        bob.open_room(room, "general").await;
        bob.type_keys(COMPOSER, "half a thought").await;

        bob.choose_menu_item("account-menu", "Delete account").await;
        bob.wait_visible("dialog[open] [data-testid=export-me]").await;
        bob.click("dialog[open] input[aria-describedby=choice-messages-1]").await;
        bob.fill("dialog[open] #field-password", "wrong").await;
        bob.click("[data-testid=delete-account]").await;
        bob.wait_text("dialog[open]", "Password is wrong.").await;
        bob.fill("dialog[open] #field-password", PASSWORD).await;
        bob.click("[data-testid=delete-account]").await;
        bob.wait_text(".auth-notice", "Your account was deleted.").await;
        let erased = "!Object.values(localStorage).some(text => text.includes('half a thought'))";
        bob.wait_until("the draft is erased", erased).await;

        let is_gone = "!document.querySelector('main').textContent.includes('swordfish')";
        ada.wait_until("the message is deleted", is_gone).await;
        ada.wait_message("trout").await;
        ada.open("/ui/admin/people").await;
        let cleo = "[...document.querySelectorAll('[data-testid=accounts] tbody tr')].find(
            row => row.textContent.includes('cleo'))";
        ada.wait_until("the account is listed", &format!("!!{cleo}")).await;
        let mark = format!("{cleo}.querySelector('[data-testid=account-actions]').click()");
        let _: Option<()> = ada.run_script(&mark, vec![]).await;
        ada.wait_visible("[role=menu]").await;
        let item = "[...document.querySelectorAll('[role=menuitem]')].find(
            item => item.textContent == 'Delete account').click()";
        let _: Option<()> = ada.run_script(item, vec![]).await;
        ada.wait_text("dialog[open]", "can't be undone").await;
        ada.click("dialog[open] [data-testid=confirm]").await;
        ada.wait_until("the account is not listed", &format!("!{cleo}")).await;
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}

/// Ada lets people sign up by the domain of their address; Zoe does, with the link in her mail.
#[tokio::test]
async fn somebody_signs_up_by_mail() {
    scenario("email", async |fixture| {
        let (smtp, server) = (SmtpServer::start().await, &fixture.server);
        server.create_account("ada").await;
        server.kill();
        let (url, origin) = (smtp.url(), server.origin());
        let from = "Harbour <chat@example.com>";
        let public = ("HALLWAY_PUBLIC_URL", &*origin);
        server
            .restart_with(&[("HALLWAY_SMTP_URL", &*url), ("HALLWAY_SMTP_FROM", from), public])
            .await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.choose_menu_item("account-menu", "Server settings").await;
        ada.wait_visible("dialog[open] input[name=sign-up]").await;
        ada.click("dialog[open] input[aria-describedby=choice-sign-up-2]").await;
        ada.click("dialog[open] button[type=submit]").await;
        ada.wait_text("dialog[open] #field-email-domains-error", "must not be empty").await;
        ada.fill("#field-email-domains", "example.org, b.example").await;
        ada.click("dialog[open] button[type=submit]").await;
        ada.wait_until("the dialog is closed", "!document.querySelector('dialog[open]')").await;

        let zoe = fixture.open_browser("zoe").await;
        zoe.open("/ui/confirm").await;
        zoe.wait_text("main", "This link is incomplete. Open the one in your mail again").await;
        zoe.open("/ui/register").await;
        zoe.wait_text("#field-email-hint", "@example.org or @b.example").await;
        zoe.wait_focus("#field-email").await;
        zoe.fill("#field-email", "zoe@example.com").await;
        zoe.fill("#field-username", "zoe").await;
        zoe.fill("#field-password", "open sesame, please").await;
        zoe.click("main button[type=submit]").await;
        zoe.wait_text("#field-email-error", "must be an address at example.org").await;
        zoe.fill("#field-email", "zoe@example.org").await;
        zoe.click("main button[type=submit]").await;
        zoe.wait_text("[data-testid=mailed-to]", "zoe@example.org").await;

        let token = smtp.mail_to("zoe@example.org").await.token();
        zoe.open(&format!("/ui/confirm#{token}")).await;
        zoe.wait_text("h1", "Confirm your address").await;
        zoe.fill("#field-password", "a wrong password").await;
        zoe.click("main button[type=submit]").await;
        zoe.wait_text("#field-password-error", "is wrong").await;
        zoe.fill("#field-password", "open sesame, please").await;
        zoe.click("main button[type=submit]").await;
        zoe.wait_text("main", "You can sign in as zoe.").await;
        zoe.wait_focus("main a[href='/ui/login']").await;
        zoe.click("main a[href='/ui/login']").await;
        zoe.sign_in("zoe").await;
        let me = server.request_ok(Method::GET, "/api/v1/users/me", "zoe", Value::Null).await;
        assert_eq!(me["email"], "zoe@example.org");
    })
    .await;
}
