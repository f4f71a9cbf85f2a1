//! Signing in, creating an account, and the settings of the account.

mod account_form;
mod account_menu;
mod auth_page;
mod deletion;
mod email;
mod invitation_page;
mod login;
mod password;
mod people;
mod register;
mod sessions;
mod set_up;
mod shortcuts;

pub use account_menu::AccountMenu;
pub use auth_page::{can_return_to, with_next};
pub use login::{LoginPage, login_page};
pub use people::{PeopleDialog, PeopleDialogs, PeopleRequest};
pub use register::RegisterPage;
pub use shortcuts::ShortcutsDialog;
