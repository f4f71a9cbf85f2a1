//! Short notices in a corner that go away by themselves.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::{Icon, Shape, Ui, each};

/// Long enough to read a sentence twice.
const SHOWN_MS: u32 = 7_000;

/// One notice.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    number: u32,
    text: String,
    is_error: bool,
}

/// Shows a notice for a while.
pub fn show(toasts: RwSignal<Vec<Toast>>, text: String, is_error: bool) {
    let number = toasts.with_untracked(|all| all.last().map_or(0, |last| last.number + 1));
    toasts.update(|all| {
        all.retain(|toast| toast.text != text);
        all.push(Toast { number, text, is_error });
    });
    spawn_local(async move {
        TimeoutFuture::new(SHOWN_MS).await;
        toasts.try_update(|all| all.retain(|toast| toast.number != number));
    });
}

/// Where they are shown.
#[component]
pub fn Toasts() -> impl IntoView {
    let toasts = expect_context::<Ui>().toasts;
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {each(move || toasts.get(), |toast| toast.number, move |toast| view! {
                <div class="toast" class:toast-error=toast.is_error>
                    <span>{toast.text}</span>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Dismiss"
                        on:click:target=move |_| toasts.update(|all| all.retain(|t| t.number != toast.number))
                    >
                        <Icon shape=Shape::Close/>
                    </button>
                </div>
            }.into_any())}
        </div>
    }
}
