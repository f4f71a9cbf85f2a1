//! The profile of an account in an archive, and the names that accounts must not share.

use std::collections::HashSet;

use shared::{problem::FieldError, rules};

use super::super::lines::Profile;
use crate::tables::{to_timestamp, users};

impl Profile {
    pub fn new(row: &users::Model) -> Self {
        Self {
            display_name: row.display_name.clone(),
            pronouns: row.pronouns.clone(),
            status_emoji: row.status_emoji.clone(),
            status_text: row.status_text.clone(),
            status_until: row.status_until.map(to_timestamp),
        }
    }

    /// The row of an account with this profile.
    pub fn into_row(self, row: users::Model) -> users::Model {
        users::Model {
            display_key: self.display_name.as_deref().map(rules::name_key),
            display_fold: self.display_name.as_deref().and_then(users::Model::fold),
            display_name: self.display_name,
            pronouns: self.pronouns,
            status_emoji: self.status_emoji,
            status_text: self.status_text,
            status_until: self.status_until.map(|until| until.timestamp_micros()),
            ..row
        }
    }
}

/// The keys of all usernames and display names, of which no two accounts may share one.
#[derive(Default)]
pub struct AccountNames(HashSet<String>);

impl AccountNames {
    /// Adds the names of an account.
    pub fn insert(&mut self, row: &users::Model) -> Result<(), FieldError> {
        let (username, display) = (&row.username_key, &row.display_key);
        let display = display.as_ref().filter(|key| *key != username);
        for (field, key) in [("username", Some(username)), ("display_name", display)] {
            if key.is_some_and(|key| !self.0.insert(key.clone())) {
                return Err(FieldError::new(field, "is the name of another account"));
            }
        }
        Ok(())
    }
}
