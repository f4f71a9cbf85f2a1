//! Accounts in an archive.

use shared::{admission::email::email_key, rules};

use super::super::lines::{Profile, User};
use crate::tables::{Stored, to_timestamp, users};

impl From<users::Model> for User {
    fn from(row: users::Model) -> Self {
        let profile = Profile::new(&row);
        let users::Model {
            id,
            username,
            username_key: _,
            username_fold: _,
            password_hash,
            rank: Stored(rank),
            is_disabled,
            is_pending,
            email,
            email_key,
            created_at,
            // No access outlives the import into another database.
            generation: _,
            display_name: _,
            display_key: _,
            display_fold: _,
            pronouns: _,
            status_emoji: _,
            status_text: _,
            status_until: _,
            // No change of a profile is left to publish.
            profile_rev: _,
            deleted_at,
        } = row;
        let created_at = to_timestamp(created_at);
        let is_admin = rank.is_admin();
        Self {
            id,
            username,
            password_hash,
            rank: Some(rank),
            is_admin,
            is_disabled,
            is_pending,
            email: email.filter(|_| email_key.is_some()),
            created_at,
            profile,
            deleted_at: deleted_at.map(to_timestamp),
            // In another table.
            deletes_messages: None,
        }
    }
}

impl From<User> for users::Model {
    fn from(line: User) -> Self {
        let rank = Stored(line.rank());
        let User {
            id, username, password_hash, is_disabled, is_pending, email, created_at, ..
        } = line;
        let email_key = email.as_deref().map(email_key);
        let profile = line.profile;
        let (username_key, username_fold) = match line.deleted_at {
            Some(_) => (users::Model::deleted_key(id), None),
            None => (rules::name_key(&username), users::Model::fold(&username)),
        };
        let created_at = created_at.timestamp_micros();
        profile.into_row(Self {
            id,
            username,
            username_key,
            username_fold,
            password_hash,
            rank,
            is_disabled,
            is_pending,
            email,
            email_key,
            created_at,
            generation: 0,
            display_name: None,
            display_key: None,
            display_fold: None,
            pronouns: None,
            status_emoji: None,
            status_text: None,
            status_until: None,
            // No room has published it, so an unfinished deletion goes through all of them again.
            profile_rev: i64::from(line.deletes_messages.is_some()),
            deleted_at: line.deleted_at.map(|at| at.timestamp_micros()),
        })
    }
}
