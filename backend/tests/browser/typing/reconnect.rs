//! After a reconnect the page repeats the requests that failed while the server was down.

use crate::fixture::{BANNER, COMPOSER, scenario};

#[tokio::test]
async fn what_could_not_be_loaded_is_loaded_after_the_reconnect() {
    scenario("reload", async |fixture| {
        let server = &fixture.server;
        for name in ["ada", "bob"] {
            server.create_account(name).await;
        }
        let room = server.create_room("ada", "general", "", &["ada", "bob"]).await;
        let other = server.create_room("ada", "other", "", &["ada", "bob"]).await;
        server.post_message("ada", other, "linked words").await;
        let link = format!("{}/ui/room/{other}/m/1", server.origin());
        server.post_message("ada", room, &format!("see {link}")).await;
        let bob = fixture.open_browser("bob").await;
        bob.sign_in("bob").await;

        server.kill();
        bob.open_room(room, "general").await;
        bob.wait_visible(".load-failed").await;
        server.restart().await;
        bob.wait_hidden(BANNER).await;
        bob.wait_message("see ").await;
        bob.wait_hidden(".load-failed").await;
        bob.wait_text("[data-testid=preview]", "linked words").await;
        bob.wait_text(".members li", "ada").await;
    })
    .await;
}

/// An error that the lost connection caused does not outlast it.
#[tokio::test]
async fn errors_disappear_after_the_reconnect() {
    scenario("errors-gone", async |fixture| {
        let server = &fixture.server;
        server.create_account("ada").await;
        let room = server.create_room("ada", "general", "", &["ada"]).await;
        server.post_message("ada", room, "words").await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        ada.wait_message("words").await;
        server.kill();
        ada.wait_visible(BANNER).await;
        let row = "article[data-seq=\"1\"]";
        ada.hover(row).await;
        ada.click(&format!("{row} button[aria-label=\"Mark unread from here\"]")).await;
        ada.wait_text(".toast-error", "You're offline").await;
        server.restart().await;
        ada.wait_hidden(BANNER).await;
        let has_error = "return !!document.querySelector('.toast-error')";
        assert!(!ada.run_script::<bool>(has_error, vec![]).await);
    })
    .await;
}

/// The preview fails while everything else works, so no reconnect follows.
#[tokio::test]
async fn a_preview_that_failed_is_requested_again() {
    scenario("preview-retry", async |fixture| {
        let server = &fixture.server;
        server.create_account("ada").await;
        let room = server.create_room("ada", "general", "", &["ada"]).await;
        let other = server.create_room("ada", "other", "", &["ada"]).await;
        server.post_message("ada", other, "linked words").await;
        let ada = fixture.open_browser("ada").await;
        ada.sign_in("ada").await;
        ada.open_room(room, "general").await;
        let script = "const real = fetch; let failures = 1;
            window.fetch = (request, ...rest) => {
                const isPreview = (request.url ?? request).endsWith('/messages/1');
                return isPreview && failures-- > 0
                    ? Promise.reject(new TypeError('offline')) : real(request, ...rest);
            }";
        let _: Option<()> = ada.run_script(script, vec![]).await;
        let link = format!("{}/ui/room/{other}/m/1", server.origin());
        ada.send_message(&format!("see {link}")).await;
        ada.wait_message("see ").await;
        ada.wait_text("[data-testid=preview]", "linked words").await;
        ada.wait_visible(COMPOSER).await;
    })
    .await;
}
