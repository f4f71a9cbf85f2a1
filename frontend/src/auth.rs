//! The account that is signed in on this page.

use leptos::prelude::*;
use shared::{access::Rank, users::User};

use crate::{api, ui::storage};

/// The localStorage key of the id of the signed-in account. The other tabs of this browser react to
/// a change of it.
const ACCOUNT_KEY: &str = "hallway.account";

#[derive(Clone, Debug, PartialEq)]
pub enum AuthState {
    /// The account has not been loaded yet.
    Unknown,
    /// The server does not respond.
    Unreachable,
    SignedOut,
    SignedIn(User),
}

/// The signed-in account, a notice for the login page, and whether there is any account.
#[derive(Clone, Copy)]
pub struct Auth {
    pub state: RwSignal<AuthState>,
    pub notice: RwSignal<Option<&'static str>>,
    /// False on a server without accounts.
    pub is_set_up: RwSignal<bool>,
}

impl Auth {
    pub fn new() -> Self {
        Self {
            state: RwSignal::new(AuthState::Unknown),
            notice: RwSignal::new(None),
            is_set_up: RwSignal::new(true),
        }
    }

    /// Sets the state from the server's response to the request for the account.
    pub fn load(self, me: api::Result<User>) {
        self.state.set(match me {
            Ok(user) => {
                // For the requests that index.html starts next time.
                storage::set(ACCOUNT_KEY, &user.id.to_string());
                AuthState::SignedIn(user)
            }
            Err(error) if error.is_unauthenticated() => AuthState::SignedOut,
            Err(_) => AuthState::Unreachable,
        });
    }

    pub fn sign_in(self, user: User) {
        storage::set(ACCOUNT_KEY, &user.id.to_string());
        self.notice.set(None);
        self.state.set(AuthState::SignedIn(user));
    }

    pub fn sign_out(self) {
        storage::set(ACCOUNT_KEY, "");
        self.notice.set(Some("You've signed out."));
        self.state.set(AuthState::SignedOut);
    }

    /// Signs this page out because the account was deleted.
    pub fn forget_deleted(self) {
        storage::set(ACCOUNT_KEY, "");
        self.notice.set(Some("Your account was deleted."));
        self.state.set(AuthState::SignedOut);
    }

    /// Signs this page out because another device or an admin ended its session.
    pub fn end_session(self) {
        self.notice.set(Some("Your session has ended. Sign in again; your drafts are saved."));
        self.state.set(AuthState::SignedOut);
    }

    /// Updates my account, for example after I became an admin.
    pub fn update(self, user: User) {
        let new = AuthState::SignedIn(user);
        if self.state.with_untracked(|state| *state != new) {
            self.state.set(new);
        }
    }

    pub fn me(self) -> Option<User> {
        self.state.with(|state| match state {
            AuthState::SignedIn(user) => Some(user.clone()),
            _ => None,
        })
    }

    pub fn me_untracked(self) -> Option<User> {
        untrack(|| self.me())
    }

    /// My rank; the lowest one while nobody is signed in.
    pub fn rank(self) -> Rank {
        self.state.with(|state| match state {
            AuthState::SignedIn(user) => user.rank,
            _ => Rank::Guest,
        })
    }

    pub fn is_admin(self) -> bool {
        self.rank().is_admin()
    }

    /// Whether I may create rooms at all: private ones.
    pub fn may_create_rooms(self) -> bool {
        self.rank() >= Rank::Member
    }

    /// Whether I may create rooms that everybody finds.
    pub fn may_create_open_rooms(self) -> bool {
        self.rank().is_admin()
    }
}

/// Signs this tab out, or reloads it, when another tab of this browser changes the account.
pub fn follow_other_tabs(auth: Auth) {
    let listener = window_event_listener(leptos::ev::storage, move |event| {
        if event.key().as_deref() != Some(ACCOUNT_KEY) {
            return;
        }
        let mine = auth.me_untracked().map(|me| me.id.to_string()).unwrap_or_default();
        match event.new_value().unwrap_or_default() {
            theirs if theirs == mine => {}
            none if none.is_empty() => {
                auth.notice.set(Some("You've signed out in another tab."));
                auth.state.set(AuthState::SignedOut);
            }
            // Everything in memory belongs to another account.
            _ => drop(window().location().reload()),
        }
    });
    on_cleanup(move || listener.remove());
}
