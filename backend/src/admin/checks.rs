//! What all lists of the administration check.

use shared::{problem::FieldError, rules};

use crate::{App, Error, Result, auth::Caller};

/// Counts a request of an admin; 429 if there are too many.
pub fn check_rate(app: &App, caller: &Caller) -> Result<()> {
    app.limits.administration.check(&caller.user.id, 1).map_err(Error::too_many)
}

/// The text of a filter; 422 if it has more than 255 characters, the length of the longest name.
pub fn check_q(q: Option<String>) -> Result<Option<String>> {
    const MAX: usize = rules::ROOM_NAME_MAX_CHARS;
    match q.as_deref().map_or(0, |q| q.chars().count()) {
        length if length > MAX => {
            let message = format!("must be at most {MAX} characters, but is {length}");
            Err(FieldError::new("q", message).into())
        }
        _ => Ok(q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty())),
    }
}

pub fn page_default() -> u64 {
    rules::PAGE_DEFAULT
}
