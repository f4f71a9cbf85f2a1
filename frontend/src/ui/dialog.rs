//! A modal dialog on the browser's own `<dialog>`, which traps the focus; given back on closing.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{Icon, Shape, effect, shown};

/// A dialog with a heading and a way out. Its children are made anew each time that it opens.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: String,
    #[prop(optional)] wide: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let (title, children) = (StoredValue::new(title), StoredValue::new(children));
    view! {
        {shown(move || open.get(), move || view! {
            <Modal open title=title.get_value() wide>{children.with_value(|children| children())}</Modal>
        }.into_any())}
    }
}

#[component]
fn Modal(open: RwSignal<bool>, title: String, wide: bool, children: Children) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let before = StoredValue::new_local(document().active_element());
    effect(move || {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    on_cleanup(move || {
        let before = before.try_get_value().flatten();
        if let Some(before) = before.and_then(|el| el.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = before.focus();
        }
    });
    let clicked = move |event: ev::MouseEvent| {
        let on_backdrop = event
            .target()
            .is_some_and(|target| target.dyn_ref::<web_sys::HtmlDialogElement>().is_some());
        if on_backdrop {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            class:dialog-wide=wide
            aria-labelledby="dialog-title"
            on:mousedown=clicked
            on:close:target=move |_| {
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
                        on:click:target=move |_| open.set(false)
                    >
                        <Icon shape=Shape::Close/>
                    </button>
                </header>
                {children()}
            </div>
        </dialog>
    }
}

/// Asks before something that cannot be undone.
#[component]
pub fn Confirm(
    #[prop(into)] text: String,
    #[prop(into)] yes: String,
    open: RwSignal<bool>,
    /// While it is being done.
    #[prop(into)]
    busy: Signal<bool>,
    #[prop(into)] on_yes: Callback<()>,
) -> impl IntoView {
    view! {
        <p class="dialog-text">{text}</p>
        <div class="dialog-actions">
            <button type="button" class="button" on:click:target=move |_| open.set(false)>"Cancel"</button>
            <button
                type="button"
                class="button button-danger"
                data-testid="confirm"
                autofocus=true
                disabled=move || busy.get()
                on:click:target=move |_| on_yes.run(())
            >
                {yes}
            </button>
        </div>
    }
}

/// Whether a dialog about something is open: while there is something. Closing it drops the thing.
pub fn open_while_some<T: Send + Sync + 'static>(about: RwSignal<Option<T>>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    // Each sets only what differs: two effects that set each other's signal would never rest.
    effect(move || {
        let some = about.with(Option::is_some);
        if open.get_untracked() != some {
            open.set(some);
        }
    });
    effect(move || {
        if !open.get() && about.with_untracked(Option::is_some) {
            about.set(None);
        }
    });
    open
}
