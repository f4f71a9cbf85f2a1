//! The accounts and rooms of a workload.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Result, ensure};
use shared::ids::RoomId;

use crate::{
    accounts::{Account, create_rooms},
    api::Api,
};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Accounts and rooms, the same at all nodes of a cluster.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The admin, who created every room.
    pub admin: Account,
    /// The other accounts, members of every room. The last one is the guest, whom the workload
    /// removes from rooms now and then.
    pub users: Vec<Account>,
    /// The rooms. The last one is the quiet room, with few messages.
    pub rooms: Vec<RoomId>,
}

impl Fixture {
    /// Creates accounts and rooms through one node. Fails if the server has accounts already.
    pub async fn create(node: SocketAddr, users: usize, rooms: usize) -> Result<Self> {
        ensure!(users >= 2 && rooms >= 1, "a workload needs at least two users and one room");
        let api = Api::new(REQUEST_TIMEOUT)?;
        let admin = Account::register(&api, node, "admin").await?;
        ensure!(admin.user.is_admin, "the server has accounts already: the new one is no admin");
        let mut accounts = Vec::new();
        for nth in 1..=users {
            accounts.push(Account::register(&api, node, &format!("user{nth}")).await?);
        }
        let members = |_| accounts.iter().collect();
        let rooms = create_rooms(&api, admin.session_at(node), "Room", rooms, members).await?;
        Ok(Self { admin, users: accounts, rooms })
    }
}
