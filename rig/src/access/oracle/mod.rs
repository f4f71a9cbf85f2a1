//! The oracle: knows who could have been allowed to see what, and when.

mod changes;
mod judge;
mod markers;
mod model;
mod rules;
#[cfg(test)]
mod tests;
mod timeline;

pub use changes::{Change, Draft};
pub use markers::{MarkerKind, Markers};
pub use model::{Observation, Oracle, Person, PersonId, Receipt, Secret, Violation};
pub use rules::Need;
pub use timeline::{Ending, Micros, Timeline, Window};
