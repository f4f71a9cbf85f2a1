//! The connection to the mail server.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use shared::problem::Code;
use url::Url;

use super::mail_templates::OutgoingMail;
use crate::{Error, Result, settings::MailSettings};

/// How long one step of the protocol may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
const URL_FORM: &str = "must be smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST";

/// Sends mails to one server as one sender.
pub struct Transport {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Transport {
    /// Opens no connection yet. `None` without a mail server; fails with a sentence that names the setting.
    pub fn open(settings: &MailSettings) -> Result<Option<Self>> {
        let (url, from) = match settings.smtp() {
            (None, None) => return Ok(None),
            (Some(url), Some(from)) => (url, from),
            (Some(_), None) => {
                return invalid("HALLWAY_SMTP_FROM is missing, which HALLWAY_SMTP_URL needs");
            }
            (None, Some(_)) => {
                return invalid("HALLWAY_SMTP_URL is missing, which HALLWAY_SMTP_FROM needs");
            }
        };
        let from = from.trim().parse::<Mailbox>().or_else(|error| {
            let form = "must be an address such as Hallway <chat@example.org>";
            invalid(format!("HALLWAY_SMTP_FROM {form}: {error}"))
        })?;
        // No message contains the URL, because it has the password.
        let url = connection_url(url.trim())
            .or_else(|message| invalid(format!("HALLWAY_SMTP_URL {message}")))?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .or_else(|_| invalid(format!("HALLWAY_SMTP_URL {URL_FORM}")))?;
        Ok(Some(Self { smtp: builder.timeout(Some(STEP_TIMEOUT)).build(), from }))
    }

    /// Sends a mail with an id that is unique; fails with the reason, for the log.
    pub async fn send(&self, id: &str, mail: &OutgoingMail) -> Result<(), String> {
        let message = self.to_message(id, mail).map_err(|error| error.to_string())?;
        let sent = self.smtp.send(message).await;
        // The text of a response may repeat an address or the link, so the log gets only its code.
        sent.map(drop).map_err(|error| match error.status() {
            Some(code) => format!("the mail server answered {code}"),
            None => describe(&error),
        })
    }

    fn to_message(&self, id: &str, mail: &OutgoingMail) -> anyhow::Result<Message> {
        let id = format!("<{id}@{}>", self.from.email.domain());
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, mail.to.parse()?))
            .subject(&*mail.subject)
            .message_id(Some(id))
            .singlepart(SinglePart::plain(mail.body.clone()))?;
        // Keeps programs that answer mails from answering this one (RFC 3834).
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        Ok(message)
    }
}

/// An error with its causes, such as that of a refused connection.
fn describe(error: &dyn std::error::Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::new(Code::Internal, message))
}

/// Our form of the URL in that of lettre, which does not encrypt `smtp://` unless the URL says so.
fn connection_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| format!("{URL_FORM}: {error}"))?;
    if url.host_str().is_none_or(str::is_empty) || !matches!(url.path(), "" | "/") {
        return Err(URL_FORM.to_owned());
    }
    let has_password = url.password().is_some_and(|password| !password.is_empty());
    if has_password == url.username().is_empty() {
        return Err("must have a user name and a password, or neither".to_owned());
    }
    match (url.scheme(), url.query()) {
        ("smtps", None) => (),
        ("smtp", None) => url.set_query(Some("tls=required")),
        ("smtp", Some("tls=none")) if has_password => {
            return Err("must not have a password with tls=none: others could read it".to_owned());
        }
        ("smtp", Some("tls=none")) => url.set_query(None),
        _ => return Err(URL_FORM.to_owned()),
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;

    fn settings(url: Option<&str>, from: Option<&str>) -> MailSettings {
        MailSettings {
            smtp_url: url.map(|url| Secret(url.to_owned())),
            smtp_from: from.map(ToOwned::to_owned),
            mails_per_hour: 3,
        }
    }

    const FROM: Option<&str> = Some("Hallway <chat@example.org>");

    #[test]
    fn both_settings_are_given_or_neither() {
        let url = Some("smtp://ada:s3cret@mail.example.org:587");
        assert!(Transport::open(&settings(None, None)).unwrap().is_none());
        assert!(Transport::open(&settings(Some(" "), Some(""))).unwrap().is_none());
        assert!(Transport::open(&settings(url, FROM)).unwrap().is_some());
        for (url, from, name) in
            [(url, None, "HALLWAY_SMTP_FROM"), (None, FROM, "HALLWAY_SMTP_URL")]
        {
            let error = Transport::open(&settings(url, from)).err().unwrap().to_string();
            assert!(error.starts_with(&format!("{name} is missing")), "{error}");
        }
    }

    #[test]
    fn an_invalid_url_is_not_repeated() {
        for url in [
            "mail.example.org",
            "http://ada:s3cret@mail.example.org",
            "smtp://ada:s3cret@",
            "smtp://ada:s3cret@mail.example.org?tls=none",
            "smtp://ada:s3cret@mail.example.org?tls=opportunistic",
            "smtp://:s3cret@mail.example.org",
            "smtps://ada@mail.example.org",
            "smtp://ada:s3cret@mail.example.org:99999",
            "smtp://ada:s3cret@mail.example.org/path",
        ] {
            let error = Transport::open(&settings(Some(url), FROM)).err().unwrap().to_string();
            assert!(error.starts_with("HALLWAY_SMTP_URL must"), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        let error = Transport::open(&settings(Some("smtp://mail.example.org"), Some("Hallway")));
        assert!(error.err().unwrap().to_string().starts_with("HALLWAY_SMTP_FROM must"));
    }

    #[test]
    fn a_connection_is_encrypted_unless_the_url_says_otherwise() {
        let url = |text| connection_url(text).unwrap().to_string();
        assert_eq!(url("smtp://a:b@mail.example.org"), "smtp://a:b@mail.example.org?tls=required");
        assert_eq!(url("smtps://a:b@mail.example.org"), "smtps://a:b@mail.example.org");
        assert_eq!(url("smtp://127.0.0.1:2525?tls=none"), "smtp://127.0.0.1:2525");
    }

    #[tokio::test]
    async fn a_mail_cannot_have_other_headers() {
        let transport = Transport::open(&settings(Some("smtp://mail.example.org"), FROM));
        let transport = transport.unwrap().unwrap();
        let mail = |recipient: &str, subject: &str| OutgoingMail {
            to: recipient.to_owned(),
            subject: subject.to_owned(),
            body: "Hello\n".to_owned(),
        };
        let message =
            transport.to_message("1.7", &mail("ada@example.org", "A\r\nBcc: b@example.org"));
        let text = String::from_utf8(message.unwrap().formatted()).unwrap();
        assert!(!text.to_lowercase().contains("\nbcc:"), "{text}");
        for header in ["Message-ID: <1.7@example.org>", "Auto-Submitted: auto-generated"] {
            assert!(text.contains(header), "{text}");
        }
        let injected = mail("ada@example.org\r\nBcc: b@example.org", "A");
        assert!(transport.to_message("1.7", &injected).is_err());
    }
}
