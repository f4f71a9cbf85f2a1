//! Requests for another host or from another origin, metrics, and reports of policy violations.

use hallway::settings::Secret;
use shared::{paths, problem::Code};

use crate::fixture::{Client, Fixture, Response, Server, Socket};

async fn get_as(client: &Client, path: &str, host: &str) -> Response {
    Response::fetch(client.request("GET", path).header("host", host)).await
}

#[tokio::test]
async fn with_a_public_url_only_its_host_is_served() {
    let url = "https://chat.example.org".parse().unwrap();
    let server = Server::with(|settings| settings.public_url = Some(url)).await;
    let anon = server.anon();
    for path in ["/ui/", "/openapi.json", paths::ME, "/rooms/", "/login", "/nothing"] {
        get_as(&anon, path, "evil.example").await.expect_problem(Code::WrongHost);
        for host in ["chat.example.org", "CHAT.example.org:443", "localhost:8000", "127.0.0.1"] {
            assert_ne!(get_as(&anon, path, host).await.status, 421, "{path} {host}");
        }
    }
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(get_as(&anon, path, "10.0.0.7:8000").await.status, 200, "{path}");
    }
    get_as(&anon, "/metrics", "localhost:8000").await.expect_problem(Code::NotFound);
    let status = |host, origin| {
        let headers = [("host", host), ("origin", origin)];
        async move { Socket::open(server.address, paths::LIVE, &headers).await.err() }
    };
    assert_eq!(status("evil.example", "http://evil.example").await, Some(421));
    assert_eq!(status("chat.example.org", "https://chat.example.org").await, None);
    assert_eq!(status("chat.example.org", "http://chat.example.org").await, Some(403));
}

#[tokio::test]
async fn without_a_public_url_every_host_is_served() {
    let server = Server::start().await;
    assert_eq!(get_as(&server.anon(), "/health/live", "anything.example").await.status, 200);
    assert_eq!(get_as(&server.anon(), paths::ME, "anything.example").await.status, 401);
}

#[tokio::test]
async fn metrics_need_the_token_or_this_machine() {
    let open = Server::start().await;
    let open = open.anon();
    open.get("/health/live").await.expect_status(200);
    assert!(open.get("/metrics").await.text.contains("hallway_"));
    let forwarded = open.request("GET", "/metrics").header("x-forwarded-for", "192.0.2.7");
    Response::fetch(forwarded).await.expect_problem(Code::NotFound);
    let secret = || Some(Secret("s3cret".into()));
    let server = Server::with(|settings| settings.metrics_token = secret()).await;
    server.anon().get("/metrics").await.expect_problem(Code::Unauthenticated);
    let wrong = server.anon().with_authorization("Bearer wrong");
    wrong.get("/metrics").await.expect_problem(Code::Unauthenticated);
    let right = server.anon().with_authorization("Bearer s3cret");
    assert_eq!(right.get("/metrics").await.status, 200);
}

#[tokio::test]
async fn a_report_of_a_policy_violation_has_a_small_limit() {
    let fixture = Fixture::start().await;
    let report = |bytes: usize| fixture.anon.request("POST", "/csp-report").body("x".repeat(bytes));
    assert_eq!(Response::fetch(report(8_000)).await.status, 204);
    assert_eq!(Response::fetch(report(9_000)).await.status, 413);
}
