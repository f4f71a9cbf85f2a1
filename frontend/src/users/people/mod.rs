//! The card of a person, my profile, the choice of people to write to, and the list of blocked people.

mod blocked;
mod direct_form;
mod people_dialog;
mod person_card;
mod profile_form;

pub use blocked::BlockedDialog;
pub use people_dialog::{PeopleDialog, PeopleDialogs, PeopleRequest};
pub use profile_form::ProfileDialog;
