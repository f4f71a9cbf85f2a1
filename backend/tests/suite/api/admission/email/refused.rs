//! Settings, addresses and numbers of mails that are refused.

use serde_json::json;
use shared::{
    admission::{Server as Settings, SignUp},
    paths,
    problem::Code,
};

use super::{
    account, by_domain, change_server, register, send_mails_to, start, start_with, with_email,
};
use crate::fixture::{Fixture, PASSWORD, Response, Server, SmtpServer, run};

const HEADER: &str = "x-forwarded-for";

#[tokio::test]
async fn the_mode_needs_domains_a_mail_server_and_a_public_url() {
    let plain = Fixture::start().await;
    let refused = plain.admin.patch(paths::SERVER, by_domain()).await;
    refused.expect_field_error("sign_up", "HALLWAY_SMTP_URL");
    let settings: Settings = plain.admin.get(paths::SERVER).await.expect_json(200);
    assert_eq!((settings.sign_up, settings.has_smtp), (SignUp::Open, Some(false)));

    let smtp = SmtpServer::start().await;
    let hidden = Fixture::with(|settings| {
        send_mails_to(&smtp, settings);
        settings.public_url = None;
    });
    let refused = hidden.await.admin.patch(paths::SERVER, by_domain()).await;
    refused.expect_field_error("sign_up", "HALLWAY_PUBLIC_URL");

    let (fixture, _smtp) = start().await;
    for (change, field, text) in [
        (json!({"email_domains": []}), "email_domains", "must not be empty"),
        (json!({"email_domains": ["example"]}), "email_domains", "such as example.org"),
    ] {
        fixture.admin.patch(paths::SERVER, change).await.expect_field_error(field, text);
    }
    let many: Vec<_> = (0..21).map(|nth| format!("d{nth}.example")).collect();
    let many = fixture.admin.patch(paths::SERVER, json!({"email_domains": many})).await;
    many.expect_field_error("email_domains", "at most 20");
    fixture.member.patch(paths::SERVER, by_domain()).await.expect_problem(Code::AdminOnly);
}

#[tokio::test]
async fn strangers_see_the_domains_while_they_need_them() {
    let (fixture, _smtp) = start().await;
    let seen = fixture.anon.get(paths::SERVER).await.expect_status(200);
    let expected = json!({"name": "Hallway", "sign_up": "domain", "is_set_up": true,
        "email_domains": ["example.org", "b.example"]});
    assert_eq!(seen, expected);
    let audit = fixture.admin.get(paths::AUDIT).await.expect_status(200);
    let entry = |action: &str| {
        let entries = audit["entries"].as_array().unwrap();
        entries.iter().find(|entry| entry["action"] == action).cloned().unwrap_or_default()
    };
    assert_eq!(entry("email_domains_changed")["to"], "example.org, b.example", "{audit}");
    assert_eq!(entry("sign_up_changed")["to"], "domain", "{audit}");
    change_server(&fixture.admin, json!({"sign_up": "closed"})).await;
    let seen = fixture.anon.get(paths::SERVER).await.expect_status(200);
    assert_eq!(seen, json!({"name": "Hallway", "sign_up": "closed", "is_set_up": true}));
    // The domains are kept.
    let settings: Settings = fixture.admin.get(paths::SERVER).await.expect_json(200);
    assert_eq!((settings.email_domains.len(), settings.has_smtp), (2, Some(true)));
    // An address means nothing in the other modes.
    change_server(&fixture.admin, json!({"sign_up": "open"})).await;
    let refused = register(&fixture.anon, "ada", "ada@example.org").await;
    refused.expect_field_error("email", "only used where");
}

#[tokio::test]
async fn a_server_is_not_set_up_with_the_mode() {
    let server = Server::start().await;
    let request =
        json!({"name": "Harbour", "sign_up": "domain", "username": "ada", "password": PASSWORD});
    let refused = server.anon().post(paths::SERVER, request).await;
    refused.expect_field_error("sign_up", "cannot be domain");
}

#[tokio::test]
async fn other_addresses_are_refused_and_get_no_mail() {
    let (fixture, smtp) = start().await;
    let missing = fixture.anon.post(paths::USERS, account("ada")).await;
    missing.expect_field_error("email", "is missing");
    fixture.anon.post("/register/", account("ada")).await.expect_status(400);
    let outside = "must be an address at example.org or b.example";
    let long = format!("{}@example.org", "a".repeat(243));
    for (email, text) in [
        ("ada@example.com", outside),
        ("ada@mail.example.org", outside),
        ("ada@example.org.example.com", outside),
        ("ada", "must be an e-mail address"),
        ("ada@example.org\r\nBcc: eve@example.com", "must be an e-mail address"),
        ("ada@example.org\n", "must be an e-mail address"),
        ("eve@example.com,ada@example.org", "must be an e-mail address"),
        ("", "must not be empty"),
        (&*long, "must be at most 254 characters long, but is 255"),
    ] {
        register(&fixture.anon, "ada", email).await.expect_field_error("email", text);
    }
    // The last mail shows that those before it would have arrived.
    register(&fixture.anon, "ada", "ada@example.org").await.expect_status(202);
    smtp.mail_to("ada@example.org").await;
    assert_eq!(smtp.mails().len(), 1, "{:?}", smtp.mails());
    // Admins create accounts without an address.
    fixture.admin.post(paths::USERS, account("bob")).await.expect_status(201);
}

async fn register_from(fixture: &Fixture, address: &str, name: &str, email: &str) -> Response {
    let request = fixture.anon.request("POST", paths::USERS).header(HEADER, address);
    Response::fetch(request.json(&with_email(name, email))).await
}

#[tokio::test]
async fn mails_are_limited_by_address_and_by_network() {
    let (fixture, smtp) = start_with(|settings| {
        settings.client_ip_header = Some(HEADER.into());
        settings.mail.mails_per_hour = 3;
    })
    .await;
    let check = |refused: Response| {
        let seconds = refused.header("retry-after").parse::<u64>().unwrap();
        assert!((1_000..=1_200).contains(&seconds), "{seconds}");
        refused.expect_problem(Code::TooManyRequests);
    };
    for nth in 0..3 {
        let (network, name) = (format!("192.0.2.{nth}"), format!("a{nth}"));
        register_from(&fixture, &network, &name, "ada@example.org").await.expect_status(202);
    }
    check(register_from(&fixture, "192.0.2.9", "a3", "ADA@example.org").await);
    for nth in 0..3 {
        let (name, email) = (format!("b{nth}"), format!("b{nth}@example.org"));
        register_from(&fixture, "203.0.113.1", &name, &email).await.expect_status(202);
    }
    check(register_from(&fixture, "203.0.113.1", "b3", "b3@example.org").await);
    smtp.mail_to("b2@example.org").await;
    assert!(smtp.mails_to("b3@example.org").is_empty());
    assert!(smtp.mails_to("ADA@example.org").is_empty());
}

#[tokio::test]
async fn half_a_mail_server_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let start = async |arguments: &[&str]| {
        let base = &["serve", "--listen", "127.0.0.1:0", "--data", data][..];
        run(&[base, arguments].concat()).await
    };
    let url = "smtp://ada:s3cret@mail.example.org:587";
    for (arguments, text) in [
        (&["--smtp-url", url][..], "HALLWAY_SMTP_FROM is missing"),
        (&["--smtp-from", "chat@example.org"][..], "HALLWAY_SMTP_URL is missing"),
        (
            &["--smtp-url", "http://ada:s3cret@mail.example.org", "--smtp-from", "a@example.org"][..],
            "HALLWAY_SMTP_URL must be",
        ),
    ] {
        let (code, stdout, stderr) = start(arguments).await;
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains(text), "{stderr}");
        assert!(!stderr.contains("s3cret") && !stdout.contains("s3cret"), "{stderr}");
    }
}
