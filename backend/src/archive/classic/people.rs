//! Accounts of the classic chat, and those whom only its messages know.

use std::collections::{BTreeSet, HashMap};

use shared::Timestamp;

use super::{
    super::lines::User,
    names::{USERNAMES, settle},
    passwords,
    source::Person,
};
use crate::auth::UNUSABLE;

/// All of them, and who is whom.
pub struct People {
    /// By number.
    pub lines: Vec<User>,
    /// Who wrote what nobody is named as the author of.
    nobody: Option<i64>,
    by_id: HashMap<i64, usize>,
}

impl People {
    /// The accounts, and one for each author who has none (any more). `needed` if somebody must be
    /// there, whoever it is.
    pub fn new(
        rows: Vec<Person>,
        authors: &BTreeSet<Option<i64>>,
        needed: bool,
        notes: &mut Vec<String>,
    ) -> Self {
        let mut rows: Vec<Person> = rows;
        let known: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
        for id in authors.iter().flatten().filter(|id| !known.contains(id)) {
            notes.push(format!("user {id}: has messages and no account; a shut one was made"));
            rows.push(lost(*id, format!("unknown-{id}")));
        }
        rows.sort_by_key(|row| row.id);
        let next = rows.last().map_or(1, |row| row.id + 1);
        let nobody = (authors.contains(&None) || needed && rows.is_empty()).then_some(next);
        if let Some(id) = nobody {
            notes.push(format!("user {id}: a shut account made for what has no author"));
            rows.push(lost(id, "unknown".into()));
        }
        let given: Vec<_> = rows.iter().map(|row| (row.id, &*row.username)).collect();
        let mut names = settle(&USERNAMES, &given, notes);
        let mut name = |id| names.remove(&id).unwrap_or_default();
        let lines: Vec<User> = rows.iter().map(|row| account(row, name(row.id), notes)).collect();
        if !lines.iter().any(|line| line.is_admin && !line.is_disabled) {
            notes.push("nobody is an admin: make one by `hallway admin promote NAME`".into());
        }
        let by_id = lines.iter().enumerate().map(|(nth, line)| (line.id, nth)).collect();
        Self { lines, nobody, by_id }
    }

    pub fn get(&self, id: i64) -> Option<&User> {
        self.by_id.get(&id).map(|nth| &self.lines[*nth])
    }

    /// Whose number an author has.
    pub fn author(&self, id: Option<i64>) -> i64 {
        id.or(self.nobody).unwrap_or_default()
    }

    /// Whoever stands in for a creator who is not known: the first admin, or the first of all.
    pub fn first(&self) -> i64 {
        let admin = self.lines.iter().find(|line| line.is_admin && !line.is_disabled);
        admin.or(self.lines.first()).map_or(0, |line| line.id)
    }
}

fn lost(id: i64, username: String) -> Person {
    let password = UNUSABLE.into();
    Person { id, username, password, is_admin: false, is_active: false, joined: None }
}

fn account(row: &Person, username: String, notes: &mut Vec<String>) -> User {
    let password_hash = passwords::bring(&row.password).unwrap_or_else(|why| {
        let how = "until `hallway admin password NAME` gives another";
        notes.push(format!("user {}: {username:?} cannot sign in {how}: {why}", row.id));
        UNUSABLE.into()
    });
    User {
        id: row.id,
        username,
        password_hash,
        is_admin: row.is_admin,
        is_disabled: !row.is_active,
        created_at: row.joined.unwrap_or(Timestamp::UNIX_EPOCH),
    }
}
