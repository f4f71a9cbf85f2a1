//! The page neither loses nor repeats typed text, and it repeats failed requests.

mod input;
mod keys;
mod reconnect;
mod suggestions;
mod unsent;
