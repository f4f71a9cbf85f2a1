//! Short notices above the page that disappear after a while.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::{Icon, Shape, Ui};

/// How long a toast is visible: long enough to read a sentence twice.
const VISIBLE_MS: u32 = 7_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    id: u32,
    text: String,
    is_error: bool,
}

impl Toast {
    pub fn is_error(&self) -> bool {
        self.is_error
    }
}

/// Shows a toast. It replaces one with the same text.
pub fn show(toasts: RwSignal<Vec<Toast>>, text: String, is_error: bool) {
    let id = toasts.with_untracked(|all| all.last().map_or(0, |last| last.id + 1));
    toasts.update(|all| {
        all.retain(|toast| toast.text != text);
        all.push(Toast { id, text, is_error });
    });
    spawn_local(async move {
        TimeoutFuture::new(VISIBLE_MS).await;
        toasts.try_update(|all| all.retain(|toast| toast.id != id));
    });
}

#[component]
pub fn Toasts() -> impl IntoView {
    let toasts = expect_context::<Ui>().toasts;
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.get() key=|toast| toast.id let:toast>
                <div class="toast" class:toast-error=toast.is_error>
                    <span>{toast.text}</span>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Dismiss"
                        on:click=move |_| toasts.update(|all| all.retain(|it| it.id != toast.id))
                    >
                        <Icon shape=Shape::Close/>
                    </button>
                </div>
            </For>
        </div>
    }
}
