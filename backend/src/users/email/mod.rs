//! Sign-up by e-mail domain, and the mails that it needs.
//!
//! The transaction that creates an account adds the mail as a job: so no crash loses a mail, and none is sent for
//! an account that was rolled back.
//!
//! What a stranger can see does not depend on whether an address has an account: either way a pending account
//! is created, which occupies its name, and a mail is sent. Only the mails differ.

mod confirmation;
mod mail_templates;
mod queue;
mod registered;
mod transport;

pub(super) use confirmation::{
    REMOVE_UNCONFIRMED, begin_confirmation, check_address, check_limits, confirm,
    remove_unconfirmed,
};
pub(super) use queue::{SEND_MAIL, send};
pub(super) use registered::Registered;
pub use transport::Transport as MailTransport;
