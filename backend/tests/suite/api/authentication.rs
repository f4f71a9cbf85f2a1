//! Authentication methods, and protection of the session cookie against cross-site requests.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use shared::{messages::MessagePage, paths, problem::Code, users::User};

use crate::fixture::{Fixture, PASSWORD, Response, Socket};

/// Signs in as a browser does; returns the value for the `Cookie` header.
async fn cookie(fixture: &Fixture) -> String {
    let credentials = json!({"username": "member", "password": PASSWORD});
    let response = fixture.anon.post(paths::SESSIONS, credentials).await;
    let set_cookie = response.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(set_cookie.contains(part), "{set_cookie}");
    }
    set_cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_may_write_only_from_our_own_origin() {
    let fixture = Fixture::start().await;
    let (cookie, path) = (cookie(&fixture).await, fixture.path(paths::MESSAGES));
    let own_origin = format!("http://{}", fixture.server.address);
    let port = fixture.server.address.port();
    let foreign_port = format!("http://127.0.0.1:{}", port ^ 1);
    let cross_origin_headers: &[&[(&str, &str)]] = &[
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", &foreign_port)],
    ];
    let post_with_headers = async |headers: &[(&str, &str)]| {
        let request = fixture.anon.request("POST", &path).header("cookie", &cookie);
        let request = headers.iter().fold(request, |request, (k, v)| request.header(*k, *v));
        Response::fetch(request.json(&json!({"content": "hello"}))).await
    };
    for headers in cross_origin_headers {
        post_with_headers(headers).await.expect_problem(Code::CrossOrigin);
    }
    let page: MessagePage = fixture.member.get(&path).await.expect_json(200);
    assert_eq!((page.room_last_seq.0, page.as_of_rev.0), (2, 5), "a message was posted");
    post_with_headers(&[("sec-fetch-site", "same-origin"), ("origin", &own_origin)])
        .await
        .expect_status(201);
    post_with_headers(&[("origin", &own_origin)]).await.expect_status(201);
    // A script with cookies sends neither header.
    post_with_headers(&[]).await.expect_status(201);
}

/// Links from other sites must work; the browser hides the response from those sites.
#[tokio::test]
async fn a_cookie_may_read_from_any_origin() {
    let fixture = Fixture::start().await;
    let request = fixture.anon.request("GET", paths::ME).header("cookie", cookie(&fixture).await);
    let me: User =
        Response::fetch(request.header("sec-fetch-site", "cross-site")).await.expect_json(200);
    assert_eq!(me, fixture.member.user);
}

/// Browsers send the cookie with a websocket upgrade from any site, so only the origin check protects
/// against other sites.
#[tokio::test]
async fn a_socket_opens_only_from_our_own_origin() {
    let fixture = Fixture::start().await;
    let (cookie, own_origin) =
        (cookie(&fixture).await, format!("http://{}", fixture.server.address));
    let classic = format!("/ws/chat/{}/", fixture.room);
    for path in [paths::LIVE, &classic] {
        for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
            let headers = [("cookie", &*cookie), ("origin", origin)];
            let refused = Socket::open(fixture.server.address, path, &headers).await.err();
            assert_eq!(refused, Some(403), "{path} from {origin}");
        }
        let bearer = format!("Bearer {}", fixture.member.token);
        let headers = [("authorization", &*bearer), ("origin", "https://evil.example")];
        let refused = Socket::open(fixture.server.address, path, &headers).await.err();
        assert_eq!(refused, Some(403), "{path} from another origin with a token");
        let headers = [("cookie", &*cookie), ("origin", &*own_origin)];
        assert!(Socket::open(fixture.server.address, path, &headers).await.is_ok(), "{path}");
    }
}

#[tokio::test]
async fn bearer_basic_and_cookie_authenticate() {
    let fixture = Fixture::start().await;
    let token = &fixture.member.token;
    let basic = STANDARD.encode(format!("MEMBER:{PASSWORD}"));
    for authorization in [
        format!("Bearer {token}"),
        format!("bearer {token}"),
        format!("Token {token}"),
        format!("Basic {basic}"),
    ] {
        let me: User =
            fixture.anon.with_authorization(&authorization).get(paths::ME).await.expect_json(200);
        assert_eq!(me.id, fixture.member.user.id, "{authorization}");
    }
    // Basic authentication may write, too. The verification is cached, so the second request computes
    // no hash.
    let message = json!({"content": "by script"});
    fixture
        .anon
        .with_authorization(&format!("Basic {basic}"))
        .post(&fixture.path(paths::MESSAGES), message)
        .await
        .expect_status(201);
    let cookie = cookie(&fixture).await;
    Response::fetch(fixture.anon.request("GET", paths::ME).header("cookie", cookie))
        .await
        .expect_status(200);
}

#[tokio::test]
async fn invalid_credentials_are_refused() {
    let fixture = Fixture::start().await;
    let token = &fixture.member.token;
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let (admin_claims, _) = fixture.admin.token.rsplit_once('.').unwrap();
    let unsigned_header = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let wrong_basic = STANDARD.encode("member:wrong horse");
    for authorization in [
        "Bearer".into(),
        "Bearer ".into(),
        "Bearer nonsense".into(),
        format!("{header}.{claims}.{signature}"),
        format!("Bearer {header}.{claims}."),
        format!("Bearer {unsigned_header}.{claims}."),
        format!("Bearer {admin_claims}.{signature}"),
        format!("Digest {token}"),
        "Basic nonsense".into(),
    ] {
        let refused = fixture.anon.with_authorization(&authorization).get(paths::ME).await;
        assert!(refused.header("www-authenticate").starts_with("Bearer"), "{authorization}");
        refused.expect_problem(Code::Unauthenticated);
    }
    let refused =
        fixture.anon.with_authorization(&format!("Basic {wrong_basic}")).get(paths::ME).await;
    refused.expect_problem(Code::InvalidCredentials);
    for name in ["token", "access_token", "authorization", "auth"] {
        let path = format!("{}?{name}={token}", paths::ME);
        fixture.anon.get(&path).await.expect_problem(Code::Unauthenticated);
    }
    let stale = fixture.anon.request("GET", paths::ME).header("cookie", "hallway_session=nonsense");
    Response::fetch(stale).await.expect_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let fixture = Fixture::start().await;
    for path in [paths::ME, "/nothing", "/openapi.json", "/health/live", "/swagger/", "/rooms/"] {
        let response = fixture.anon.get(path).await;
        assert_eq!(response.header("x-content-type-options"), "nosniff", "{path}");
        assert!(
            response.header("content-security-policy").contains("default-src 'none'"),
            "{path}"
        );
        assert!(!response.header("x-request-id").is_empty(), "{path}");
        assert!(!response.header("referrer-policy").is_empty(), "{path}");
    }
    let request = fixture.anon.request("GET", "/nothing").header("x-request-id", "from-a-proxy.1");
    let response = Response::fetch(request).await;
    assert_eq!(response.header("x-request-id"), "from-a-proxy.1");
    response.expect_problem(Code::NotFound);
}
