//! The operations of one room.

use super::{
    OperationCase,
    Word::{self, Early, Late, Name, Person, Topic},
    list, nothing, read, room, write,
};

pub fn operation_cases() -> Vec<OperationCase> {
    [rooms(), messages(), moderation(), overviews()].into_iter().flatten().collect()
}

fn rooms() -> Vec<OperationCase> {
    vec![
        room(
            "GET /api/v1/rooms",
            [
                list("GET /api/v1/rooms?limit=200", &[Name, Topic]),
                list("GET /api/v1/rooms?q={name}", &[Name]),
            ],
        ),
        nothing("POST /api/v1/rooms", "names"),
        room("GET /api/v1/rooms/{id}", [list("GET /api/v1/rooms/{room}", &[Name, Topic])]),
        room("PUT /api/v1/rooms/{id}", [write("PUT /api/v1/rooms/{room} {\"name\":\"mine\"}")]),
        room(
            "PATCH /api/v1/rooms/{id}",
            [
                write("PATCH /api/v1/rooms/{room} {}"),
                write("PATCH /api/v1/rooms/{room} {\"topic\":\"mine\"}"),
                write("PATCH /api/v1/rooms/{room} {\"name\":\"{name}\"}"),
                write("PATCH /api/v1/rooms/{room} {\"name\":\"\"}"),
                write("PATCH /api/v1/rooms/{room} {\"kind\":\"open\",\"open_from\":1}"),
                write("PATCH /api/v1/rooms/{room} {\"archived\":false,\"history\":\"all\"}"),
                write("PATCH /api/v1/rooms/{room} {\"policies\":{\"post\":\"reader\"}}"),
                write("PATCH /api/v1/rooms/{room} {\"is_default\":true}"),
            ],
        ),
        room("DELETE /api/v1/rooms/{id}", [write("DELETE /api/v1/rooms/{room}")]),
        room("PUT /api/v1/rooms/{id}/membership", [write("PUT /api/v1/rooms/{room}/membership")]),
        room(
            "DELETE /api/v1/rooms/{id}/membership",
            [write("DELETE /api/v1/rooms/{room}/membership")],
        ),
        room(
            "GET /api/v1/rooms/{id}/members",
            [
                read("GET /api/v1/rooms/{room}/members", &[Person]),
                read("GET /api/v1/rooms/{room}/members?after=x", &[]),
                read("GET /api/v1/rooms/{room}/members?q={person}", &[Person]),
                read("GET /api/v1/rooms/{room}/members?role=host", &[]),
            ],
        ),
        room(
            "GET /api/v1/rooms/{id}/events",
            [
                read("GET /api/v1/rooms/{room}/events", &[]),
                read("GET /api/v1/rooms/{room}/events?before_rev=2&limit=1", &[]),
                read("GET /api/v1/rooms/{room}/events?limit=0", &[]),
            ],
        ),
        room(
            "PUT /api/v1/rooms/{id}/members/{user}",
            [write("PUT /api/v1/rooms/{room}/members/{person_id}")],
        ),
        room(
            "PATCH /api/v1/rooms/{id}/members/{user}",
            [write("PATCH /api/v1/rooms/{room}/members/{person_id} {\"role\":\"reader\"}")],
        ),
        room(
            "DELETE /api/v1/rooms/{id}/members/{user}",
            [
                write("DELETE /api/v1/rooms/{room}/members/{person_id}"),
                write("DELETE /api/v1/rooms/{room}/members/{person_id}?ban=true"),
            ],
        ),
        room("PUT /api/v1/rooms/{id}/hidden", [write("PUT /api/v1/rooms/{room}/hidden")]),
        room("DELETE /api/v1/rooms/{id}/hidden", [write("DELETE /api/v1/rooms/{room}/hidden")]),
        room(
            "PATCH /api/v1/rooms/{id}/preferences",
            [
                write("PATCH /api/v1/rooms/{room}/preferences {\"muted\":true}"),
                write("PATCH /api/v1/rooms/{room}/preferences {}"),
            ],
        ),
        nothing("GET /api/v1/rooms/bin", "administration: the bin"),
        nothing("POST /api/v1/rooms/{id}/restore", "administration: the bin"),
        nothing("POST /api/v1/direct", "direct"),
    ]
}

fn messages() -> Vec<OperationCase> {
    const ALL: &[Word] = &[Early, Late, Person];
    vec![
        room(
            "GET /api/v1/rooms/{id}/messages",
            [
                read("GET /api/v1/rooms/{room}/messages", ALL),
                read("GET /api/v1/rooms/{room}/messages?anchor=oldest&after=200", ALL),
                read("GET /api/v1/rooms/{room}/messages?anchor=seq:1&before=200&after=200", ALL),
                read("GET /api/v1/rooms/{room}/messages?anchor=seq:3&before=200&after=0", ALL),
                read("GET /api/v1/rooms/{room}/messages?anchor=id:{early_id}", ALL),
                read("GET /api/v1/rooms/{room}/messages?anchor=id:{late_id}", ALL),
                read("GET /api/v1/rooms/{room}/messages?anchor=date:2020-01-01&after=9", ALL),
                read("GET /api/v1/rooms/{room}/messages?anchor=first_unread", &[Late]),
                read("GET /api/v1/rooms/{room}/messages?anchor=last_read", &[Late]),
                read("GET /api/v1/rooms/{room}/messages?anchor=nowhere", &[]),
                read("GET /api/v1/rooms/{room}/messages?q={early}", &[Early]),
                read("GET /api/v1/rooms/{room}/messages?q=~{early}", &[Early]),
                read("GET /api/v1/rooms/{room}/messages?q={late}", &[Late]),
                read("GET /api/v1/rooms/{room}/messages?q=from:{person}", ALL),
                read("GET /api/v1/rooms/{room}/messages?q=is:edited", &[Early]),
            ],
        ),
        room(
            "POST /api/v1/rooms/{id}/messages",
            [
                write("POST /api/v1/rooms/{room}/messages {\"content\":\"mine\"}"),
                write("POST /api/v1/rooms/{room}/messages {\"content\":\"mine\",\"reply_to\":1}"),
            ],
        ),
        room(
            "GET /api/v1/rooms/{id}/messages/{seq}",
            [
                read("GET /api/v1/rooms/{room}/messages/1", &[Early]),
                read("GET /api/v1/rooms/{room}/messages/3", &[Late]),
                read("GET /api/v1/rooms/{room}/messages/x", &[]),
            ],
        ),
        room(
            "PATCH /api/v1/rooms/{id}/messages/{seq}",
            [write("PATCH /api/v1/rooms/{room}/messages/1 {\"content\":\"mine\"}")],
        ),
        room(
            "DELETE /api/v1/rooms/{id}/messages/{seq}",
            [write("DELETE /api/v1/rooms/{room}/messages/1")],
        ),
        room(
            "PUT /api/v1/rooms/{id}/messages/{seq}/reactions/{emoji}",
            [write("PUT /api/v1/rooms/{room}/messages/1/reactions/👍")],
        ),
        room(
            "DELETE /api/v1/rooms/{id}/messages/{seq}/reactions/{emoji}",
            [write("DELETE /api/v1/rooms/{room}/messages/1/reactions/👍")],
        ),
        room("PUT /api/v1/rooms/{id}/read", [write("PUT /api/v1/rooms/{room}/read {\"seq\":1}")]),
        room(
            "GET /api/v1/rooms/{id}/changes",
            [
                read("GET /api/v1/rooms/{room}/changes?after_rev=0", ALL),
                read("GET /api/v1/rooms/{room}/changes?after_rev=0&limit=1", &[]),
            ],
        ),
        nothing("GET /api/v1/live", "live"),
    ]
}

fn moderation() -> Vec<OperationCase> {
    const TIME_OUT: &str = "PUT /api/v1/rooms/{room}/members/{person_id}/timeout {\"minutes\":5}";
    vec![
        room("PUT /api/v1/rooms/{id}/members/{user}/timeout", [write(TIME_OUT)]),
        room(
            "DELETE /api/v1/rooms/{id}/members/{user}/timeout",
            [write("DELETE /api/v1/rooms/{room}/members/{person_id}/timeout")],
        ),
        room(
            "GET /api/v1/rooms/{id}/bans",
            [
                read("GET /api/v1/rooms/{room}/bans", &[]),
                read("GET /api/v1/rooms/{room}/bans?after=x", &[]),
            ],
        ),
        room(
            "DELETE /api/v1/rooms/{id}/bans/{user}",
            [write("DELETE /api/v1/rooms/{room}/bans/{person_id}")],
        ),
        room(
            "POST /api/v1/rooms/{id}/messages/{seq}/report",
            [write("POST /api/v1/rooms/{room}/messages/1/report {\"reason\":\"rude\"}")],
        ),
        room(
            "GET /api/v1/rooms/{id}/reports",
            [
                read("GET /api/v1/rooms/{room}/reports", &[]),
                read("GET /api/v1/rooms/{room}/reports?state=open&limit=200", &[]),
            ],
        ),
        room(
            "PATCH /api/v1/rooms/{id}/reports/{report}",
            [write("PATCH /api/v1/rooms/{room}/reports/1 {\"state\":\"resolved\"}")],
        ),
    ]
}

fn overviews() -> Vec<OperationCase> {
    const ALL: &[Word] = &[Early, Late, Person];
    const NAMED: &[Word] = &[Early, Late, Person, Name];
    vec![
        room("GET /api/v1/rooms/{id}/calendar", [read("GET /api/v1/rooms/{room}/calendar", &[])]),
        room(
            "GET /api/v1/rooms/{id}/insights",
            [read("GET /api/v1/rooms/{room}/insights", &[Person])],
        ),
        room("GET /api/v1/rooms/{id}/map", [read("GET /api/v1/rooms/{room}/map", &[])]),
        room(
            "GET /api/v1/rooms/{id}/map/hits",
            [
                read("GET /api/v1/rooms/{room}/map/hits", &[]),
                read("GET /api/v1/rooms/{room}/map/hits?q={early}", &[]),
                read("GET /api/v1/rooms/{room}/map/hits?q=from:{person}", &[]),
            ],
        ),
        room(
            "GET /api/v1/rooms/{id}/export",
            [
                read("GET /api/v1/rooms/{room}/export", ALL),
                read("GET /api/v1/rooms/{room}/export?format=jsonl&from_seq=1", ALL),
                read("GET /api/v1/rooms/{room}/export?format=jsonl&from_seq=1&to_seq=2", &[Early]),
                read("GET /api/v1/rooms/{room}/export?format=csv&from_seq=1", NAMED),
                read("GET /api/v1/rooms/{room}/export?format=markdown&from_seq=1", NAMED),
                read("GET /api/v1/rooms/{room}/export?format=html&from_seq=1", NAMED),
            ],
        ),
    ]
}
