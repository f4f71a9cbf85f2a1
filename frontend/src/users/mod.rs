//! People: signing in and up, and one's own account.

mod account_menu;
mod auth_page;
mod login;
mod password;
mod register;
pub mod session;
mod sessions;

pub use account_menu::AccountMenu;
pub use auth_page::{is_page, with};
pub use login::Login;
pub use register::RegisterPage;
