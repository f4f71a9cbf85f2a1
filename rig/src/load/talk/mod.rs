//! People who talk: messages are sent by a schedule or as fast as they are answered, and every
//! delivery is looked at.

use std::{fmt, time::Duration};

use anyhow::Result;

mod drive;
mod figures;
mod progress;
mod prose;
mod words;

use drive::Drive;
pub use drive::Pace;
pub use figures::{Figures, Latency, Taken};
pub use prose::Prose;
#[cfg(test)]
pub use words::Words;

use super::{
    client::{AT_ONCE, Crowd, Role, tally::Follow},
    ground::{Ground, resources::raise_file_limit},
};

/// What thousands of sockets may take to come in.
const OPEN_WITHIN: Duration = Duration::from_secs(120);
/// Files that are open besides sockets.
const OTHER_FILES: usize = 200;

/// A load.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Rooms, spoken to in turn.
    pub rooms: usize,
    /// Subscribers of each, on a socket each.
    pub subscribers: usize,
    /// Sockets that send.
    pub speakers: usize,
    /// When messages are sent.
    pub pace: Pace,
    /// Length of a text, in bytes.
    pub bytes: usize,
    /// How long before the measuring begins.
    pub warm_up: Duration,
    /// How long it is measured.
    pub measured: Duration,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}, ", self.rooms, self.subscribers)?;
        match self.pace {
            Pace::Open(rate) => write!(f, "{rate:.0} sends/s"),
            Pace::Closed { window, is_whole: false } => write!(f, "{window} in flight"),
            Pace::Closed { window, is_whole: true } => {
                write!(f, "{window} in flight until delivered")
            }
        }
    }
}

impl Shape {
    /// Opens the sockets and runs the load.
    pub fn run(&self, ground: &Ground) -> Result<Figures> {
        let (stage, subscribers, speakers) = (&ground.stage, self.subscribers, self.speakers);
        let sockets = self.rooms * subscribers + speakers;
        raise_file_limit(sockets + OTHER_FILES)?;
        eprintln!("{}: {self}, {sockets} sockets", ground.name);
        let mut crowd = Crowd::new(ground.target.address)?;
        let rooms = stage.rooms.iter().take(self.rooms).enumerate();
        let listeners = rooms.flat_map(|(nth, room)| {
            (0..subscribers).map(move |nth_in| {
                let role = Role::Subscriber { room: *room, follow: Follow::default() };
                (stage.listener(nth, nth_in), role)
            })
        });
        let speaking = (0..speakers).map(|_| (stage.speaker.as_str(), Role::Speaker));
        crowd.open(listeners.chain(speaking).collect(), AT_ONCE, OPEN_WITHIN)?;
        let drive = Drive {
            target: &ground.target,
            crowd: &mut crowd,
            speakers: sockets - speakers..sockets,
            rooms: &stage.rooms[..self.rooms],
            subscribers,
            pace: self.pace,
            bytes: self.bytes,
        };
        let figures = drive.run(self.warm_up, self.measured)?;
        Ok(Figures { target: ground.name.into(), load: self.to_string(), ..figures })
    }
}
