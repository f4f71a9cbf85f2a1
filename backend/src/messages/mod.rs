//! What is said in rooms. Every door that lets somebody speak calls [`submit`].

use aide::{
    axum::{
        ApiRouter,
        routing::{get_with, put_with},
    },
    transform::TransformOperation,
};
use shared::{
    ids::{ClientId, RoomId, UserId},
    messages::NewMessage,
    paths,
    problem::Code,
    rules,
};
use uuid::Uuid;

use crate::{
    App, Result,
    http::problems,
    realtime::{
        hub::SocketId,
        ledger::{PendingWrite, PostMessage, PostedMessage},
    },
};

mod calendar;
mod handlers;
mod insights;
mod map;
mod pages;
pub mod queries;

/// The message endpoints.
pub fn routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::MESSAGES,
            get_with(h::list, |op| {
                doc(op, "listMessages", "A page of a room, oldest first")
                    .with(problems::of(&[Code::InvalidSearch]))
                    .description(
                        "The message at the anchor, with so many `before` and `after` it; at the \
                     room's ends they are fewer. With neither they are 50 in all: 49 before \
                     `newest`, 49 after `oldest`, 25 before and 24 after any other. With one of \
                     the two, the other is 0. An anchor that leads nowhere leads to the message \
                     that is nearest, and `anchor.reason` says why.",
                    )
            })
            .post_with(h::post, |op| {
                doc(op, "postMessage", "Say something")
                    .description(
                        "With the same `client_id` a retry returns the original (200) instead \
                             of a second message (201).",
                    )
                    .with(problems::of(&[Code::NotFound, Code::NotAMember, Code::ClientIdReused]))
            }),
        )
        .api_route(
            paths::MESSAGE,
            get_with(h::get, |op| doc(op, "getMessage", "One message"))
                .patch_with(h::edit, |op| {
                    doc(op, "editMessage", "Give one's own message another text").with(
                        problems::of(&[
                            Code::NotFound,
                            Code::NotAMember,
                            Code::NotTheAuthor,
                            Code::MessageDeleted,
                        ]),
                    )
                })
                .delete_with(h::delete, |op| {
                    doc(op, "deleteMessage", "Delete a message for ever (its author, or an admin)")
                        .with(problems::of(&[Code::NotFound, Code::NotAMember, Code::NotTheAuthor]))
                }),
        )
        .api_route(
            paths::CALENDAR,
            get_with(h::calendar, |op| {
                doc(op, "getCalendar", "How much was said on each day of a month").description(
                    "Of a day, `anchor=seq:..` with its `first_seq` reads the messages. `earlier` \
                     and `later` lead over months in which nothing was said.",
                )
            }),
        )
        .api_route(
            paths::INSIGHTS,
            get_with(h::insights, |op| {
                doc(op, "getInsights", "How much was said in the last days, when and by whom")
                    .with(problems::of(&[Code::Unavailable]))
                    .description(
                        "Of a room in which very much is said the newest 50 000 messages are \
                         counted: `since` says from which moment on.",
                    )
            }),
        )
        .api_route(
            paths::MAP,
            get_with(map::map, |op| {
                doc(op, "getMap", "A room at a glance, however long").description(
                    "Where its months begin, and where one was spoken of: what a scrollbar can show \
                     beside its thumb. Numbers are dense, so a place is `seq` of `room_last_seq`.",
                )
            }),
        )
        .api_route(
            paths::MAP_HITS,
            get_with(map::hits, |op| {
                doc(op, "getMapHits", "Where in a room there is what a search finds")
                    .with(problems::of(&[Code::InvalidSearch, Code::AdminOnly, Code::Unavailable]))
                    .description(
                        "Of each thousandth of the room the newest hit: what a scrollbar can show. \
                         With `is:mine`, where one spoke. Looking through very many messages takes \
                         time: then `older` is the `up_to` of the next request.",
                    )
            }),
        )
        .api_route(
            paths::READ,
            put_with(h::read, |op| {
                doc(op, "markRead", "I have read up to here, or only up to here")
                    .description(
                        "The mark only grows, so that whatever two devices say in whatever order, \
                         what was read stays read. With `exact` it is set to `seq`, back or forth. \
                         A device that marks by itself what it shows says as `known` what it believes \
                         to be read: if that is not so any more, nothing is marked. \
                         All devices hear of either. To mark all rooms as read, mark each up to \
                         the newest message that was shown of it.",
                    )
                    .with(problems::of(&[Code::NotFound, Code::NotAMember]))
            }),
        )
        .api_route(
            paths::CHANGES,
            get_with(h::changes, |op| {
                doc(op, "listChanges", "What is different since a change, in latest states")
            }),
        )
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("messages").summary(summary)
}

/// Checks a message and puts it in line; the answer comes after the commit.
pub async fn submit(
    app: &App,
    author: UserId,
    room: RoomId,
    new: NewMessage,
    socket: Option<SocketId>,
) -> Result<PendingWrite<PostedMessage>> {
    let content = rules::validate_content(&new.content)?;
    let client_id = new.client_id.unwrap_or_else(|| ClientId(Uuid::now_v7()));
    let post = PostMessage { room, author, client_id, content, reply_to: new.reply_to, socket };
    app.ledger.post(post).await
}

/// Says something, and waits until it is stored.
pub async fn post(
    app: &App,
    author: UserId,
    room: RoomId,
    new: NewMessage,
) -> Result<PostedMessage> {
    submit(app, author, room, new, None).await?.committed().await
}
