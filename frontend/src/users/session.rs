//! Who is signed in on this page.

use leptos::prelude::*;
use shared::users::User;

use crate::{api, ui::storage};

/// Tells the other tabs of this browser that the account has changed.
const ACCOUNT_KEY: &str = "hallway.account";

/// What is known about who is here.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// Not asked yet.
    Unknown,
    /// The server does not answer.
    Unreachable,
    /// Nobody is signed in.
    Nobody,
    /// This person.
    Somebody(User),
}

/// Who is here, and what to tell them on the login page.
#[derive(Clone, Copy)]
pub struct Session {
    pub who: RwSignal<Who>,
    pub notice: RwSignal<Option<&'static str>>,
}

impl Session {
    pub fn new() -> Self {
        Self { who: RwSignal::new(Who::Unknown), notice: RwSignal::new(None) }
    }

    /// What the server says at the start of the page.
    pub fn answered(self, answer: api::Result<User>) {
        self.who.set(match answer {
            Ok(user) => Who::Somebody(user),
            Err(failure) if failure.is_unauthenticated() => Who::Nobody,
            Err(_) => Who::Unreachable,
        });
    }

    /// Somebody signed in here.
    pub fn began(self, user: User) {
        storage::set(ACCOUNT_KEY, &user.id.to_string());
        self.notice.set(None);
        self.who.set(Who::Somebody(user));
    }

    /// Signed out here.
    pub fn ended(self) {
        storage::set(ACCOUNT_KEY, "");
        self.notice.set(Some("You are signed out."));
        self.who.set(Who::Nobody);
    }

    /// Signed out on another device, or by an admin.
    pub fn ended_elsewhere(self) {
        self.notice.set(Some("Your session has ended. Sign in again; what you wrote is kept."));
        self.who.set(Who::Nobody);
    }

    /// My account is another now (made an admin, say).
    pub fn changed(self, user: User) {
        let new = Who::Somebody(user);
        if self.who.with_untracked(|who| *who != new) {
            self.who.set(new);
        }
    }

    /// Me, if I am signed in.
    pub fn me(self) -> Option<User> {
        self.who.with(|who| match who {
            Who::Somebody(user) => Some(user.clone()),
            _ => None,
        })
    }

    /// The same, without subscribing to it.
    pub fn me_untracked(self) -> Option<User> {
        untrack(|| self.me())
    }

    /// Whether I manage rooms and people.
    pub fn is_admin(self) -> bool {
        self.who.with(|who| matches!(who, Who::Somebody(user) if user.is_admin))
    }
}

/// What another tab of this browser did about who is signed in holds for this one, too.
pub fn follow_other_tabs(session: Session) {
    let handle = window_event_listener(leptos::ev::storage, move |event| {
        if event.key().as_deref() != Some(ACCOUNT_KEY) {
            return;
        }
        let mine = session.me_untracked().map(|me| me.id.to_string()).unwrap_or_default();
        match event.new_value().unwrap_or_default() {
            theirs if theirs == mine => {}
            none if none.is_empty() => session.ended_elsewhere(),
            // Nothing that this page holds is that person's.
            _ => drop(window().location().reload()),
        }
    });
    on_cleanup(move || handle.remove());
}
