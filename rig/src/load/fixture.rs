//! The accounts and rooms of a load.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Result, ensure};
use shared::ids::RoomId;

use crate::{
    accounts::{Account, create_rooms},
    api::Api,
};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The number of accounts that subscribe, with many sockets each. More accounts would take longer
/// to create, because a password hash takes a tenth of a second.
const SUBSCRIBER_ACCOUNTS: usize = 10;
/// With at most this many rooms, the subscribers of a room use several accounts. With more rooms
/// they use one, because each account would be in all rooms, and sending the `welcome` with a
/// thousand rooms to thousands of sockets would be a load of its own.
const MIXED_ROOMS_MAX: usize = 100;
/// The number of accounts that subscribe to a room with at most [`MIXED_ROOMS_MAX`] rooms.
const MIXED_ACCOUNTS: usize = 4;

pub struct Fixture {
    pub rooms: Vec<RoomId>,
    /// The token of the account that sends; it is a member of every room.
    pub sender_token: String,
    subscriber_tokens: Vec<String>,
    /// The number of accounts that subscribe to one room.
    accounts_per_room: usize,
}

/// The login of an admin on a server that has accounts already.
#[derive(Clone, Debug)]
pub struct AdminLogin {
    username: String,
    password: String,
}

impl std::str::FromStr for AdminLogin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (username, password) = text.split_once(':').ok_or("must be NAME:PASSWORD")?;
        Ok(Self { username: username.into(), password: password.into() })
    }
}

impl Fixture {
    /// A fixture for a baseline, which checks neither accounts nor rooms.
    pub fn unchecked(rooms: usize) -> Self {
        Self {
            rooms: (1..=rooms as i64).map(RoomId).collect(),
            sender_token: "any".into(),
            subscriber_tokens: vec!["any".into()],
            accounts_per_room: 1,
        }
    }

    /// Creates accounts and rooms. Without `admin`, the server must have no accounts yet.
    pub async fn create(
        node: SocketAddr,
        rooms: usize,
        admin: Option<&AdminLogin>,
    ) -> Result<Self> {
        let api = Api::new(REQUEST_TIMEOUT)?;
        let prefix = format!("rig-{:08x}", fastrand::u32(..));
        let admin = match admin {
            Some(admin) => Account::sign_in(&api, node, &admin.username, &admin.password).await?,
            None => Account::register(&api, node, &format!("{prefix}-admin")).await?,
        };
        let name = &admin.user.username;
        ensure!(admin.user.is_admin, "{name} is no admin and cannot create rooms: use --admin");
        let sender = Account::register(&api, node, &format!("{prefix}-sender")).await?;
        let (accounts, accounts_per_room) = match rooms {
            0..=MIXED_ROOMS_MAX => (MIXED_ACCOUNTS, MIXED_ACCOUNTS),
            _ => (SUBSCRIBER_ACCOUNTS, 1),
        };
        let mut subscribers = Vec::new();
        for nth in 0..accounts {
            subscribers.push(Account::register(&api, node, &format!("{prefix}-{nth}")).await?);
        }
        let members = |room| {
            let nth = |nth| &subscribers[subscriber_index(room, nth, accounts_per_room, accounts)];
            (0..accounts_per_room).map(nth).chain([&sender]).collect()
        };
        let rooms = create_rooms(&api, admin.session_at(node), &prefix, rooms, members).await?;
        let subscriber_tokens = subscribers.into_iter().map(|account| account.token).collect();
        Ok(Self { rooms, sender_token: sender.token, subscriber_tokens, accounts_per_room })
    }

    /// The token of the `nth` subscriber of a room; `room` is an index into `rooms`.
    pub fn subscriber_token(&self, room: usize, nth: usize) -> &str {
        let accounts = self.subscriber_tokens.len();
        &self.subscriber_tokens[subscriber_index(room, nth, self.accounts_per_room, accounts)]
    }
}

fn subscriber_index(room: usize, nth: usize, accounts_per_room: usize, accounts: usize) -> usize {
    (room + nth % accounts_per_room) % accounts
}
