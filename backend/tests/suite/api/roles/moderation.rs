//! The endpoints of time-outs, bans and reports.

use serde_json::{Value, json};
use shared::problem::Code::{InvalidFields, NotAMember, NotFound};

use super::{ANON, Endpoint, HOSTS_ONLY};

/// Nobody is banned, and nothing was reported.
pub(super) fn moderation_endpoints() -> Vec<Endpoint> {
    let hosts = |of_admin| [ANON, HOSTS_ONLY, HOSTS_ONLY, of_admin];
    let (minutes, state) = (json!({"minutes": 5}), json!({"state": "dismissed"}));
    let time_out = "/rooms/{room}/members/{member}/timeout";
    vec![
        Endpoint("PUT", time_out, minutes, hosts(Ok(200))),
        Endpoint("DELETE", time_out, Value::Null, hosts(Ok(204))),
        Endpoint("GET", "/rooms/{room}/bans", Value::Null, hosts(Ok(200))),
        Endpoint("DELETE", "/rooms/{room}/bans/{member}", Value::Null, hosts(Err(NotFound))),
        Endpoint(
            "POST",
            "/rooms/{room}/messages/2/report",
            json!({"reason": "rude"}),
            // The admin wrote it.
            [ANON, Err(NotAMember), Ok(204), Err(InvalidFields)],
        ),
        Endpoint("GET", "/rooms/{room}/reports", Value::Null, hosts(Ok(200))),
        Endpoint("PATCH", "/rooms/{room}/reports/1", state, hosts(Err(NotFound))),
    ]
}
