//! How somebody may say who they are, and what another site cannot do with a browser's cookie.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use shared::{messages::MessagePage, paths, problem::Code, users::User};

use crate::actors::{Answer, Cast, PASSWORD, Socket};

/// The cookie of a browser that signed in, as it is sent.
async fn cookie(cast: &Cast) -> String {
    let who = json!({"username": "member", "password": PASSWORD});
    let answer = cast.anon.post(paths::SESSIONS, who).await;
    let set = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(set.contains(part), "{set}");
    }
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn another_site_cannot_use_the_cookie() {
    let cast = Cast::assemble().await;
    let (cookie, path) = (cookie(&cast).await, cast.at(paths::MESSAGES));
    let own = format!("http://{}", cast.server.address);
    let port = cast.server.address.port();
    let foreign_port = format!("http://127.0.0.1:{}", port ^ 1);
    let hostile: &[&[(&str, &str)]] = &[
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", &foreign_port)],
    ];
    let say = async |headers: &[(&str, &str)]| {
        let request = cast.anon.request("POST", &path).header("cookie", &cookie);
        let request = headers.iter().fold(request, |request, (k, v)| request.header(*k, *v));
        Answer::of(request.json(&json!({"content": "hello"}))).await
    };
    for headers in hostile {
        say(headers).await.refused(Code::CrossOrigin);
    }
    let page: MessagePage = cast.member.get(&path).await.read(200);
    assert_eq!((page.room_last_seq.0, page.as_of_rev.0), (2, 5), "something was said");
    say(&[("sec-fetch-site", "same-origin"), ("origin", &own)]).await.is(201);
    say(&[("origin", &own)]).await.is(201);
    // No browser at all: a script that keeps cookies.
    say(&[]).await.is(201);
}

/// Reading by a link from elsewhere works: what a browser shows of it, that site cannot see.
#[tokio::test]
async fn a_cookie_reads_from_everywhere() {
    let cast = Cast::assemble().await;
    let request = cast.anon.request("GET", paths::ME).header("cookie", cookie(&cast).await);
    let me: User = Answer::of(request.header("sec-fetch-site", "cross-site")).await.read(200);
    assert_eq!(me, cast.member.user);
}

/// A cookie goes along with an upgrade from any site: here only the origin protects.
#[tokio::test]
async fn a_socket_opens_from_our_own_origin_only() {
    let cast = Cast::assemble().await;
    let (cookie, own) = (cookie(&cast).await, format!("http://{}", cast.server.address));
    let classic = format!("/ws/chat/{}/", cast.room);
    for path in [paths::LIVE, &classic] {
        for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
            let headers = [("cookie", &*cookie), ("origin", origin)];
            let refused = Socket::open(cast.server.address, path, &headers).await.err();
            assert_eq!(refused, Some(403), "{path} from {origin}");
        }
        let bearer = format!("Bearer {}", cast.member.token);
        let headers = [("authorization", &*bearer), ("origin", "https://evil.example")];
        let refused = Socket::open(cast.server.address, path, &headers).await.err();
        assert_eq!(refused, Some(403), "{path} from elsewhere with a token");
        let headers = [("cookie", &*cookie), ("origin", &*own)];
        assert!(Socket::open(cast.server.address, path, &headers).await.is_ok(), "{path}");
    }
}

#[tokio::test]
async fn there_are_three_ways_to_say_who_one_is() {
    let cast = Cast::assemble().await;
    let token = &cast.member.token;
    let basic = STANDARD.encode(format!("MEMBER:{PASSWORD}"));
    for authorization in [
        format!("Bearer {token}"),
        format!("bearer {token}"),
        format!("Token {token}"),
        format!("Basic {basic}"),
    ] {
        let me: User = cast.anon.with(&authorization).get(paths::ME).await.read(200);
        assert_eq!(me.id, cast.member.user.id, "{authorization}");
    }
    // Basic writes too, and is remembered: the second time costs no hash.
    let word = json!({"content": "by script"});
    cast.anon.with(&format!("Basic {basic}")).post(&cast.at(paths::MESSAGES), word).await.is(201);
    let cookie = cookie(&cast).await;
    Answer::of(cast.anon.request("GET", paths::ME).header("cookie", cookie)).await.is(200);
}

#[tokio::test]
async fn what_proves_nothing_is_refused() {
    let cast = Cast::assemble().await;
    let token = &cast.member.token;
    let [head, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let (of_admin, _) = cast.admin.token.rsplit_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let wrong_basic = STANDARD.encode("member:wrong horse");
    for authorization in [
        "Bearer".into(),
        "Bearer ".into(),
        "Bearer nonsense".into(),
        format!("{head}.{claims}.{signature}"),
        format!("Bearer {head}.{claims}."),
        format!("Bearer {none}.{claims}."),
        format!("Bearer {of_admin}.{signature}"),
        format!("Digest {token}"),
        "Basic nonsense".into(),
    ] {
        let refused = cast.anon.with(&authorization).get(paths::ME).await;
        assert!(refused.header("www-authenticate").starts_with("Bearer"), "{authorization}");
        refused.refused(Code::Unauthenticated);
    }
    let refused = cast.anon.with(&format!("Basic {wrong_basic}")).get(paths::ME).await;
    refused.refused(Code::InvalidCredentials);
    for name in ["token", "access_token", "authorization", "auth"] {
        let path = format!("{}?{name}={token}", paths::ME);
        cast.anon.get(&path).await.refused(Code::Unauthenticated);
    }
    let stale = cast.anon.request("GET", paths::ME).header("cookie", "hallway_session=nonsense");
    Answer::of(stale).await.refused(Code::Unauthenticated);
}

/// Every answer, errors included, carries the headers that keep a browser from harm.
#[tokio::test]
async fn every_answer_is_dressed() {
    let cast = Cast::assemble().await;
    for path in [paths::ME, "/nothing", "/openapi.json", "/health/live", "/swagger/", "/rooms/"] {
        let answer = cast.anon.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert!(!answer.header("referrer-policy").is_empty(), "{path}");
    }
    let named = cast.anon.request("GET", "/nothing").header("x-request-id", "from-a-proxy.1");
    let answer = Answer::of(named).await;
    assert_eq!(answer.header("x-request-id"), "from-a-proxy.1");
    answer.refused(Code::NotFound);
}
