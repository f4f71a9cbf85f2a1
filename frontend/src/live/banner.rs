//! The slim line that says that the connection is in trouble.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::{Link, Live};
use crate::ui::{effect, shown};

/// A shorter trouble is nobody's business.
const PATIENCE_MS: u32 = 1_000;

/// "Reconnecting…", once it has taken a while, and a way not to wait.
#[component]
pub fn Banner() -> impl IntoView {
    let live = expect_context::<Live>();
    let late = RwSignal::new(false);
    effect(move || {
        if live.link.get() != Link::Connecting {
            late.set(false);
            return;
        }
        spawn_local(async move {
            TimeoutFuture::new(PATIENCE_MS).await;
            if live.link.try_get_untracked() == Some(Link::Connecting) {
                late.try_set(true);
            }
        });
    });
    let text = move || match live.welcomes.get() {
        0 => "Connecting…",
        _ => "Reconnecting… What you write is kept and sent then.",
    };
    view! {
        <div role="status" aria-live="polite" class="banner-place">
            {shown(move || late.get(), move || view! {
                <div class="banner" data-testid="connection-banner">
                    <span class="banner-pulse" aria-hidden="true"></span>
                    <span>{move || text()}</span>
                    <button type="button" class="banner-button" on:click:target=move |_| live.retry_now()>
                        "Retry now"
                    </button>
                </div>
            }.into_any())}
        </div>
    }
}
