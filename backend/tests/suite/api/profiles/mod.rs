//! Profiles: their fields, who sees them, and how changes reach others.

use serde_json::{Value, json};
use shared::{paths, users::User};

use crate::fixture::{Client, Fixture, Person};

mod delivery;
mod fields;
mod names;

/// Changes a profile.
async fn change(person: &Person, patch: Value) -> User {
    person.patch(paths::MY_PROFILE, patch).await.expect_json(200)
}

/// Gives somebody a display name.
async fn set_name(person: &Person, name: &str) -> User {
    change(person, json!({ "display_name": name })).await
}

fn account(person: &Person) -> String {
    paths::fill(paths::USER, &[&person.user.id])
}

/// The account of somebody, as another one sees it.
async fn seen_by(client: &Client, person: &Person) -> User {
    client.get(&account(person)).await.expect_json(200)
}

/// A member row of the room of the fixture.
async fn listed(fixture: &Fixture, person: &Person) -> Value {
    let list = fixture.admin.get(&fixture.path(paths::MEMBERS)).await.expect_status(200);
    let members = list["members"].as_array().unwrap();
    let id = json!(person.user.id);
    members.iter().find(|member| member["user"]["id"] == id).unwrap().clone()
}
