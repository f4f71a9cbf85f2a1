//! The message load: sends messages on a schedule or as fast as replies come, and checks every
//! delivery.

use std::{fmt, time::Duration};

use anyhow::Result;

mod driver;
mod load_result;
mod progress;

use driver::Driver;
pub use driver::Pacing;
pub use load_result::{Latency, LoadResult, ResourceUse};

use super::{
    client::{CONCURRENT_CONNECTS, ClientPool, Role},
    setup::Setup,
};
use crate::services::raise_file_limit;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(120);
/// Open files besides the sockets.
const OTHER_FILES: usize = 200;

/// The parameters of a message load.
#[derive(Clone, Copy, Debug)]
pub struct LoadSpec {
    /// The number of rooms. Messages go to the rooms in turn.
    pub rooms: usize,
    /// The number of subscribers of each room, each with a socket.
    pub subscribers: usize,
    /// The number of sockets that send.
    pub senders: usize,
    pub pacing: Pacing,
    /// The length of a message, in bytes.
    pub text_bytes: usize,
    pub warm_up: Duration,
    pub measured: Duration,
}

impl fmt::Display for LoadSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}, ", self.rooms, self.subscribers)?;
        match self.pacing {
            Pacing::Open(rate) => write!(f, "{rate:.0} sends/s"),
            Pacing::Closed { window, until_delivered: false } => write!(f, "{window} in flight"),
            Pacing::Closed { window, until_delivered: true } => {
                write!(f, "{window} in flight until delivered")
            }
        }
    }
}

impl LoadSpec {
    /// Opens the sockets and runs the load.
    pub fn run(&self, setup: &Setup) -> Result<LoadResult> {
        let (fixture, senders) = (&setup.fixture, self.senders);
        let sockets = self.rooms * self.subscribers + senders;
        raise_file_limit(sockets + OTHER_FILES)?;
        eprintln!("{}: {self}, {sockets} sockets", setup.name);
        let mut pool = ClientPool::new(setup.address)?;
        let rooms = fixture.rooms.iter().take(self.rooms).enumerate();
        let subscribers = rooms.flat_map(|(nth, room)| {
            let subscriber =
                move |of_room| (fixture.subscriber_token(nth, of_room), Role::subscriber(*room));
            (0..self.subscribers).map(subscriber)
        });
        let sending = (0..senders).map(|_| (fixture.sender_token.as_str(), Role::Sender));
        pool.open(subscribers.chain(sending).collect(), CONCURRENT_CONNECTS, CONNECT_TIMEOUT)?;
        let driver = Driver::new(self, setup, &mut pool, sockets - senders..sockets);
        driver.run()
    }
}
