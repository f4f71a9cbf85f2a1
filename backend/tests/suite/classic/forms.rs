//! Forms, which every page of the web can send, and the formats of the documentation.

use serde_json::{Value, json};
use shared::paths;

use super::both;
use crate::fixture::{Client, Fixture, PASSWORD, Response};

const URL_ENCODED: &str = "application/x-www-form-urlencoded";

/// Sends a form, as a browser with these headers does.
async fn send_form(
    client: &Client,
    path: &str,
    (media_type, body): (&str, &str),
    headers: &[(&str, &str)],
) -> Response {
    let mut request = client.request("POST", path).header("content-type", media_type);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Response::fetch(request.body(body.to_owned())).await
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let fixture = Fixture::start().await;
    let own = format!("http://{}", fixture.server.address);
    let login = format!("username=member&password={}", PASSWORD.replace(' ', "+"));
    let multipart =
        "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nmember\r\n--b--";
    let multipart = ("multipart/form-data; boundary=b", multipart);
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://sub.localhost")],
    ] {
        for form in [(URL_ENCODED, &*login), multipart] {
            for path in ["/login/", "/register/"] {
                let refused = send_form(&fixture.anon, path, form, headers).await;
                assert_eq!(refused.header("set-cookie"), "", "{headers:?}");
                let body = refused.expect_status(403);
                assert!(body["detail"].is_string(), "{body}");
            }
        }
    }
    let headers = [("origin", &*own), ("sec-fetch-site", "same-origin")];
    let response = send_form(&fixture.anon, "/login/", (URL_ENCODED, &login), &headers).await;
    let cookie = response.header("set-cookie").split(';').next().unwrap().to_owned();
    response.expect_status(200);
    let create = format!("/messages/create/{}/", fixture.room);
    let form = (URL_ENCODED, "content=by+form");
    for origin in ["http://evil.example", "null"] {
        let headers = [("cookie", &*cookie), ("origin", origin)];
        send_form(&fixture.anon, &create, form, &headers).await.expect_status(403);
    }
    let headers = [("cookie", &*cookie), ("origin", &*own)];
    let body = send_form(&fixture.anon, &create, form, &headers).await.expect_status(201);
    assert_eq!(body["content"], "by form");
}

#[tokio::test]
async fn a_form_has_the_limits_of_json() {
    let fixture = Fixture::start().await;
    let create = format!("/messages/create/{}/", fixture.room);
    let large = format!("content={}", "x".repeat(shared::rules::BODY_MAX_BYTES));
    send_form(&fixture.member, &create, (URL_ENCODED, &large), &[]).await.expect_status(413);
    let file = "--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"a.txt\"\r\n\r\n\
         a\r\n--b--";
    let form = ("multipart/form-data; boundary=b", file);
    let body = send_form(&fixture.member, &create, form, &[]).await.expect_status(400);
    assert_eq!(body, json!({"content": ["Not a valid string."]}));
    for broken in ["--b\r\nno end", "nothing"] {
        let form = ("multipart/form-data; boundary=b", broken);
        let body = send_form(&fixture.member, &create, form, &[]).await.expect_status(400);
        assert!(
            body["detail"].as_str().unwrap().starts_with("Multipart form parse error"),
            "{body}"
        );
    }
}

/// A replacement character would be stored, or would be part of a password that nobody can type.
#[tokio::test]
async fn a_text_that_is_not_utf_8_is_refused_by_its_field() {
    let fixture = Fixture::start().await;
    let create = format!("/messages/create/{}/", fixture.room);
    let part = b"--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\n\xff\r\n--b--";
    for (media_type, body) in [
        (URL_ENCODED, b"content=caf%E9".to_vec()),
        (URL_ENCODED, b"content=caf\xe9".to_vec()),
        ("multipart/form-data; boundary=b", part.to_vec()),
    ] {
        let request = fixture.member.request("POST", &create).header("content-type", media_type);
        let refused = Response::fetch(request.body(body)).await.expect_status(400);
        assert_eq!(refused, json!({"content": ["Not a valid string."]}));
    }
    let form = (URL_ENCODED, "content=caf%C3%A9&other=%FF");
    let body = send_form(&fixture.member, &create, form, &[]).await.expect_status(201);
    assert_eq!(body["content"], "caf\u{e9}");
}

/// Hallway's own page does not trim passwords.
#[tokio::test]
async fn a_password_with_blanks_around_it_signs_in() {
    let fixture = Fixture::start().await;
    let account = |password: &str| json!({"username": "carl", "password": password});
    let with_blanks = format!(" {PASSWORD} ");
    fixture.anon.post(paths::USERS, account(&with_blanks)).await.expect_status(201);
    for path in both("/login/") {
        fixture.anon.post(&path, account(&with_blanks)).await.expect_status(200);
        fixture.anon.post(&path, account(PASSWORD)).await.expect_status(400);
    }
}

#[tokio::test]
async fn each_endpoint_lists_its_methods() {
    let fixture = Fixture::start().await;
    let room = fixture.room;
    for path in [
        "/register/".to_owned(),
        "/login/".into(),
        "/rooms/".into(),
        format!("/rooms/{room}/"),
        format!("/rooms/{room}/join/"),
        format!("/messages/{room}/"),
        format!("/messages/create/{room}/"),
    ] {
        for path in both(&path) {
            let options = fixture.anon.call("OPTIONS", &path, Value::Null).await;
            let allowed = options.header("allow").to_owned();
            let metadata = options.expect_status(200);
            assert!(metadata["name"].is_string() && metadata["parses"].is_array(), "{metadata}");
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                let status = fixture.anon.call(method, &path, Value::Null).await.status;
                let is_listed = allowed.split(", ").any(|listed| listed == method);
                assert_eq!(is_listed, status != 405, "{method} {path}: {status}, {allowed}");
            }
        }
    }
}

#[tokio::test]
async fn the_document_has_its_classic_addresses() {
    let fixture = Fixture::start().await;
    let document = fixture.anon.get(paths::OPENAPI).await.expect_status(200);
    for path in ["/swagger.json", "/swagger/?format=openapi", "/redoc/?format=openapi"] {
        let response = fixture.anon.get(path).await;
        assert_eq!(response.header("content-type"), "application/json", "{path}");
        assert_eq!(response.expect_status(200), document, "{path}");
    }
    let page = fixture.anon.get("/swagger/").await;
    assert!(page.header("content-type").starts_with("text/html"));
}
