//! The colour theme: light, dark or the system's; stored in localStorage, applied as `data-theme`.

use leptos::prelude::*;

use super::{Ui, storage};

const KEY: &str = "hallway.theme";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// Reads the theme chosen on this device.
    pub fn load() -> Self {
        let name = storage::get(KEY).unwrap_or_default();
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or(Self::System)
    }

    /// Applies the theme to the page and stores it.
    pub fn apply(self) {
        let Some(root) = document().document_element() else { return };
        let _ = match self {
            Self::System => root.remove_attribute("data-theme"),
            theme => root.set_attribute("data-theme", theme.name()),
        };
        storage::set(KEY, self.name());
    }
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = expect_context::<Ui>().theme;
    let choices = Theme::ALL.map(|choice| {
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="theme"
                    prop:checked=move || theme.get() == choice
                    on:change:target=move |_| theme.set(choice)
                />
                <span>{choice.label()}</span>
            </label>
        }
    });
    view! {
        <fieldset class="segments">
            <legend>"Theme"</legend>
            <div class="segments-row">{choices}</div>
        </fieldset>
    }
}
