//! Accounts and rooms that a run creates before it begins.

use std::net::SocketAddr;

use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use shared::{ids::RoomId, users::User};

use crate::api::{Api, Session};

/// The password of every account that a run creates.
pub const PASSWORD: &str = "correct horse";
const CONCURRENT_REQUESTS: usize = 32;

/// An account that is signed in.
#[derive(Clone, Debug)]
pub struct Account {
    pub user: User,
    /// The session token, for `Authorization: Bearer ..`; valid at every node of a cluster.
    pub token: String,
}

impl Account {
    /// Creates an account and signs in. The server computes two password hashes.
    pub async fn register(api: &Api, node: SocketAddr, username: &str) -> Result<Self> {
        api.register(node, username, PASSWORD).await.required("registering")?;
        Self::sign_in(api, node, username, PASSWORD).await
    }

    pub async fn sign_in(
        api: &Api,
        node: SocketAddr,
        username: &str,
        password: &str,
    ) -> Result<Self> {
        let signed_in = api.sign_in(node, username, password).await.required("signing in")?;
        Ok(Self { user: signed_in.user, token: signed_in.token })
    }

    /// The session of this account, for requests to a node.
    pub fn session_at(&self, node: SocketAddr) -> Session<'_> {
        Session { node, token: &self.token }
    }
}

/// Creates rooms, each with the members that `members` returns for its index.
pub async fn create_rooms<'a>(
    api: &Api,
    admin: Session<'_>,
    prefix: &str,
    count: usize,
    members: impl Fn(usize) -> Vec<&'a Account>,
) -> Result<Vec<RoomId>> {
    let rooms = (0..count).map(|nth| (format!("{prefix} {}", nth + 1), members(nth)));
    let rooms = stream::iter(rooms).map(|(name, members)| async move {
        let room = api.create_room(admin, name).await.required("creating a room")?;
        for member in members {
            api.join(member.session_at(admin.node), room.id).await.required("joining a room")?;
        }
        Ok(room.id)
    });
    rooms.buffered(CONCURRENT_REQUESTS).try_collect().await
}
