//! A button that opens a menu (the ARIA menu button pattern: arrows move, Escape closes and returns the
//! focus, Tab leaves).

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::move_focus;

/// The children are buttons with `role="menuitem"`. A click on one closes the menu.
#[component]
pub fn Menu(
    #[prop(into)] label: String,
    /// The content of the button.
    #[prop(into)]
    face: ViewFn,
    #[prop(default = "icon-button")] class: &'static str,
    #[prop(optional)] testid: &'static str,
    /// Whether the menu is open, for a list that must not replace its row meanwhile.
    #[prop(optional)]
    open: RwSignal<bool>,
    children: ChildrenFn,
) -> impl IntoView {
    let (container, list) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let button = NodeRef::<html::Button>::new();
    let (children, menu_label) = (StoredValue::new(children), StoredValue::new(label.clone()));
    Effect::new(move |_| {
        if open.get() && list.get().is_some() {
            focus_item(list, 0, 0);
        }
    });
    let close = move || {
        open.try_set(false);
        if let Some(Some(button)) = button.try_get_untracked() {
            let _ = button.focus();
        }
    };
    let on_key = move |event: ev::KeyboardEvent| {
        match event.key().as_str() {
            "Escape" => close(),
            "ArrowDown" => focus_item(list, 1, 0),
            "ArrowUp" => focus_item(list, -1, -1),
            "Home" => focus_item(list, 0, 0),
            "End" => focus_item(list, 0, -1),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let on_focus_out = move |event: ev::FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        // The event also comes while the menu is being removed.
        let Some(Some(container)) = container.try_get_untracked() else { return };
        if !container.contains(to.as_ref()) {
            open.try_set(false);
        }
    };
    view! {
        <div class="menu-place" node_ref=container on:focusout=on_focus_out>
            <button
                type="button"
                node_ref=button
                class=class
                aria-label=label.clone()
                title=label
                aria-haspopup="menu"
                aria-expanded=move || open.get().to_string()
                data-testid=testid
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {face.run()}
            </button>
            <Show when=move || open.get()>
                <div
                    class="menu"
                    role="menu"
                    tabindex="-1"
                    aria-label=menu_label.get_value()
                    node_ref=list
                    on:keydown=on_key
                    on:click=move |_| close()
                >
                    {children.with_value(|children| children())}
                </div>
            </Show>
        </div>
    }
}

/// Moves the focus by `step`, or to `start` (-1 is the last item) if no item has it.
fn focus_item(list: NodeRef<html::Div>, step: i32, start: i32) {
    let Some(list) = list.get_untracked() else { return };
    move_focus(&list, "[role=menuitem]", |at, count| {
        let next = match at {
            Some(at) if step != 0 => at + step,
            _ => start,
        };
        next.rem_euclid(count.max(1))
    });
}
