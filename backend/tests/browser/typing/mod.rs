//! What is typed is neither lost nor sent twice, and what fails is loaded again.

mod input;
mod reconnect;
mod unsent;
