//! The way back to where one was before a jump.

use leptos::prelude::*;

use super::{going::back, scroll::Scroll};
use crate::{
    messages::Open,
    ui::{Icon, Shape, shown},
};

/// "Back", as long as there is a way.
#[component]
pub fn BackButton() -> impl IntoView {
    let (open, scroll) = (expect_context::<Open>(), expect_context::<Scroll>());
    let go = move || {
        back(open, scroll);
        // With the last step the button goes, and the focus would go with it.
        if let Some(view) = scroll.view.get_untracked() {
            let _ = view.focus();
        }
    };
    view! {
        {shown(move || !open.back.with(|back| back.is_empty()), move || view! {
            <button
                type="button"
                class="pill pill-back"
                title="Back to where you were (Alt+←)"
                data-testid="back"
                on:click:target=move |_| go()
            >
                <Icon shape=Shape::Back/>
                "Back"
            </button>
        }.into_any())}
    }
}
