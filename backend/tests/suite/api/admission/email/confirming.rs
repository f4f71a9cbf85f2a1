//! From the form to the account: links, addresses that are used, and links that expire.

use std::time::Duration;

use hallway::{
    realtime::jobs::{NewJob, enqueue},
    tables::{confirmations, row_lock, users},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};
use serde_json::{Value, json};
use shared::{paths, problem::Code, users::User};

use super::{
    account, by_domain, change_server, confirm, confirm_with, register, start, start_with,
};
use crate::{
    database::make_jobs_due,
    fixture::{Fixture, Mail, SmtpServer, TIMEOUT, sign_in},
};

#[tokio::test]
async fn somebody_with_an_address_in_the_domain_confirms_it_and_signs_in() {
    let (fixture, smtp) = start().await;
    let anon = &fixture.anon;
    let pending: User = register(anon, "Ada", "Ada@Example.org").await.expect_json(202);
    assert!(pending.is_pending && !pending.is_disabled);
    assert_eq!(pending.email.as_deref(), Some("Ada@Example.org"));
    let refused = anon.post(paths::SESSIONS, account("Ada")).await;
    let problem = refused.expect_problem(Code::AccountPending);
    assert!(problem.detail.contains("Confirm your e-mail address"), "{problem:?}");

    let mail = smtp.mail_to("Ada@Example.org").await;
    assert!(mail.headers.contains("Subject: Confirm your address for Hallway"), "{mail:?}");
    assert!(mail.headers.contains("chat@example.com"), "{mail:?}");
    assert!(mail.body.contains("\nhttp://localhost:8000/ui/confirm#"), "{mail:?}");
    // Nothing that the stranger wrote.
    assert!(!mail.body.contains("Ada"), "{mail:?}");

    for wrong in ["", "guess", &mail.token()[1..]] {
        confirm(anon, wrong).await.expect_problem(Code::ConfirmationInvalid);
    }
    // The password that somebody else chose confirms nothing, and does not use up the link.
    let guess = confirm_with(anon, &mail.token(), "a wrong password").await;
    guess.expect_field_error("password", "is wrong");
    let confirmed: User = confirm(anon, &mail.token()).await.expect_json(200);
    assert_eq!((confirmed.id, confirmed.is_pending), (pending.id, false));
    confirm(anon, &mail.token()).await.expect_problem(Code::ConfirmationInvalid);

    let ada = sign_in(anon, "ada").await;
    let me: User = ada.get(paths::ME).await.expect_json(200);
    assert_eq!(me.email.as_deref(), Some("Ada@Example.org"));
    let path = paths::fill(paths::USER, &[&ada.user.id]);
    let seen: User = fixture.admin.get(&path).await.expect_json(200);
    assert_eq!(seen.email, me.email);
    let seen = fixture.member.get(&path).await.expect_status(200);
    assert_eq!((&seen["username"], seen.get("email")), (&json!("Ada"), None));
    let list = fixture.admin.get(&format!("{}?q=ada", paths::USERS)).await.expect_status(200);
    assert_eq!(list["users"][0]["email"], "Ada@Example.org", "{list}");
}

/// Two requests at once with one token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_works_once() {
    let (fixture, smtp) = start().await;
    register(&fixture.anon, "ada", "ada@example.org").await.expect_status(202);
    let token = smtp.mail_to("ada@example.org").await.token();
    let requests = futures_util::future::join_all((0..6).map(|_| confirm(&fixture.anon, &token)));
    let mut statuses: Vec<u16> = requests.await.iter().map(|response| response.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403, 403, 403, 403, 403]);
}

/// As a deletion: it locks the account and then deletes the confirmation, so a confirmation that did it the
/// other way round would end it, or be ended.
#[tokio::test]
async fn a_confirmation_waits_for_the_deletion_of_its_account() {
    let (fixture, smtp) = start().await;
    let pending: User = register(&fixture.anon, "ada", "ada@example.org").await.expect_json(202);
    let (id, token) = (pending.id.0, smtp.mail_to("ada@example.org").await.token());
    let txn = fixture.server.database().begin().await.unwrap();
    let account = users::Entity::find_by_id(id).lock(row_lock(&txn, LockType::NoKeyUpdate));
    account.one(&txn).await.unwrap().unwrap();
    let delete = async {
        // The request reaches the account meanwhile.
        tokio::time::sleep(Duration::from_millis(700)).await;
        confirmations::Entity::delete_by_id(id).exec(&txn).await.unwrap();
        txn.commit().await.unwrap();
    };
    let (response, ()) = tokio::join!(confirm(&fixture.anon, &token), delete);
    response.expect_problem(Code::ConfirmationInvalid);
}

/// What a stranger sees of a new account, without what always differs.
async fn what_a_stranger_sees(fixture: &Fixture, name: &str, email: &str) -> [Value; 3] {
    let mut created = register(&fixture.anon, name, email).await.expect_status(202);
    for field in ["id", "username", "created_at", "email"] {
        assert!(created.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    let problem = |mut problem: Value| {
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    let again = register(&fixture.anon, name, "other@b.example").await.expect_status(409);
    let sign_in = fixture.anon.post(paths::SESSIONS, account(name)).await.expect_status(403);
    [created, problem(again), problem(sign_in)]
}

#[tokio::test]
async fn an_address_that_is_used_looks_like_any_other() {
    let (fixture, smtp) = start().await;
    register(&fixture.anon, "ada", "ada@example.org").await.expect_status(202);
    let token = smtp.mail_to("ada@example.org").await.token();
    confirm(&fixture.anon, &token).await.expect_status(200);

    let fresh = what_a_stranger_sees(&fixture, "bob", "bob@example.org").await;
    let used = what_a_stranger_sees(&fixture, "eve", "ADA@example.org").await;
    assert_eq!(fresh, used);
    // The owner of the address learns the name of their own account, and gets no link.
    let Mail { headers, body, .. } = smtp.mail_to("ADA@example.org").await;
    assert!(headers.contains("Subject: You already have an account on Hallway"), "{headers}");
    assert!(body.contains("\nada\n") && !body.contains("confirm#"), "{body}");
    assert!(!body.contains("eve"), "{body}");
}

/// Nobody can keep the owner of an address from using it by creating an account with it first.
#[tokio::test]
async fn an_address_belongs_to_the_account_that_confirms_it_first() {
    let (fixture, smtp) = start().await;
    register(&fixture.anon, "eve", "ada@example.org").await.expect_status(202);
    let first = smtp.mail_to("ada@example.org").await.token();
    register(&fixture.anon, "ada", "Ada@example.org").await.expect_status(202);
    let second = smtp.mail_to("Ada@example.org").await.token();
    let ada: User = confirm(&fixture.anon, &second).await.expect_json(200);
    assert_eq!(ada.username, "ada");
    confirm(&fixture.anon, &first).await.expect_problem(Code::ConfirmationInvalid);
    let eve = fixture.anon.post(paths::SESSIONS, account("eve")).await;
    eve.expect_problem(Code::AccountPending);
}

async fn end_links(fixture: &Fixture) {
    confirmations::Entity::update_many()
        .col_expr(confirmations::Column::ExpiresAt, Expr::value(1_i64))
        .exec(&fixture.server.database().writer)
        .await
        .unwrap();
    make_jobs_due(&fixture.server.database().writer).await;
}

async fn pending(fixture: &Fixture, smtp: &SmtpServer, name: &str) -> (User, String) {
    let address = format!("{name}@example.org");
    let user = register(&fixture.anon, name, &address).await.expect_json(202);
    (user, smtp.mail_to(&address).await.token())
}

#[tokio::test]
async fn an_account_that_nobody_confirms_is_deleted_and_its_name_is_free() {
    let (fixture, smtp) = start().await;
    let (user, token) = pending(&fixture, &smtp, "ada").await;
    let (approved, _) = pending(&fixture, &smtp, "bob").await;
    let approve = paths::fill(paths::USER, &[&approved.id]);
    let bob: User = fixture.admin.patch(&approve, json!({"approved": true})).await.expect_json(200);
    // An admin vouches for the person, but nobody has confirmed the address.
    assert_eq!(bob.email, None);
    end_links(&fixture).await;
    confirm(&fixture.anon, &token).await.expect_problem(Code::ConfirmationInvalid);
    let path = paths::fill(paths::USER, &[&user.id]);
    let start = std::time::Instant::now();
    while fixture.admin.get(&path).await.status != 404 {
        assert!(start.elapsed() < TIMEOUT, "the account is still there");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    register(&fixture.anon, "ada", "ada@b.example").await.expect_status(202);
    sign_in(&fixture.anon, "bob").await;
}

/// Somebody who learns of a link guesses no faster than at the sign-in.
#[tokio::test]
async fn guesses_of_the_password_are_limited() {
    let (fixture, smtp) = start_with(|settings| settings.login_attempts = 3).await;
    let (_, token) = pending(&fixture, &smtp, "ada").await;
    for _ in 0..3 {
        let guess = confirm_with(&fixture.anon, &token, "a wrong password").await;
        guess.expect_field_error("password", "is wrong");
    }
    let refused = confirm(&fixture.anon, &token).await;
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    refused.expect_problem(Code::TooManyRequests);
}

#[tokio::test]
async fn a_link_confirms_only_what_the_server_still_takes() {
    let (fixture, smtp) = start().await;
    let (user, token) = pending(&fixture, &smtp, "ada").await;
    let refuse = async || {
        confirm(&fixture.anon, &token).await.expect_problem(Code::ConfirmationInvalid);
    };
    for change in [
        json!({"sign_up": "closed"}),
        json!({"sign_up": "open"}),
        json!({"email_domains": ["b.example"]}),
    ] {
        change_server(&fixture.admin, change).await;
        refuse().await;
        change_server(&fixture.admin, by_domain()).await;
    }
    let path = paths::fill(paths::USER, &[&user.id]);
    fixture.admin.patch(&path, json!({"is_disabled": true})).await.expect_status(200);
    refuse().await;
    fixture.admin.patch(&path, json!({"is_disabled": false})).await.expect_status(200);
    // None of the attempts has used up the link.
    confirm(&fixture.anon, &token).await.expect_status(200);
}

/// Such as one that was added to a direct room before that was refused.
#[tokio::test]
async fn an_account_in_a_room_that_nobody_confirms_is_deleted_as_any_other() {
    let (fixture, smtp) = start().await;
    let outsider = &fixture.outsider;
    outsider.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    let db = &fixture.server.database().writer;
    users::Entity::update_many()
        .col_expr(users::Column::IsPending, Expr::value(true))
        .filter(users::Column::Id.eq(outsider.user.id.0))
        .exec(db)
        .await
        .unwrap();
    let confirmation = confirmations::Model {
        user_id: outsider.user.id.0,
        token_hash: "hash".into(),
        expires_at: 1,
    };
    confirmation.into_active_model().reset_all().insert(db).await.unwrap();
    enqueue(db, NewJob::new("remove_unconfirmed", outsider.user.id.0)).await.unwrap();
    pending(&fixture, &smtp, "ada").await;
    end_links(&fixture).await;
    let path = paths::fill(paths::USER, &[&outsider.user.id]);
    let start = std::time::Instant::now();
    while !fixture.admin.get(&path).await.expect_json::<User>(200).is_deleted
        || !confirmations::Entity::find().all(db).await.unwrap().is_empty()
    {
        assert!(start.elapsed() < TIMEOUT, "the accounts are still there");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    register(&fixture.anon, "outsider", "outsider@b.example").await.expect_status(202);
    register(&fixture.anon, "ada", "ada@b.example").await.expect_status(202);
}
