//! Sign-up by e-mail domain.

use hallway::{
    Settings,
    settings::{MailSettings, Secret},
};
use serde_json::{Value, json};
use shared::paths;

use super::{account, change_server};
use crate::fixture::{Client, Fixture, PASSWORD, Response, SmtpServer};

mod confirming;
mod mails;
mod refused;

fn mail_settings(smtp: &SmtpServer) -> MailSettings {
    MailSettings {
        smtp_url: Some(Secret(smtp.url())),
        smtp_from: Some("Hallway <chat@example.com>".into()),
        mails_per_hour: 1_000_000,
    }
}

/// Lets a server send mails.
fn send_mails_to(smtp: &SmtpServer, settings: &mut Settings) {
    settings.mail = mail_settings(smtp);
    // Tests reach the server by another address, which is a loopback name.
    settings.public_url = Some("http://localhost:8000".parse().unwrap());
}

fn by_domain() -> Value {
    json!({"sign_up": "domain", "email_domains": ["Example.ORG", "b.example"]})
}

/// A server on which people sign up by domain, and its mail server.
async fn start() -> (Fixture, SmtpServer) {
    start_with(|_| ()).await
}

async fn start_with(change: impl FnOnce(&mut Settings)) -> (Fixture, SmtpServer) {
    let smtp = SmtpServer::start().await;
    let fixture = Fixture::with(|settings| {
        send_mails_to(&smtp, settings);
        change(settings);
    });
    let fixture = fixture.await;
    change_server(&fixture.admin, by_domain()).await;
    (fixture, smtp)
}

fn with_email(name: &str, email: &str) -> Value {
    let mut request = account(name);
    request["email"] = email.into();
    request
}

async fn register(anon: &Client, name: &str, email: &str) -> Response {
    anon.post(paths::USERS, with_email(name, email)).await
}

async fn confirm(anon: &Client, token: &str) -> Response {
    confirm_with(anon, token, PASSWORD).await
}

async fn confirm_with(anon: &Client, token: &str, password: &str) -> Response {
    anon.post(paths::CONFIRM_EMAIL, json!({"token": token, "password": password})).await
}
