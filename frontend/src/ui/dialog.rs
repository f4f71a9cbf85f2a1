//! Modal dialogs on the browser's `<dialog>`, which keeps the focus inside.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{Icon, Shape, is_focus_lost};

/// A dialog with a heading and a close button. Its children exist while it is open.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: String,
    #[prop(optional)] wide: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let (title, children) = (StoredValue::new(title), StoredValue::new(children));
    view! {
        <Show when=move || open.get()>
            <Modal open title=title.get_value() wide>{children.with_value(|view| view())}</Modal>
        </Show>
    }
}

/// Keeps a dialog open if Escape cancels a word of an input method.
fn keep_open_while_composing(event: ev::KeyboardEvent) {
    if super::is_composing(&event) && event.key() == "Escape" {
        event.prevent_default();
    }
}

#[component]
fn Modal(open: RwSignal<bool>, title: String, wide: bool, children: Children) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let focused_before = StoredValue::new_local(document().active_element());
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    on_cleanup(move || {
        if let Some(element) = focused_before.try_get_value().flatten() {
            focus_element(element);
        }
    });
    // A click on the backdrop has the dialog itself as its target.
    let close_on_backdrop = move |event: ev::MouseEvent| {
        let target = event.target();
        if target.is_some_and(|it| it.dyn_ref::<web_sys::HtmlDialogElement>().is_some()) {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            class:dialog-wide=wide
            aria-labelledby="dialog-title"
            on:mousedown=close_on_backdrop
            on:keydown=keep_open_while_composing
            on:close=move |_| {
                open.try_set(false);
            }
        >
            <div class="dialog-body">
                <header class="dialog-head">
                    <h2 id="dialog-title">{title}</h2>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Close"
                        on:click=move |_| open.set(false)
                    >
                        <Icon shape=Shape::Close/>
                    </button>
                </header>
                {children()}
            </div>
        </dialog>
    }
}

fn focus_element(element: Element) {
    if let Ok(element) = element.dyn_into::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// The body of a dialog that confirms an action, or a group below the button that asks.
#[component]
pub fn Confirm(
    #[prop(into)] text: String,
    /// The label of the button that confirms.
    #[prop(into)]
    yes: String,
    open: RwSignal<bool>,
    #[prop(into)] busy: Signal<bool>,
    #[prop(into)] on_yes: Callback<()>,
) -> impl IntoView {
    let focused_before = StoredValue::new_local(document().active_element());
    let button = NodeRef::<html::Button>::new();
    // The browser looks for `autofocus` only when a dialog opens.
    request_animation_frame(move || {
        if let Some(Some(button)) = button.try_get_untracked() {
            let _ = button.focus();
        }
    });
    on_cleanup(move || {
        // In the next frame, because the action may move the focus to another place.
        if let Some(element) = focused_before.try_get_value().flatten() {
            request_animation_frame(move || {
                if is_focus_lost() {
                    focus_element(element);
                }
            });
        }
    });
    view! {
        <p class="dialog-text">{text}</p>
        <div class="dialog-actions">
            <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
            <button
                type="button"
                class="button button-danger"
                data-testid="confirm"
                node_ref=button
                autofocus=true
                disabled=busy
                on:click=move |_| on_yes.run(())
            >
                {yes}
            </button>
        </div>
    }
}

/// Opens a dialog while `subject` is some; closing the dialog sets `subject` to none.
pub fn open_while_some<T: Send + Sync + 'static>(subject: RwSignal<Option<T>>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    // Each effect sets a signal only if its value differs; otherwise they would trigger each other
    // for ever.
    Effect::new(move |_| {
        let is_some = subject.with(Option::is_some);
        if open.get_untracked() != is_some {
            open.set(is_some);
        }
    });
    Effect::new(move |_| {
        if !open.get() && subject.with_untracked(Option::is_some) {
            subject.set(None);
        }
    });
    open
}
