//! Prometheus metrics, for this machine or the bearer of a token.

use std::{net::SocketAddr, sync::OnceLock};

use axum::{
    Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use shared::problem::Code;
use subtle::ConstantTimeEq;

use crate::{App, Result, Settings, settings::Secret};

/// `/metrics`.
pub fn routes() -> Router<App> {
    // Installs the recorder now, because metrics recorded before that are lost.
    let _ = recorder();
    Router::new().route("/metrics", get(prometheus))
}

/// Whether the caller may read the metrics: has the token or, if none is set, is on this machine. A
/// proxy on this machine says for whom it asks.
fn may_read_metrics(settings: &Settings, headers: &HeaderMap, peer: SocketAddr) -> Result<()> {
    let Some(Secret(token)) = &settings.metrics_token else {
        let forwarding = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
        let own = settings.client_ip_header.as_deref();
        let is_forwarded = forwarding.into_iter().chain(own).any(|name| headers.contains_key(name));
        // With a public URL a proxy on this machine is likely, and it may add none of these headers.
        let is_local = peer.ip().to_canonical().is_loopback()
            && !is_forwarded
            && settings.public_url.is_none();
        return if is_local { Ok(()) } else { Err(Code::NotFound.into()) };
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, given) = given.and_then(|text| text.split_once(' ')).unwrap_or_default();
    let is_right = given.trim().as_bytes().ct_eq(token.as_bytes());
    if scheme.eq_ignore_ascii_case("bearer") && bool::from(is_right) {
        Ok(())
    } else {
        Err(Code::Unauthenticated.into())
    }
}

async fn prometheus(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response> {
    may_read_metrics(&app.settings, &headers, peer)?;
    let text = recorder().map(|recorder| {
        recorder.run_upkeep();
        recorder.render()
    });
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((content_type, text.unwrap_or_default()).into_response())
}

/// The metrics recorder of the process, which the first call installs. All servers of the process share
/// it (tests start several). `None` if another recorder was installed before: then `/metrics` is empty.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let bounds = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0];
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &bounds)
            .ok()?
            .install_recorder()
            .ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        settings: Settings,
    }

    fn may_read(flags: &[&str], peer: &str, given: &[(&'static str, &'static str)]) -> bool {
        let settings = Flags::parse_from([&["hallway"][..], flags].concat()).settings;
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers = given.iter().map(header).collect();
        may_read_metrics(&settings, &headers, peer.parse().unwrap()).is_ok()
    }

    #[test]
    fn without_a_token_only_this_machine_reads_metrics() {
        assert!(may_read(&[], "127.0.0.1:9", &[]));
        assert!(may_read(&[], "[::ffff:127.0.0.1]:9", &[]));
        assert!(!may_read(&[], "192.0.2.7:9", &[]));
        assert!(!may_read(&[], "127.0.0.1:9", &[("x-forwarded-for", "127.0.0.1")]));
        // A proxy on this machine may add no header at all.
        assert!(!may_read(&["--public-url", "https://chat.example.org"], "127.0.0.1:9", &[]));
        let own = ["--client-ip-header", "CF-Connecting-IP"];
        assert!(!may_read(&own, "127.0.0.1:9", &[("cf-connecting-ip", "192.0.2.7")]));
    }

    #[test]
    fn with_a_token_only_its_bearer_reads_metrics() {
        let flags = ["--metrics-token", "s3cret"];
        let with = |value| may_read(&flags, "192.0.2.7:9", &[("authorization", value)]);
        assert!(with("Bearer s3cret") && with("bearer s3cret"));
        assert!(!with("Bearer s3cre") && !with("Basic s3cret") && !with("s3cret"));
        assert!(!may_read(&flags, "127.0.0.1:9", &[]));
    }
}
