//! The banner that says that the connection is lost.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::live::{ConnectionStatus, LiveClient};

/// Shorter interruptions show no banner.
const SHOW_AFTER_MS: u32 = 1_000;

/// The state of the connection, with a button that skips the backoff.
#[component]
pub fn ConnectionBanner() -> impl IntoView {
    let live = expect_context::<LiveClient>();
    let is_shown = RwSignal::new(false);
    Effect::new(move |_| {
        if live.status.get() != ConnectionStatus::Connecting {
            is_shown.set(false);
            return;
        }
        spawn_local(async move {
            TimeoutFuture::new(SHOW_AFTER_MS).await;
            if live.status.try_get_untracked() == Some(ConnectionStatus::Connecting) {
                is_shown.try_set(true);
            }
        });
    });
    let text = move || match live.connection_epoch.get() {
        0 => "Connecting…",
        _ => "You're offline. Messages will be sent when you're back.",
    };
    view! {
        <div role="status" aria-live="polite" class="banner-place">
            <Show when=move || is_shown.get()>
                <div class="banner" data-testid="connection-banner">
                    <span class="banner-pulse" aria-hidden="true"></span>
                    <span>{text}</span>
                    <button type="button" class="banner-button" on:click=move |_| live.reconnect_now()>
                        "Retry now"
                    </button>
                </div>
            </Show>
        </div>
    }
}
