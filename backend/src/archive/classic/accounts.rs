//! The accounts of the classic chat, and placeholders for authors whose account is missing.

use std::collections::{BTreeSet, HashMap};

use shared::{Timestamp, rules};

use super::{
    super::lines::{Profile, User},
    names::{USERNAMES, assign_names},
    passwords,
    source::{ADMIN_FLAGS, Account},
};
use crate::auth::UNUSABLE;

pub struct Accounts {
    /// Ordered by id.
    pub lines: Vec<User>,
    /// The id of the placeholder for messages without an author.
    unknown_author: Option<i64>,
    /// The index in `lines` by account id.
    index_by_id: HashMap<i64, usize>,
    /// The account ids by username key.
    pub id_by_key: HashMap<String, i64>,
}

impl Accounts {
    /// Adds a disabled placeholder for each author without an account, and one for messages without an
    /// author. With `is_required` also adds one if there is no account at all.
    pub fn new(
        mut rows: Vec<Account>,
        authors: &BTreeSet<Option<i64>>,
        is_required: bool,
        notes: &mut Vec<String>,
    ) -> Self {
        let existing: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
        for id in authors.iter().flatten().filter(|id| !existing.contains(id)) {
            notes.push(format!("user {id}: has messages but no account; created a disabled one"));
            rows.push(placeholder(*id, format!("unknown-{id}")));
        }
        rows.sort_by_key(|row| row.id);
        let next_id = rows.last().map_or(1, |row| row.id + 1);
        let unknown_author =
            (authors.contains(&None) || is_required && rows.is_empty()).then_some(next_id);
        if let Some(id) = unknown_author {
            notes.push(format!(
                "user {id}: created as a disabled account for messages and rooms without an author"
            ));
            rows.push(placeholder(id, "unknown".into()));
        }
        let usernames: Vec<_> = rows.iter().map(|row| (row.id, &*row.username)).collect();
        let mut names = assign_names(&USERNAMES, &usernames, notes);
        let mut name = |id| names.remove(&id).unwrap_or_default();
        let lines: Vec<User> = rows.iter().map(|row| to_line(row, name(row.id), notes)).collect();
        if !lines.iter().any(|line| line.is_admin && !line.is_disabled) {
            notes.push(
                "no account is an admin: name an owner with `hallway admin owner NAME`".into(),
            );
        }
        let index_by_id = lines.iter().enumerate().map(|(index, line)| (line.id, index)).collect();
        let id_by_key =
            lines.iter().map(|line| (rules::name_key(&line.username), line.id)).collect();
        Self { lines, unknown_author, index_by_id, id_by_key }
    }

    pub fn get(&self, id: i64) -> Option<&User> {
        self.index_by_id.get(&id).map(|index| &self.lines[*index])
    }

    /// The account id of an author; that of the placeholder for none.
    pub fn author(&self, id: Option<i64>) -> i64 {
        id.or(self.unknown_author).unwrap_or_default()
    }

    /// The creator of rooms whose creator is unknown: the first enabled admin, or else the first account.
    pub fn default_creator(&self) -> i64 {
        let admin = self.lines.iter().find(|line| line.is_admin && !line.is_disabled);
        admin.or(self.lines.first()).map_or(0, |line| line.id)
    }
}

fn placeholder(id: i64, username: String) -> Account {
    let password = UNUSABLE.into();
    Account { id, username, password, admin_flags: [None; 3], is_active: false, joined: None }
}

fn to_line(row: &Account, username: String, notes: &mut Vec<String>) -> User {
    let password_hash = passwords::convert(&row.password).unwrap_or_else(|reason| {
        let until = "until `hallway admin password NAME` sets a new password";
        notes.push(format!("user {}: {username:?} cannot sign in {until}: {reason}", row.id));
        UNUSABLE.into()
    });
    let is_admin = is_admin(row, &username, notes);
    User {
        id: row.id,
        username,
        password_hash,
        // The first enabled admin becomes the owner.
        rank: None,
        is_admin,
        is_disabled: !row.is_active,
        is_pending: false,
        email: None,
        created_at: row.joined.unwrap_or(Timestamp::UNIX_EPOCH),
        profile: Profile::default(),
        deleted_at: None,
        deletes_messages: None,
    }
}

/// Whether an account has any of the flags of admins: each of them let it administer some version of the
/// classic chat. Adds a note if the flags differ.
fn is_admin(row: &Account, username: &str, notes: &mut Vec<String>) -> bool {
    let flags = ADMIN_FLAGS.iter().zip(row.admin_flags);
    let (set, unset): (Vec<_>, Vec<_>) =
        flags.filter_map(|(name, flag)| Some((*name, flag?))).partition(|(_, is_set)| *is_set);
    if !set.is_empty() && !unset.is_empty() {
        let names = |flags: &[(&str, bool)]| {
            flags.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and ")
        };
        notes.push(format!(
            "user {}: {username:?} is an admin because of {}, although it lacks {}",
            row.id,
            names(&set),
            names(&unset)
        ));
    }
    !set.is_empty()
}
