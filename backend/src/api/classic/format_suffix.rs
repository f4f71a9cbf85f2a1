//! The suffix `.json` that each classic path can have, as in `/rooms.json`.

use axum::{extract::Request, http::Uri};

const PATHS: [&str; 4] = ["/rooms", "/messages", "/register", "/login"];
const SUFFIX: &str = ".json";

/// Removes the suffix from a classic path. Runs before routing.
pub fn strip_format_suffix(mut request: Request) -> Request {
    if let Some(uri) = without_suffix(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn without_suffix(uri: &Uri) -> Option<Uri> {
    let path = uri.path().trim_end_matches('/').strip_suffix(SUFFIX)?;
    let is_below = |parent: &str| {
        path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !PATHS.into_iter().any(is_below) {
        return None;
    }
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("{path}{query}").parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_classic_paths_lose_the_suffix() {
        let stripped = |uri: &str| without_suffix(&uri.parse().unwrap()).map(|it| it.to_string());
        for (uri, expected) in [
            ("/rooms.json", "/rooms"),
            ("/rooms/1.json/", "/rooms/1"),
            ("/messages/create/1.json?a=b", "/messages/create/1?a=b"),
            ("http://chat.example.org/login.json", "http://chat.example.org/login"),
        ] {
            assert_eq!(stripped(uri).as_deref(), Some(expected), "{uri}");
        }
        for uri in ["/rooms", "/openapi.json", "/api/v1/rooms.json", "/roomsx.json", "/rooms.xml"] {
            assert_eq!(stripped(uri), None, "{uri}");
        }
    }
}
