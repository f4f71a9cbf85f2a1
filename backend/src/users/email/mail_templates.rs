//! The texts of mails. They contain nothing that a stranger wrote, such as the name of a new account:
//! otherwise anybody could send a text of their own to any address.

use serde::{Deserialize, Serialize};
use shared::{paths, users::EmailToken};

/// A mail to send.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingMail {
    /// The address of the recipient.
    pub to: String,
    pub subject: String,
    pub body: String,
}

/// The mail with the link that confirms an address. `origin` is the public URL without a path.
pub fn confirmation(to: String, server: &str, origin: &str, token: &EmailToken) -> OutgoingMail {
    // The token is in the fragment, which browsers do not send to servers.
    let link = format!("{origin}{}/confirm#{}", paths::UI, token.0);
    let body = format!(
        "Hello,\n\n\
         somebody, probably you, has created an account on {server} with this address.\n\n\
         To confirm it, open this link within 24 hours and enter the password of the account. Then you can \
         sign in:\n\n\
         {link}\n\n\
         If it wasn't you, ignore this mail. The account is deleted if nobody confirms it.\n"
    );
    OutgoingMail { to, subject: format!("Confirm your address for {server}"), body }
}

/// The mail to somebody who has an account with this address already.
pub fn account_exists(to: String, server: &str, origin: &str, username: &str) -> OutgoingMail {
    let body = format!(
        "Hello,\n\n\
         somebody, probably you, wanted to create an account on {server} with this address. You already \
         have one, so sign in with your username:\n\n\
         {username}\n\
         {origin}{}/login\n\n\
         If you forgot your password, ask an admin for a new one. If it wasn't you, ignore this mail.\n",
        paths::UI
    );
    OutgoingMail { to, subject: format!("You already have an account on {server}"), body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_in_the_fragment_of_the_link() {
        let token = EmailToken("c0ffee".into());
        let mail =
            confirmation("ada@example.org".into(), "Harbour", "https://chat.example.org", &token);
        assert!(mail.body.contains("\nhttps://chat.example.org/ui/confirm#c0ffee\n"));
        assert_eq!(mail.subject, "Confirm your address for Harbour");
    }
}
