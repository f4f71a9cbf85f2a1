//! Where everything is. The constants are axum's route templates; [`fill`] makes an address of one.

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $path;)*
    };
}

paths! {
    /// Accounts: POST.
    USERS = "/api/v1/users";
    /// My own account: GET, PATCH.
    ME = "/api/v1/users/me";
    /// Somebody's account: GET, PATCH.
    USER = "/api/v1/users/{id}";
    /// Sign-ins: GET, POST.
    SESSIONS = "/api/v1/sessions";
    /// One sign-in, `current` for this one: DELETE.
    SESSION = "/api/v1/sessions/{id}";
    /// Rooms: GET, POST.
    ROOMS = "/api/v1/rooms";
    /// One room: GET, PUT, PATCH, DELETE.
    ROOM = "/api/v1/rooms/{id}";
    /// My place in a room: PUT, DELETE.
    MEMBERSHIP = "/api/v1/rooms/{id}/membership";
    /// Who is in a room: GET.
    MEMBERS = "/api/v1/rooms/{id}/members";
    /// Somebody's place in a room: DELETE.
    MEMBER = "/api/v1/rooms/{id}/members/{user}";
    /// Who is in a room with me: GET.
    PEOPLE = "/api/v1/people";
    /// What was said in a room: GET, POST.
    MESSAGES = "/api/v1/rooms/{id}/messages";
    /// One message: GET, PATCH, DELETE.
    MESSAGE = "/api/v1/rooms/{id}/messages/{seq}";
    /// What was said in all my rooms, and the search: GET.
    SEARCH = "/api/v1/messages";
    /// How much a search finds, and where: GET.
    SUMMARY = "/api/v1/messages/summary";
    /// How much was said in a room on each day of a month: GET.
    CALENDAR = "/api/v1/rooms/{id}/calendar";
    /// How much was said in a room in the last days, when and by whom: GET.
    INSIGHTS = "/api/v1/rooms/{id}/insights";
    /// A room at a glance, however long: GET.
    MAP = "/api/v1/rooms/{id}/map";
    /// Where in a room there is what a search finds: GET.
    MAP_HITS = "/api/v1/rooms/{id}/map/hits";
    /// A room, or a part of it, as a file: GET.
    EXPORT = "/api/v1/rooms/{id}/export";
    /// What a search finds, as a file: GET.
    EXPORT_SEARCH = "/api/v1/messages/export";
    /// How far I have read: PUT.
    READ = "/api/v1/rooms/{id}/read";
    /// What is different since a change: GET.
    CHANGES = "/api/v1/rooms/{id}/changes";
    /// The websocket of [`crate::live`].
    LIVE = "/api/v1/live";
    /// The OpenAPI document.
    OPENAPI = "/openapi.json";
    /// The single-page app.
    UI = "/ui";
}

/// An address from a template: the values in the order of the braces.
///
/// ```
/// use shared::paths;
/// assert_eq!(paths::fill(paths::MESSAGE, &[&7, &42]), "/api/v1/rooms/7/messages/42");
/// ```
pub fn fill(template: &str, values: &[&dyn std::fmt::Display]) -> String {
    let mut values = values.iter();
    let parts = template.split('/').map(|part| match part.starts_with('{') {
        true => values.next().map(ToString::to_string).unwrap_or_default(),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}
