//! The fields, their limits, and who may see and change them.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use shared::{access::Rank, paths, problem::Code, users::User};

use super::{account, change, listed, seen_by, set_name};
use crate::fixture::{Fixture, TIMEOUT};

#[tokio::test]
async fn a_profile_is_changed_field_by_field() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let status = json!({"emoji": "🌴", "text": " On holiday "});
    let all = json!({"display_name": " Ada L. ", "pronouns": "she/her", "status": status});
    let changed = change(member, all).await;
    assert_eq!(changed.name(), "Ada L.");
    assert_eq!(changed.username, "member");
    assert_eq!(changed.pronouns.as_deref(), Some("she/her"));
    let status = changed.status.clone().unwrap();
    assert_eq!((status.emoji.as_deref(), status.text.as_deref()), (Some("🌴"), Some("On holiday")));
    assert_eq!(seen_by(&fixture.outsider, member).await, changed);
    assert_eq!(member.get(paths::ME).await.expect_json::<User>(200), changed);
    // What is left out stays; null removes.
    assert_eq!(change(member, json!({})).await, changed);
    let without = change(member, json!({"pronouns": null, "status": null})).await;
    assert_eq!(without, User { pronouns: None, status: None, ..changed });
    let cleared = change(member, json!({"display_name": null})).await;
    assert_eq!(cleared, member.user);
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let fixture = Fixture::start().await;
    let soon = |seconds| json!(Utc::now() + TimeDelta::seconds(seconds));
    let cases = [
        (json!({"display_name": " "}), "display_name", "must not be empty"),
        (json!({"display_name": "x".repeat(101)}), "display_name", "at most 100 characters"),
        (json!({"display_name": "a\u{202e}b"}), "display_name", "(U+202E)"),
        (json!({"display_name": "a\u{200b}b"}), "display_name", "(U+200B)"),
        (json!({"display_name": "a\nb"}), "display_name", "(U+000A)"),
        (json!({"display_name": "a  b"}), "display_name", "two spaces"),
        (json!({"pronouns": "x".repeat(41)}), "pronouns", "at most 40 characters"),
        (json!({"pronouns": ""}), "pronouns", "must not be empty"),
        (json!({"status": {}}), "status", "must have an emoji or a text"),
        (json!({"status": {"emoji": "x".repeat(33)}}), "status.emoji", "at most 32 bytes"),
        (json!({"status": {"text": "x".repeat(101)}}), "status.text", "at most 100 characters"),
        (json!({"status": {"text": "a\u{7}"}}), "status.text", "(U+0007)"),
        (json!({"status": {"text": "a", "until": soon(-1)}}), "status.until", "in the future"),
        (
            json!({"status": {"text": "a", "until": soon(400 * 86_400)}}),
            "status.until",
            "within 366 days",
        ),
    ];
    for (patch, field, text) in cases {
        println!("{patch}");
        let response = fixture.member.patch(paths::MY_PROFILE, patch).await;
        response.expect_field_error(field, text);
    }
    assert_eq!(seen_by(&fixture.admin, &fixture.member).await, fixture.member.user);
    let longest = change(
        &fixture.outsider,
        json!({
            "display_name": "ü".repeat(100),
            "pronouns": "ü".repeat(40),
            "status": {"emoji": "👩\u{200d}👩\u{200d}👧\u{200d}👦", "text": "ü".repeat(100), "until": soon(3_600)},
        }),
    );
    let longest = longest.await;
    assert_eq!(seen_by(&fixture.admin, &fixture.outsider).await, longest);
}

#[tokio::test]
async fn a_status_that_is_over_is_gone() {
    let fixture = Fixture::start().await;
    let member = &fixture.member;
    let until = Utc::now() + TimeDelta::milliseconds(1_500);
    let status = json!({"text": "Back soon", "until": until});
    assert!(change(member, json!({ "status": status })).await.status.is_some());
    assert_eq!(listed(&fixture, member).await["status"]["text"], json!("Back soon"));
    let start = tokio::time::Instant::now();
    while seen_by(&fixture.admin, member).await.status.is_some() {
        assert!(start.elapsed() < TIMEOUT);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(Utc::now() >= until, "not before its time");
    assert_eq!(listed(&fixture, member).await["status"], Value::Null);
}

/// A guest knows only the people in the same rooms: all others are as if they did not exist.
#[tokio::test]
async fn a_profile_is_shown_only_to_those_who_know_the_account() {
    let fixture = Fixture::start().await;
    set_name(&fixture.member, "Ada").await;
    let guest = fixture.server.person("guest", Rank::Guest).await;
    let nobody = paths::fill(paths::USER, &[&4_711]);
    let missing = guest.get(&nobody).await.expect_problem(Code::NotFound);
    let hidden = guest.get(&account(&fixture.member)).await.expect_problem(Code::NotFound);
    assert_eq!((missing.detail, missing.errors), (hidden.detail, hidden.errors));
    let membership = paths::fill(paths::MEMBER, &[&fixture.room, &guest.user.id]);
    fixture.admin.put(&membership, Value::Null).await.expect_status(200);
    assert_eq!(seen_by(&guest, &fixture.member).await.name(), "Ada");
    guest.get(&account(&fixture.outsider)).await.expect_problem(Code::NotFound);
    fixture.anon.get(&account(&fixture.member)).await.expect_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn an_admin_changes_the_names_of_members() {
    let fixture = Fixture::start().await;
    let (owner, member) = (&fixture.admin, &fixture.member);
    let admin = fixture.server.person("second", Rank::Admin).await;
    let rename = |name: Value| json!({ "display_name": name });
    let path = account(member);
    let renamed: User = admin.patch(&path, rename(json!("Ada"))).await.expect_json(200);
    assert_eq!(renamed.name(), "Ada");
    admin.patch(&path, rename(Value::Null)).await.expect_status(200);
    member.patch(&path, rename(json!("Me"))).await.expect_problem(Code::AdminOnly);
    admin.patch(&account(owner), rename(json!("X"))).await.expect_problem(Code::OwnerOnly);
    admin.patch(&account(&admin), rename(json!("Boss"))).await.expect_status(200);
    owner.patch(&account(&admin), rename(json!("Clerk"))).await.expect_status(200);
    let both = json!({"display_name": "Y", "is_disabled": true});
    owner.patch(&path, both).await.expect_field_error("display_name", "together");
    let taken = owner.patch(&path, rename(json!("OUTSIDER"))).await;
    taken.expect_problem(Code::DisplayNameTaken);
    let query = format!("{}?action=display_name_changed", paths::AUDIT);
    let log = owner.get(&query).await.expect_status(200);
    let entries: Vec<_> = log["entries"].as_array().unwrap().iter().collect();
    let values: Vec<_> = entries.iter().map(|e| (&e["user"]["id"], &e["from"], &e["to"])).collect();
    let (of_admin, of_member) = (json!(admin.user.id), json!(member.user.id));
    let [boss, clerk, ada] = ["Boss", "Clerk", "Ada"].map(|name| json!(name));
    let expected = [
        (&of_admin, &boss, &clerk),
        (&of_admin, &Value::Null, &boss),
        (&of_member, &ada, &Value::Null),
        (&of_member, &Value::Null, &ada),
    ];
    assert_eq!(values, expected);
}

/// The entries stay, with who changed the name and when.
#[tokio::test]
async fn the_log_forgets_the_names_of_a_deleted_account() {
    let fixture = Fixture::start().await;
    let (owner, member, outsider) = (&fixture.admin, &fixture.member, &fixture.outsider);
    for (person, names) in [(member, ["Ada", "Grace"]), (outsider, ["Bob", "Rob"])] {
        for name in names {
            let renamed = owner.patch(&account(person), json!({ "display_name": name })).await;
            renamed.expect_status(200);
        }
    }
    let request = json!({"messages": "keep"});
    owner.call("DELETE", &account(member), request).await.expect_status(204);
    let log = owner.get(paths::AUDIT).await.text;
    assert!(!log.contains("Ada") && !log.contains("Grace"), "{log}");
    assert!(log.contains("Bob") && log.contains("Rob"), "{log}");
    let query = format!("{}?action=display_name_changed", paths::AUDIT);
    let log = owner.get(&query).await.expect_status(200);
    assert_eq!(log["entries"].as_array().unwrap().len(), 4);
    // The entry of the deletion keeps its value.
    let query = format!("{}?action=account_deleted", paths::AUDIT);
    let log = owner.get(&query).await.expect_status(200);
    assert_eq!(log["entries"][0]["to"], "keep");
}

#[tokio::test]
async fn too_many_changes_have_to_wait() {
    let fixture = Fixture::start().await;
    for nth in 0..30 {
        change(&fixture.member, json!({ "pronouns": format!("they {nth}") })).await;
    }
    let refused = fixture.member.patch(paths::MY_PROFILE, json!({"pronouns": "it"})).await;
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    refused.expect_problem(Code::TooManyRequests);
    change(&fixture.outsider, json!({"pronouns": "it"})).await;
}
