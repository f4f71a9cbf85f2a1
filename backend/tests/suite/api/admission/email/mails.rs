//! Mails are sent whatever fails, and once at a time.

use std::time::{Duration, Instant};

use hallway::{
    realtime::jobs::{self, Job, Jobs, Runner},
    users::{MailTransport, register_jobs},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use shared::{paths, users::User};

use super::{by_domain, confirm, mail_settings, register, start};
use crate::fixture::{Client, Fixture, Process, SmtpServer, TIMEOUT, template};

/// Waits until the jobs of the mails to send are as they should be.
async fn wait_for_mails(fixture: &Fixture, what: &str, is_met: impl Fn(&[Job]) -> bool) {
    let start = Instant::now();
    loop {
        let rows = jobs::Entity::find().filter(jobs::Column::Kind.eq("send_mail"));
        let rows = rows.all(&fixture.server.database().reader).await.unwrap();
        if is_met(&rows) {
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "{what}: {rows:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_mail_is_tried_again_while_the_mail_server_takes_none() {
    let (fixture, smtp) = start().await;
    smtp.refuse(true);
    register(&fixture.anon, "ada", "ada@example.org").await.expect_status(202);
    wait_for_mails(&fixture, "two attempts", |rows| rows.iter().any(|row| row.attempts >= 2)).await;
    assert!(smtp.mails().is_empty());
    smtp.refuse(false);
    let token = smtp.mail_to("ada@example.org").await.token();
    confirm(&fixture.anon, &token).await.expect_status(200);
    wait_for_mails(&fixture, "no job of a mail that was sent", <[_]>::is_empty).await;
}

/// Several runners are what several nodes are to the table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_senders_send_each_mail_once() {
    let (fixture, smtp) = start().await;
    let settings = mail_settings(&smtp);
    for _ in 0..4 {
        let mut runner = Runner::new(fixture.server.database().clone(), Jobs::default());
        let transport = MailTransport::open(&settings).unwrap();
        register_jobs(&mut runner, fixture.server.app(), transport);
        runner.start().await.unwrap();
    }
    for nth in 0..8 {
        let (name, email) = (format!("p{nth}"), format!("p{nth}@example.org"));
        register(&fixture.anon, &name, &email).await.expect_status(202);
    }
    wait_for_mails(&fixture, "no mail is left", <[_]>::is_empty).await;
    for nth in 0..8 {
        assert_eq!(smtp.mails_to(&format!("p{nth}@example.org")).len(), 1);
    }
}

/// A server that is killed before the mail server takes the mail.
#[tokio::test]
async fn a_crash_loses_no_mail() {
    let smtp = SmtpServer::start().await;
    smtp.refuse(true);
    let storage = template().copy().await;
    // The server prints its public URL, which is therefore its address here.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let command = || {
        let mut command = Process::command(&["serve", "--listen", &address]);
        command.arg("--data").arg(storage.folder()).args(["--database-url", &storage.url()]);
        command.env("HALLWAY_SMTP_URL", smtp.url()).env("HALLWAY_SMTP_FROM", "chat@example.com");
        command.env("HALLWAY_PUBLIC_URL", format!("http://{address}"));
        command
    };
    let first = Process::spawn(command()).await;
    let admin = template().seed.person(first.address, 0);
    admin.patch(paths::SERVER, by_domain()).await.expect_status(200);
    let pending = register(&Client::new(first.address), "ada", "ada@example.org").await;
    let pending: User = pending.expect_json(202);
    // A mail that a server was sending when it was killed waits for the end of its lease.
    smtp.wait_for_refusal().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    first.kill().await;
    smtp.refuse(false);
    let second = Process::spawn(command()).await;
    let token = smtp.mail_to("ada@example.org").await.token();
    let confirmed: User = confirm(&Client::new(second.address), &token).await.expect_json(200);
    assert_eq!(confirmed.id, pending.id);
}
