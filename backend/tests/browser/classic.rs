//! An unchanged client of the classic chat in a browser.

use serde_json::{Value, json};

use crate::fixture::scenario;

#[tokio::test]
async fn an_unchanged_classic_client_works() {
    scenario("classic", async |fixture| {
        let browser = fixture.open_browser("classic").await;
        browser.open("/ui/login").await;
        let report = browser.run_async_script(include_str!("classic.js"), vec![]).await;
        assert_eq!(report["error"], Value::Null, "{report:#}");
        let (ids, room) = (&report["ids"], &report["ids"]["room"]);
        assert_eq!(report["registered ada"], json!({ "message": "User created successfully" }));
        assert_eq!(report["again"], json!({ "message": "User already exists" }));
        assert_eq!(report["wrong"], json!({ "error": "Invalid credentials" }));
        assert_eq!(
            (&ids["ada"]["is_admin"], &ids["bob"]["is_admin"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(report["rooms"].as_array().map(Vec::len), Some(1));
        assert_eq!(report["room"]["name"], "Old Hall");
        assert_eq!(report["room"]["users"], json!([ids["ada"]["user_id"], ids["bob"]["user_id"]]));
        assert!(report["forbidden"]["detail"].is_string(), "{report:#}");
        assert_eq!(report["joined"]["detail"], "You have joined the room \"Old Hall\"");
        check_statuses(&report, room);
        check_messages(&report, room);
        assert_eq!(fixture.server.csp_reports().await, 0);
    })
    .await;
}

fn check_statuses(report: &Value, room: &Value) {
    let expected = [
        "POST /register/ 201".to_owned(),
        "POST /login/ 200".into(),
        "POST /rooms/ 201".into(),
        format!("POST /rooms/{room}/join/ 200"),
        "POST /register/ 201".into(),
        "POST /login/ 200".into(),
        "POST /register/ 400".into(),
        "POST /login/ 400".into(),
        "GET /rooms/ 200".into(),
        "POST /rooms/ 403".into(),
        format!("POST /rooms/{room}/join/ 200"),
        format!("GET /rooms/{room}/ 200"),
        format!("POST /messages/create/{room}/ 201"),
        format!("GET /messages/{room}/ 200"),
    ];
    assert_eq!(report["statuses"], json!(expected));
}

/// Each socket receives every message, its own included.
fn check_messages(report: &Value, room: &Value) {
    let messages = [["ada", "who is there?"], ["bob", "only me"], ["bob", "by post"]];
    let pairs = |list: &Value, author: &str, content: &str| -> Vec<[String; 2]> {
        let text = |message: &Value, key: &str| message[key].as_str().unwrap_or("?").to_owned();
        list.as_array().unwrap().iter().map(|m| [text(m, author), text(m, content)]).collect()
    };
    for name in ["ada", "bob"] {
        assert_eq!(
            pairs(&report["received"][name], "username", "message"),
            messages,
            "{name} receives"
        );
    }
    assert_eq!(pairs(&report["history"]["messages"], "user", "content"), messages);
    assert_eq!(report["history"]["name"], "Old Hall");
    assert_eq!(&report["posted"]["room"], room);
    assert_eq!(report["posted"]["content"], "by post");
}
