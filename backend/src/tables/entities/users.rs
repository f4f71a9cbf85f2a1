//! Accounts.

use sea_orm::{entity::prelude::*, sea_query::ExprTrait};
use shared::{
    access::Rank,
    rules::name_key,
    unicode::fold_name,
    users::{Status, User, UserRef},
};

use crate::tables::{
    database::contains_ignoring_case,
    stored::Stored,
    timestamps::{now, to_timestamp},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub username: String,
    pub username_key: String,
    /// The username as [`fold_name`] folds it; null if that is the `username_key`.
    pub username_fold: Option<String>,
    pub password_hash: String,
    #[sea_orm(column_name = "server_rank")]
    pub rank: Stored<Rank>,
    pub is_disabled: bool,
    /// Whether the account waits until an admin approves it, or until its address is confirmed.
    pub is_pending: bool,
    /// The e-mail address with which the account was created, confirmed or not.
    pub email: Option<String>,
    /// The address in lower case once it is confirmed; unique.
    pub email_key: Option<String>,
    pub created_at: i64,
    /// Incremented by everything that ends all access of the account: a new password, disabling or
    /// enabling it. Access of an older generation is over.
    pub generation: i64,
    pub display_name: Option<String>,
    /// The display name as [`shared::rules::name_key`] folds it; unique.
    pub display_key: Option<String>,
    /// The display name as [`fold_name`] folds it; null if that is the `display_key`.
    pub display_fold: Option<String>,
    pub pronouns: Option<String>,
    pub status_emoji: Option<String>,
    pub status_text: Option<String>,
    pub status_until: Option<i64>,
    /// Incremented by each change of what rooms show of the account: the display name, and the deletion.
    pub profile_rev: i64,
    /// When the account was deleted. The row stays, because messages have an author; it is disabled, and
    /// its name and its password are gone.
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whether the username or the display name of an account contains a text that
/// [`shared::rules::name_key`] folded.
pub fn name_contains(q: &str) -> Expr {
    let in_username = contains_ignoring_case(Column::UsernameKey, q);
    in_username.or(contains_ignoring_case(Column::DisplayKey, q))
}

impl Model {
    /// Whether the account can sign in.
    pub fn is_active(&self) -> bool {
        !self.is_disabled && !self.is_pending
    }

    /// Folds a name for the comparison with others; `None` if the result is the key of the name, which is stored
    /// in a column of its own.
    pub fn fold(name: &str) -> Option<String> {
        let folded = fold_name(name);
        (folded != name_key(name)).then_some(folded)
    }

    /// The `username_key` of a deleted account: no account can have this name, because names have no colon.
    pub fn deleted_key(id: i64) -> String {
        format!(":deleted:{id}")
    }

    /// The address to show: not one that nobody confirmed, of an account that an admin approved.
    pub fn shown_email(&self) -> Option<&str> {
        let is_shown = self.is_pending || self.email_key.is_some();
        self.email.as_deref().filter(|_| is_shown)
    }

    /// The short form in messages and memberships.
    pub fn to_ref(&self) -> UserRef {
        UserRef {
            id: self.id.into(),
            username: self.username.clone(),
            display_name: self.display_name.clone(),
        }
    }

    /// The status, unless there is none or its time is over.
    pub fn status(&self, now: i64) -> Option<Status> {
        let (emoji, text) = (self.status_emoji.clone(), self.status_text.clone());
        let is_over = self.status_until.is_some_and(|until| until <= now);
        let until = self.status_until.map(to_timestamp);
        (!is_over && (emoji.is_some() || text.is_some())).then_some(Status { emoji, text, until })
    }
}

impl From<Model> for User {
    fn from(row: Model) -> Self {
        let email = row.shown_email().map(ToOwned::to_owned);
        Self {
            status: row.status(now()),
            id: row.id.into(),
            username: row.username,
            display_name: row.display_name,
            pronouns: row.pronouns,
            rank: row.rank.0,
            is_admin: row.rank.0.is_admin(),
            is_disabled: row.is_disabled,
            is_pending: row.is_pending,
            is_deleted: row.deleted_at.is_some(),
            email,
            created_at: to_timestamp(row.created_at),
        }
    }
}
