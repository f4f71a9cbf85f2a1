//! What every app has: dialogs, icons, toasts, a theme. Must not know a noun of ours.

use leptos::prelude::*;

mod avatar;
mod dialog;
mod field;
mod icon;
mod menu;
pub mod panic;
pub mod storage;
mod theme;
pub mod time;
mod toast;

pub use avatar::Avatar;
pub use dialog::{Confirm, Dialog, open_while_some};
pub use field::Field;
pub use icon::{Icon, Mark, Shape};
pub use menu::Menu;
pub use theme::{Theme, ThemeSwitch};
pub use toast::Toasts;

/// What the page shows whoever is here: short notices and a theme.
#[derive(Clone, Copy)]
pub struct Ui {
    toasts: RwSignal<Vec<toast::Toast>>,
    pub theme: RwSignal<Theme>,
}

impl Ui {
    pub fn new() -> Self {
        Self { toasts: RwSignal::default(), theme: RwSignal::new(Theme::remembered()) }
    }

    /// Something went as it should.
    pub fn notice(self, text: impl Into<String>) {
        toast::show(self.toasts, text.into(), false);
    }

    /// Something did not.
    pub fn error(self, text: impl Into<String>) {
        toast::show(self.toasts, text.into(), true);
    }
}
