//! REST v1 and the live socket for each role.

mod accounts;
mod administration;
mod admission;
mod authentication;
mod conditional;
mod guessing;
mod input;
mod lists;
mod live;
mod messages;
mod names;
mod profiles;
pub mod revoked;
mod roles;
