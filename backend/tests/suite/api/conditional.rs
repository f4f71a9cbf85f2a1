//! Conditional requests for pages: `ETag` and `If-None-Match`.

use serde_json::{Value, json};
use shared::{messages::MessagePage, paths, problem::Code};

use crate::fixture::{Client, Fixture, Response};

/// Requests a path with `If-None-Match`.
async fn get_if_none_match(client: &Client, path: &str, etag: &str) -> Response {
    Response::fetch(client.request("GET", path).header("if-none-match", etag)).await
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let fixture = Fixture::start().await;
    for query in ["", "?anchor=seq:1&after=1", "?anchor=date:2026-03-01T14:30%2B02:00&before=7"] {
        let path = format!("{}{query}", fixture.path(paths::MESSAGES));
        let first = fixture.member.get(&path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
        assert_eq!(first.header("cache-control"), "private, no-cache");
        let page: MessagePage = first.expect_json(200);
        for etag in [tag.clone(), format!("\"other\", {tag}"), tag.replace("W/", "")] {
            let revalidated = get_if_none_match(&fixture.member, &path, &etag).await;
            assert_eq!((revalidated.status, &*revalidated.text), (304, ""), "{query}: {etag}");
            assert_eq!(revalidated.header("etag"), tag);
            assert_eq!(revalidated.header("cache-control"), "private, no-cache");
        }
        let other: MessagePage =
            get_if_none_match(&fixture.member, &path, "W/\"other\"").await.expect_json(200);
        assert_eq!(other.messages, page.messages);
    }
    // Errors must not be cached.
    let refused = fixture.outsider.get(&fixture.path(paths::MESSAGES)).await;
    assert_eq!((refused.header("etag"), refused.header("cache-control")), ("", "no-store"));
}

/// Requests a changed page with the old etag; the response must be complete and have a new etag.
async fn expect_new_etag(fixture: &Fixture, etag: &mut String) -> MessagePage {
    let response = get_if_none_match(&fixture.member, &fixture.path(paths::MESSAGES), etag).await;
    let tag = response.header("etag").to_owned();
    assert_ne!(&tag, etag, "{}", response.text);
    *etag = tag;
    response.expect_json(200)
}

#[tokio::test]
async fn each_change_of_a_page_changes_its_etag() {
    let fixture = Fixture::start().await;
    let mut etag = "W/\"nothing\"".to_owned();
    let page = expect_new_etag(&fixture, &mut etag).await;
    assert_eq!((page.room_last_seq.0, page.read_seq.0), (2, 1));

    let third = fixture.admin.post_message(fixture.room, "third").await;
    assert_eq!(expect_new_etag(&fixture, &mut etag).await.messages.last(), Some(&third));

    fixture
        .admin
        .patch(&fixture.message_path(3), json!({"content": "edited"}))
        .await
        .expect_status(200);
    assert_eq!(expect_new_etag(&fixture, &mut etag).await.messages[2].content, "edited");

    fixture.admin.delete(&fixture.message_path(3)).await.expect_status(204);
    let tombstone = expect_new_etag(&fixture, &mut etag).await.messages.remove(2);
    assert!(tombstone.deleted_at.is_some() && tombstone.content.is_empty(), "{tombstone:?}");

    fixture.member.put(&fixture.path(paths::READ), json!({"seq": 2})).await.expect_status(200);
    let page = expect_new_etag(&fixture, &mut etag).await;
    assert_eq!((page.read_seq.0, page.first_unread_seq.map(|seq| seq.0)), (2, Some(3)));

    fixture
        .admin
        .patch(&fixture.path(paths::ROOM), json!({"topic": "New"}))
        .await
        .expect_status(200);
    assert_eq!(expect_new_etag(&fixture, &mut etag).await.as_of_rev.0, 9);

    // Read marks of others and messages in other rooms do not change this page.
    fixture.admin.put(&fixture.path(paths::READ), json!({"seq": 3})).await.expect_status(200);
    let other = fixture.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.expect_status(201);
    fixture.admin.post_message(other["id"].as_i64().unwrap().into(), "elsewhere").await;
    assert_eq!(
        get_if_none_match(&fixture.member, &fixture.path(paths::MESSAGES), &etag).await.status,
        304
    );
}

#[tokio::test]
async fn an_etag_is_valid_for_one_query_of_one_reader() {
    let fixture = Fixture::start().await;
    let path = fixture.path(paths::MESSAGES);
    let etag = fixture.member.get(&path).await.header("etag").to_owned();
    for query in ["anchor=oldest", "before=1", "after=1", "anchor=seq:2", "anchor=id:2"] {
        let other = get_if_none_match(&fixture.member, &format!("{path}?{query}"), &etag).await;
        assert_eq!(other.status, 200, "{query}");
    }
    // An equivalent query has the same etag.
    let same = format!("{path}?anchor=newest&before=49&after=0");
    assert_eq!(get_if_none_match(&fixture.member, &same, &etag).await.status, 304);
    // The admin's read mark differs.
    let page: MessagePage = get_if_none_match(&fixture.admin, &path, &etag).await.expect_json(200);
    assert_eq!(page.read_seq.0, 2);
    // A former member must not learn that the page is unchanged.
    fixture.member.delete(&fixture.path(paths::MEMBERSHIP)).await.expect_status(204);
    get_if_none_match(&fixture.member, &path, &etag).await.expect_problem(Code::NotAMember);
    fixture.member.put(&fixture.path(paths::MEMBERSHIP), Value::Null).await.expect_status(200);
    assert_eq!(get_if_none_match(&fixture.member, &path, &etag).await.status, 200);
}
