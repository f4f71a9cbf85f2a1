//! The routes, as axum templates. [`fill`] turns a template into a path.

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $path;)*
    };
}

paths! {
    /// Accounts: GET, POST.
    USERS = "/api/v1/users";
    /// Confirms the e-mail address of an account, by a token: POST.
    CONFIRM_EMAIL = "/api/v1/users/confirm";
    /// The account of the caller: GET, PATCH, DELETE.
    ME = "/api/v1/users/me";
    /// The profile of the caller: PATCH.
    MY_PROFILE = "/api/v1/users/me/profile";
    /// The favourite rooms of the caller: PUT.
    FAVOURITES = "/api/v1/users/me/favourites";
    /// The people whom the caller blocks: GET.
    BLOCKS = "/api/v1/users/me/blocks";
    /// Whether the caller blocks an account: PUT, DELETE.
    BLOCK = "/api/v1/users/me/blocks/{user}";
    /// Everything of the caller as a file: GET.
    ME_EXPORT = "/api/v1/users/me/export";
    /// One account: GET, PATCH, DELETE.
    USER = "/api/v1/users/{id}";
    /// The sessions of another account: POST ends all of them.
    USER_SIGN_OUT = "/api/v1/users/{id}/sign-out";
    /// The password of another account: POST sets a random one.
    USER_PASSWORD = "/api/v1/users/{id}/password";
    /// The sessions of the caller: GET, POST.
    SESSIONS = "/api/v1/sessions";
    /// One session, `current` for that of the caller: DELETE.
    SESSION = "/api/v1/sessions/{id}";
    /// The settings of the server: GET, POST (set up), PATCH.
    SERVER = "/api/v1/server";
    /// Invitations: GET, POST.
    INVITATIONS = "/api/v1/invitations";
    /// One invitation: DELETE.
    INVITATION = "/api/v1/invitations/{id}";
    /// What an invitation says, by its token: POST.
    INVITATION_PREVIEW = "/api/v1/invitations/preview";
    /// Joins the rooms of an invitation, by its token: POST.
    INVITATION_ACCEPT = "/api/v1/invitations/accept";
    /// Rooms: GET, POST.
    ROOMS = "/api/v1/rooms";
    /// One room: GET, PUT, PATCH, DELETE.
    ROOM = "/api/v1/rooms/{id}";
    /// The deleted rooms that the caller may restore: GET.
    BIN = "/api/v1/rooms/bin";
    /// A deleted room: POST restores it.
    RESTORE = "/api/v1/rooms/{id}/restore";
    /// The membership of the caller: PUT, DELETE.
    MEMBERSHIP = "/api/v1/rooms/{id}/membership";
    /// The members of a room: GET.
    MEMBERS = "/api/v1/rooms/{id}/members";
    /// What happened in a room: GET.
    EVENTS = "/api/v1/rooms/{id}/events";
    /// One member of a room: DELETE.
    MEMBER = "/api/v1/rooms/{id}/members/{user}";
    /// The time-out of a member: PUT, DELETE.
    TIME_OUT = "/api/v1/rooms/{id}/members/{user}/timeout";
    /// The banned accounts of a room: GET.
    BANS = "/api/v1/rooms/{id}/bans";
    /// One banned account of a room: DELETE.
    BAN = "/api/v1/rooms/{id}/bans/{user}";
    /// Whether the caller hides a direct room: PUT, DELETE.
    HIDDEN = "/api/v1/rooms/{id}/hidden";
    /// What the caller prefers in a room: PATCH.
    PREFERENCES = "/api/v1/rooms/{id}/preferences";
    /// Direct rooms: POST.
    DIRECT = "/api/v1/direct";
    /// The members of the caller's rooms: GET.
    PEOPLE = "/api/v1/people";
    /// The messages of a room: GET, POST.
    MESSAGES = "/api/v1/rooms/{id}/messages";
    /// One message: GET, PATCH, DELETE.
    MESSAGE = "/api/v1/rooms/{id}/messages/{seq}";
    /// A reaction of the caller: PUT, DELETE.
    REACTION = "/api/v1/rooms/{id}/messages/{seq}/reactions/{emoji}";
    /// The emoji that reactions can be: GET.
    EMOJIS = "/api/v1/emojis";
    /// Reports a message: POST.
    REPORT_MESSAGE = "/api/v1/rooms/{id}/messages/{seq}/report";
    /// The reports of a room: GET.
    REPORTS = "/api/v1/rooms/{id}/reports";
    /// One report of a room: PATCH.
    REPORT = "/api/v1/rooms/{id}/reports/{report}";
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
    /// The open and private rooms, for admins: GET.
    ADMIN_ROOMS = "/api/v1/admin/rooms";
    /// One room, for admins: DELETE.
    ADMIN_ROOM = "/api/v1/admin/rooms/{id}";
    /// The membership of an admin who was not added: POST.
    ADMIN_ROOM_ENTER = "/api/v1/admin/rooms/{id}/enter";
    /// The audit log: GET.
    AUDIT = "/api/v1/audit";
    /// The audit log as a file: GET.
    AUDIT_EXPORT = "/api/v1/audit/export";
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
