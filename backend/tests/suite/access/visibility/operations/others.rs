//! The operations of all rooms of the caller, of people, and of the classic chat.

use super::{
    OperationCase,
    Word::{self, Early, Late, Name, Person, Topic},
    account, classic, list, nothing, read, room, write,
};

pub fn operation_cases() -> Vec<OperationCase> {
    [searches(), people(), admins(), classic_operation_cases()].into_iter().flatten().collect()
}

fn searches() -> Vec<OperationCase> {
    const ALL: &[Word] = &[Early, Late, Person];
    const NAMED: &[Word] = &[Early, Late, Person, Name];
    vec![
        room(
            "GET /api/v1/messages",
            [
                read("GET /api/v1/messages?before=200", ALL),
                read("GET /api/v1/messages?q={early}&context=true", &[Early]),
                // The early messages are the neighbours of the first late one.
                read("GET /api/v1/messages?q={late}&context=true", ALL),
                read("GET /api/v1/messages?q=~{early}", &[Early]),
                read("GET /api/v1/messages?q={early} OR {late}", ALL),
                read("GET /api/v1/messages?q=sort:relevance {early}", &[Early]),
                read("GET /api/v1/messages?q=-nothing&before=200", ALL),
                read("GET /api/v1/messages?q=in:{name}", ALL),
                read("GET /api/v1/messages?q=in:%23{room}", ALL),
                read("GET /api/v1/messages?q=from:{person}", ALL),
                read("GET /api/v1/messages?q=mentions:{person}", &[]),
                read("GET /api/v1/messages?q=near:1 in:%23{room}", ALL),
                read("GET /api/v1/messages?q=is:deleted", &[]),
                read("GET /api/v1/messages?q=is:unread&before=200", &[Late]),
            ],
        ),
        room(
            "GET /api/v1/messages/summary",
            [
                read("GET /api/v1/messages/summary", &[Person, Name]),
                read("GET /api/v1/messages/summary?q={early}", &[]),
                read("GET /api/v1/messages/summary?q={late}", &[Person, Name]),
                read("GET /api/v1/messages/summary?q=from:{person}", &[Person, Name]),
            ],
        ),
        room(
            "GET /api/v1/messages/export",
            [
                read("GET /api/v1/messages/export", ALL),
                read("GET /api/v1/messages/export?format=csv", NAMED),
                read("GET /api/v1/messages/export?format=markdown", NAMED),
                read("GET /api/v1/messages/export?format=html", NAMED),
                read("GET /api/v1/messages/export?format=jsonl&q={early}", &[Early]),
                read("GET /api/v1/messages/export?format=html&q=from:{person}", NAMED),
            ],
        ),
    ]
}

fn people() -> Vec<OperationCase> {
    vec![
        room(
            "GET /api/v1/people",
            [
                read("GET /api/v1/people", &[]),
                read("GET /api/v1/people?q={person}", &[Person]),
                read("GET /api/v1/people?q={person}&scope=server", &[]),
            ],
        ),
        account("GET /api/v1/users/{id}", [read("GET /api/v1/users/{person_id}", &[Person])]),
        account(
            "PATCH /api/v1/users/{id}",
            [
                write("PATCH /api/v1/users/{person_id} {\"is_disabled\":true}"),
                write("PATCH /api/v1/users/{person_id} {\"display_name\":\"mine\"}"),
            ],
        ),
        room(
            "PUT /api/v1/users/me/favourites",
            [write("PUT /api/v1/users/me/favourites {\"rooms\":[{room}]}")],
        ),
        nothing("POST /api/v1/users", "new accounts are in default rooms: admission"),
        account(
            "PUT /api/v1/users/me/blocks/{user}",
            [write("PUT /api/v1/users/me/blocks/{person_id}")],
        ),
        account(
            "DELETE /api/v1/users/me/blocks/{user}",
            [write("DELETE /api/v1/users/me/blocks/{person_id}")],
        ),
        nothing("GET /api/v1/users/me/blocks", "the people whom the caller blocks: access::blocks"),
        account(
            "DELETE /api/v1/users/{id}",
            [write("DELETE /api/v1/users/{person_id} {\"messages\":\"keep\"}")],
        ),
        nothing("GET /api/v1/emojis", "the emoji of Unicode"),
        nothing("GET /api/v1/users/me", "the account of the caller"),
        nothing("PATCH /api/v1/users/me", "the account of the caller"),
        nothing("PATCH /api/v1/users/me/profile", "the account of the caller"),
        nothing("DELETE /api/v1/users/me", "the account of the caller"),
        nothing("GET /api/v1/users/me/export", "export::own_data"),
        nothing("POST /api/v1/sessions", "the account of the caller"),
        nothing("GET /api/v1/sessions", "the account of the caller"),
        nothing("DELETE /api/v1/sessions/{id}", "the account of the caller"),
        nothing("GET /health/live", "the server"),
        nothing("GET /health/ready", "the server"),
    ]
}

/// Admins see more than others here, and other tests say who is one: `api::roles` and `api::administration`.
fn admins() -> Vec<OperationCase> {
    const ADMINS: &str = "administration";
    const ADMISSION: &str = "admission";
    vec![
        nothing("GET /api/v1/users", ADMINS),
        nothing("POST /api/v1/users/{id}/sign-out", ADMINS),
        nothing("POST /api/v1/users/{id}/password", ADMINS),
        nothing("GET /api/v1/admin/rooms", ADMINS),
        nothing("POST /api/v1/admin/rooms/{id}/enter", ADMINS),
        nothing("DELETE /api/v1/admin/rooms/{id}", ADMINS),
        nothing("GET /api/v1/audit", ADMINS),
        nothing("GET /api/v1/audit/export", ADMINS),
        nothing("POST /api/v1/users/confirm", ADMISSION),
        nothing("GET /api/v1/server", ADMISSION),
        nothing("POST /api/v1/server", ADMISSION),
        nothing("PATCH /api/v1/server", ADMISSION),
        nothing("GET /api/v1/invitations", ADMISSION),
        nothing("POST /api/v1/invitations", ADMISSION),
        nothing("DELETE /api/v1/invitations/{id}", ADMISSION),
        nothing("POST /api/v1/invitations/preview", ADMISSION),
        nothing("POST /api/v1/invitations/accept", ADMISSION),
    ]
}

fn classic_operation_cases() -> Vec<OperationCase> {
    const ALL: &[Word] = &[Early, Late, Person, Name];
    vec![
        nothing("POST /register", "new accounts are in no room"),
        nothing("POST /login", "the account of the caller"),
        classic("GET /rooms", [list("GET /rooms/", &[Name, Topic])]),
        nothing("POST /rooms", "names"),
        classic("GET /rooms/{id}", [list("GET /rooms/{room}/", &[Name, Topic])]),
        classic("PUT /rooms/{id}", [write("PUT /rooms/{room}/ {\"name\":\"mine\"}")]),
        classic(
            "PATCH /rooms/{id}",
            [
                write("PATCH /rooms/{room}/ {}"),
                write("PATCH /rooms/{room}/ {\"topic\":\"mine\"}"),
                write("PATCH /rooms/{room}/ {\"users\":[{person_id}]}"),
            ],
        ),
        classic("DELETE /rooms/{id}", [write("DELETE /rooms/{room}/")]),
        classic("POST /rooms/{id}/join", [write("POST /rooms/{room}/join/")]),
        classic(
            "GET /messages/{id}",
            [
                read("GET /messages/{room}/", ALL),
                read("GET /messages/{room}/?limit=1000", ALL),
                read("GET /messages/{room}/?before={late_id}", &[Early]),
                read("GET /messages/{room}/?before={early_id}", &[]),
            ],
        ),
        classic(
            "POST /messages/create/{id}",
            [write("POST /messages/create/{room}/ {\"content\":\"mine\"}")],
        ),
        classic("GET /ws/chat/{id}", [read("GET /ws/chat/{room}/", &[])]),
    ]
}
