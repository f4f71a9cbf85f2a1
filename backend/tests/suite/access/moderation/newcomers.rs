//! The smaller limits of new accounts.

use serde_json::json;
use shared::{paths, problem::Code};

use crate::fixture::Fixture;

/// The accounts of the fixture are new.
async fn fixture() -> Fixture {
    Fixture::with(|settings| settings.new_account_hours = 24).await
}

#[tokio::test]
async fn a_new_account_posts_only_so_many_messages() {
    let fixture = fixture().await;
    let messages = fixture.path(paths::MESSAGES);
    let mut posted = 0;
    let refused = loop {
        let response = fixture.member.post(&messages, json!({"content": "again"})).await;
        if response.status != 201 {
            break response;
        }
        posted += 1;
    };
    assert!((20..30).contains(&posted), "{posted}");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    refused.expect_problem(Code::TooManyRequests);
    // The owner's account is as new.
    for _ in 0..30 {
        fixture.admin.post_message(fixture.room, "again").await;
    }
}

#[tokio::test]
async fn a_new_account_posts_only_some_links() {
    let fixture = fixture().await;
    let messages = fixture.path(paths::MESSAGES);
    let link = json!({"content": "buy at https://example.org"});
    for _ in 0..10 {
        fixture.member.post(&messages, link.clone()).await.expect_status(201);
    }
    fixture.member.post(&messages, link.clone()).await.expect_problem(Code::TooManyLinks);
    // An edit is not a way around it.
    let edited = fixture.member.patch(&fixture.message_path(1), link).await;
    edited.expect_problem(Code::TooManyLinks);
    fixture.member.post_message(fixture.room, "without a link").await;
}

#[tokio::test]
async fn a_new_account_invites_only_some_people() {
    let fixture = fixture().await;
    for _ in 0..3 {
        fixture.member.post(paths::INVITATIONS, json!({})).await.expect_status(201);
    }
    let refused = fixture.member.post(paths::INVITATIONS, json!({})).await;
    refused.expect_problem(Code::TooManyRequests);
    fixture.admin.post(paths::INVITATIONS, json!({})).await.expect_status(201);
}
