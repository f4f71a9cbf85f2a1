//! Sign-up by e-mail domain, and the mails that it needs.
//!
//! The transaction that creates an account adds the mail to the table `mails`, and a background task of each
//! node sends what is due: so no crash loses a mail, and none is sent for an account that was rolled back.
//!
//! What a stranger can see does not depend on whether an address has an account: either way a pending account
//! is created, which occupies its name, and a mail is sent. Only the mails differ.

mod confirmation;
mod mail_templates;
mod queue;
mod registered;
mod sender;
mod transport;

pub(super) use confirmation::{
    begin_confirmation, check_address, check_limits, confirm, remove_expired,
};
pub(super) use registered::Registered;
pub use sender::send_mails;
pub use transport::Transport as MailTransport;
