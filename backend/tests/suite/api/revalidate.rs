//! A page that one holds already costs no second reading, as long as nothing about it is different.

use serde_json::{Value, json};
use shared::{messages::MessagePage, paths, problem::Code};

use super::anchors::say;
use crate::actors::{Answer, Cast, Client};

async fn ask(client: &Client, path: &str, held: &str) -> Answer {
    Answer::of(client.request("GET", path).header("if-none-match", held)).await
}

#[tokio::test]
async fn what_one_holds_is_not_sent_again() {
    let cast = Cast::assemble().await;
    for query in ["", "?anchor=seq:1&after=1", "?anchor=date:2026-03-01T14:30%2B02:00&before=7"] {
        let path = format!("{}{query}", cast.at(paths::MESSAGES));
        let first = cast.member.get(&path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
        assert_eq!(first.header("cache-control"), "private, no-cache");
        let page: MessagePage = first.read(200);
        for held in [tag.clone(), format!("\"other\", {tag}"), tag.replace("W/", "")] {
            let again = ask(&cast.member, &path, &held).await;
            assert_eq!((again.status, &*again.text), (304, ""), "{query}: {held}");
            assert_eq!(again.header("etag"), tag);
            assert_eq!(again.header("cache-control"), "private, no-cache");
        }
        let other: MessagePage = ask(&cast.member, &path, "W/\"other\"").await.read(200);
        assert_eq!(other.messages, page.messages);
    }
    // Only what may be kept says so: a refusal may not.
    let refused = cast.outsider.get(&cast.at(paths::MESSAGES)).await;
    assert_eq!((refused.header("etag"), refused.header("cache-control")), ("", "no-store"));
}

/// Asks with the tag of what is held; what is new must differ in its tag too.
async fn changed(cast: &Cast, held: &mut String) -> MessagePage {
    let answer = ask(&cast.member, &cast.at(paths::MESSAGES), held).await;
    let tag = answer.header("etag").to_owned();
    assert_ne!(&tag, held, "{}", answer.text);
    *held = tag;
    answer.read(200)
}

#[tokio::test]
async fn every_change_is_seen() {
    let cast = Cast::assemble().await;
    let mut held = "W/\"nothing\"".to_owned();
    let page = changed(&cast, &mut held).await;
    assert_eq!((page.room_last_seq.0, page.read_seq.0), (2, 1));

    let third = say(&cast.admin, cast.room, "third").await;
    assert_eq!(changed(&cast, &mut held).await.messages.last(), Some(&third));

    cast.admin.patch(&cast.message(3), json!({"content": "edited"})).await.is(200);
    assert_eq!(changed(&cast, &mut held).await.messages[2].content, "edited");

    cast.admin.delete(&cast.message(3)).await.is(204);
    let tombstone = changed(&cast, &mut held).await.messages.remove(2);
    assert!(tombstone.deleted_at.is_some() && tombstone.content.is_empty(), "{tombstone:?}");

    cast.member.put(&cast.at(paths::READ), json!({"seq": 2})).await.is(200);
    let page = changed(&cast, &mut held).await;
    assert_eq!((page.read_seq.0, page.first_unread_seq.map(|seq| seq.0)), (2, Some(3)));

    cast.admin.patch(&cast.at(paths::ROOM), json!({"topic": "New"})).await.is(200);
    assert_eq!(changed(&cast, &mut held).await.as_of_rev.0, 9);

    // How far somebody else has read, or what is said elsewhere, is nothing to this page.
    cast.admin.put(&cast.at(paths::READ), json!({"seq": 3})).await.is(200);
    let other = cast.admin.post(paths::ROOMS, json!({"name": "Attic"})).await.is(201);
    say(&cast.admin, other["id"].as_i64().unwrap().into(), "elsewhere").await;
    assert_eq!(ask(&cast.member, &cast.at(paths::MESSAGES), &held).await.status, 304);
}

#[tokio::test]
async fn a_tag_is_good_for_one_question_of_one_reader() {
    let cast = Cast::assemble().await;
    let path = cast.at(paths::MESSAGES);
    let held = cast.member.get(&path).await.header("etag").to_owned();
    for query in ["anchor=oldest", "before=1", "after=1", "anchor=seq:2", "anchor=id:2"] {
        let other = ask(&cast.member, &format!("{path}?{query}"), &held).await;
        assert_eq!(other.status, 200, "{query}");
    }
    // Another way to say the same is the same.
    let same = format!("{path}?anchor=newest&before=49&after=0");
    assert_eq!(ask(&cast.member, &same, &held).await.status, 304);
    // The admin has read more of it.
    let page: MessagePage = ask(&cast.admin, &path, &held).await.read(200);
    assert_eq!(page.read_seq.0, 2);
    // Who is no longer in the room holds what they hold, and is not told that it still holds.
    cast.member.delete(&cast.at(paths::MEMBERSHIP)).await.is(204);
    ask(&cast.member, &path, &held).await.refused(Code::NotAMember);
    cast.member.put(&cast.at(paths::MEMBERSHIP), Value::Null).await.is(200);
    assert_eq!(ask(&cast.member, &path, &held).await.status, 200);
}
