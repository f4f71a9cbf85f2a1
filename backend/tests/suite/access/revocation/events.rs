//! The revocations of the table, and what each means for a credential.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{ids::RoomId, paths};

use super::{
    access::Credential,
    world::{Victim, World},
};
use crate::fixture::PASSWORD;

/// A revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    SessionExpired,
    SignOutHere,
    SignOutElsewhere,
    PasswordBySelf,
    PasswordByCommandLine,
    Disable,
    DeletedBySelf,
    DeletedByAdmin,
    DeletedByCommandLine,
    Demote,
    Leave,
    Removal,
    /// The room becomes private, which changes nothing for its members.
    MadePrivate,
    RemovedFromPrivate,
    /// The account becomes a guest: it keeps its rooms, and no longer sees others.
    MadeGuest,
    RoomDeleted,
}

/// The deletion of the room is last, because all events share the room, which is private from
/// [`Event::MadePrivate`] on.
pub const EVENTS: [Event; 16] = [
    Event::SessionExpired,
    Event::SignOutHere,
    Event::SignOutElsewhere,
    Event::PasswordBySelf,
    Event::PasswordByCommandLine,
    Event::Disable,
    Event::DeletedBySelf,
    Event::DeletedByAdmin,
    Event::DeletedByCommandLine,
    Event::Demote,
    Event::Leave,
    Event::Removal,
    Event::MadePrivate,
    Event::RemovedFromPrivate,
    Event::MadeGuest,
    Event::RoomDeleted,
];

/// The effect of an event on a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    SignedOut,
    /// Signed in, without access to the room.
    NotAMember,
    /// Signed in, without access to the room, which does not exist for them.
    NoSuchRoom,
    /// Signed in, without the rights of an admin.
    NotAnAdmin,
    /// Signed in, and in the room, without sight of others.
    Guest,
    /// Nothing.
    Unaffected,
}

impl Event {
    /// The lifetime of the sessions that expire: enough to open everything before.
    pub const EXPIRES_AFTER: Duration = Duration::from_secs(12);

    pub fn expected(self, credential: Credential) -> Expected {
        let has_session = credential != Credential::Basic;
        match self {
            Self::SessionExpired | Self::SignOutHere | Self::SignOutElsewhere if !has_session => {
                Expected::Unaffected
            }
            // The session that changes the password.
            Self::PasswordBySelf if credential == Credential::Bearer => Expected::Unaffected,
            Self::Leave | Self::Removal => Expected::NotAMember,
            Self::RemovedFromPrivate | Self::RoomDeleted => Expected::NoSuchRoom,
            Self::MadePrivate => Expected::Unaffected,
            Self::MadeGuest => Expected::Guest,
            Self::Demote => Expected::NotAnAdmin,
            _ => Expected::SignedOut,
        }
    }

    /// Revokes, on the first node.
    pub async fn trigger(self, world: &World, room: RoomId, victim: &Victim) {
        let (first, admin, id) = (&world.first, world.admin(), victim.person.user.id);
        let account = paths::fill(paths::USER, &[&id]);
        match self {
            Self::SessionExpired => {
                tokio::time::sleep(victim.until_expiry()).await;
            }
            Self::SignOutHere => {
                for access in victim.accesses.iter().filter(|access| access.session.is_some()) {
                    let path = "/api/v1/sessions/current";
                    assert_eq!(access.call(first, "DELETE", path).await, 204);
                }
            }
            Self::SignOutElsewhere => {
                for session in victim.accesses.iter().filter_map(|access| access.session) {
                    let path = format!("/api/v1/sessions/{session}");
                    victim.person.delete(&path).await.expect_status(204);
                }
            }
            Self::PasswordBySelf => {
                let request = json!({"current_password": PASSWORD, "password": "battery staple"});
                let bearer = victim.access(Credential::Bearer);
                let (name, value) = &bearer.header;
                let request = first.request("PATCH", paths::ME).header(*name, value).json(&request);
                crate::fixture::Response::fetch(request).await.expect_status(200);
            }
            Self::PasswordByCommandLine => {
                world.run(&["admin", "password", &victim.person.user.username]).await;
            }
            Self::Disable => {
                admin.patch(&account, json!({"is_disabled": true})).await.expect_status(200);
            }
            Self::DeletedBySelf => {
                let request = json!({"password": PASSWORD, "messages": "keep"});
                victim.person.call("DELETE", paths::ME, request).await.expect_status(204);
            }
            Self::DeletedByAdmin => {
                let request = json!({"messages": "keep"});
                admin.call("DELETE", &account, request).await.expect_status(204);
            }
            Self::DeletedByCommandLine => {
                world.run(&["admin", "delete", &victim.person.user.username]).await;
            }
            Self::Demote => {
                admin.patch(&account, json!({"is_admin": false})).await.expect_status(200);
            }
            Self::Leave => {
                let membership = paths::fill(paths::MEMBERSHIP, &[&room]);
                victim.person.delete(&membership).await.expect_status(204);
            }
            Self::MadePrivate => {
                let path = paths::fill(paths::ROOM, &[&room]);
                admin.patch(&path, json!({"kind": "private"})).await.expect_status(200);
            }
            Self::MadeGuest => {
                admin.patch(&account, json!({"rank": "guest"})).await.expect_status(200);
            }
            Self::Removal | Self::RemovedFromPrivate => {
                admin.delete(&paths::fill(paths::MEMBER, &[&room, &id])).await.expect_status(204);
            }
            Self::RoomDeleted => {
                let path = paths::fill(paths::ROOM, &[&room]);
                admin.call("DELETE", &path, Value::Null).await.expect_status(204);
            }
        }
    }
}
