//! Work in the background: what comes after a commit, and what recurs.
//!
//! A transaction that causes work adds a job to the table `jobs` ([`enqueue`]), so neither commits without
//! the other. The [`Runner`] of each node looks for due jobs once a second, and at once after [`Jobs::wake`].
//! It leases a job with a conditional UPDATE, so one node runs it at a time, and extends the lease every 5 s
//! while the job runs. If the node dies, another one takes the job over when the lease ends after 30 s.
//!
//! All times in the table are of the clock of the database, and a runner measures its own lease from before
//! the statement that extends it. The clocks of the machines may therefore differ by any time.
//!
//! A clock that is set does no harm. Set ahead, it would end all waits at once, and delete sessions and rooms
//! before their time: for an hour, only jobs run that waited less than ten minutes. Set back, it would make jobs
//! wait until it has caught up: their waits begin anew, and leases that end too late are ended.
//!
//! A job runs at least once, and a crash may repeat it. So its effect is idempotent, or in steps each of which
//! can be repeated. A handler may be dropped at any of its awaits, when the lease is lost.
//!
//! A job that fails is retried after a wait that doubles from 1 s to 20 min, of which a random half is left
//! out. After 100 attempts, about a day, it is a dead letter, which stays until somebody retries or discards
//! it with `hallway jobs`. A recurring job waits at most for its period, and never becomes one.

mod clock_watch;
mod dead_letters;
mod entity;
mod queue;
mod runner;

pub use dead_letters::{JobState, ListedJob, discard, list, retry};
pub use entity::{Column, Entity, Model as Job};
pub use queue::{NewJob, cancel, enqueue};
pub use runner::{Jobs, Progress, Runner};
