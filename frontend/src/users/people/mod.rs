//! The card of a person, and the choice of people to write to.

mod direct_form;
mod people_dialog;
mod person_card;

pub use people_dialog::{PeopleDialog, PeopleDialogs, PeopleRequest};
