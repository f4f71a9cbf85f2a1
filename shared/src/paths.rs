//! The routes, as axum templates. [`fill`] turns a template into a path.

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $path;)*
    };
}

paths! {
    /// Accounts: POST.
    USERS = "/api/v1/users";
    /// The account of the caller: GET, PATCH.
    ME = "/api/v1/users/me";
    /// One account: GET, PATCH.
    USER = "/api/v1/users/{id}";
    /// The sessions of the caller: GET, POST.
    SESSIONS = "/api/v1/sessions";
    /// One session, `current` for that of the caller: DELETE.
    SESSION = "/api/v1/sessions/{id}";
    /// Rooms: GET, POST.
    ROOMS = "/api/v1/rooms";
    /// One room: GET, PUT, PATCH, DELETE.
    ROOM = "/api/v1/rooms/{id}";
    /// The membership of the caller: PUT, DELETE.
    MEMBERSHIP = "/api/v1/rooms/{id}/membership";
    /// The members of a room: GET.
    MEMBERS = "/api/v1/rooms/{id}/members";
    /// One member of a room: DELETE.
    MEMBER = "/api/v1/rooms/{id}/members/{user}";
    /// The members of the caller's rooms: GET.
    PEOPLE = "/api/v1/people";
    /// The messages of a room: GET, POST.
    MESSAGES = "/api/v1/rooms/{id}/messages";
    /// One message: GET, PATCH, DELETE.
    MESSAGE = "/api/v1/rooms/{id}/messages/{seq}";
    /// The messages of all rooms of the caller, and the search: GET.
    SEARCH = "/api/v1/messages";
    /// The number of hits of a search by room, author and month: GET.
    SUMMARY = "/api/v1/messages/summary";
    /// The number of messages of a room on each day of a month: GET.
    CALENDAR = "/api/v1/rooms/{id}/calendar";
    /// The statistics of a room over the last days: GET.
    INSIGHTS = "/api/v1/rooms/{id}/insights";
    /// The months and mentions of a room for its scrollbar: GET.
    MAP = "/api/v1/rooms/{id}/map";
    /// The hits of a search for the scrollbar: GET.
    MAP_HITS = "/api/v1/rooms/{id}/map/hits";
    /// The messages of a room as a file: GET.
    EXPORT = "/api/v1/rooms/{id}/export";
    /// The hits of a search as a file: GET.
    EXPORT_SEARCH = "/api/v1/messages/export";
    /// The read position of the caller: PUT.
    READ = "/api/v1/rooms/{id}/read";
    /// The changes of a room after a `rev`: GET.
    CHANGES = "/api/v1/rooms/{id}/changes";
    /// The websocket of [`crate::live`].
    LIVE = "/api/v1/live";
    /// The OpenAPI document.
    OPENAPI = "/openapi.json";
    /// The single-page app.
    UI = "/ui";
}

/// Fills the placeholders of a template with `values`, in order.
///
/// ```
/// use shared::paths;
/// assert_eq!(paths::fill(paths::MESSAGE, &[&7, &42]), "/api/v1/rooms/7/messages/42");
/// ```
pub fn fill(template: &str, values: &[&dyn std::fmt::Display]) -> String {
    let mut values = values.iter();
    let segments = template.split('/').map(|segment| match segment.starts_with('{') {
        true => values.next().map(ToString::to_string).unwrap_or_default(),
        false => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}
