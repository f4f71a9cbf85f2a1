//! The messages of a room: pages, posting, editing, deleting, reactions, read positions, and overviews.

use aide::{
    axum::{
        ApiRouter,
        routing::{get_with, put_with},
    },
    transform::TransformOperation,
};
use shared::{paths, problem::Code};

use crate::{App, http::problems};

mod anchors;
mod calendar;
mod handlers;
mod insights;
mod map;
mod overviews;
mod pages;
mod posting;
pub mod queries;
mod reactions;
mod typing;

pub use posting::{post, submit};
pub use typing::may_type;

/// The message endpoints.
pub fn routes() -> ApiRouter<App> {
    message_routes().merge(reaction_routes()).merge(overview_routes()).merge(sync_routes())
}

/// The errors of posting a message.
const POST: &[Code] = &[
    Code::NotFound,
    Code::NotAMember,
    Code::DirectRefused,
    Code::TimedOut,
    Code::ClientIdReused,
    Code::SlowMode,
    Code::TooManyLinks,
];
/// The errors of editing a message.
const EDIT: &[Code] = &[
    Code::NotFound,
    Code::NotAMember,
    Code::NotTheAuthor,
    Code::DirectRefused,
    Code::TimedOut,
    Code::MessageDeleted,
    Code::TooManyLinks,
];

/// The errors of adding and removing a reaction.
const REACT: &[Code] = &[
    Code::NotFound,
    Code::NotAMember,
    Code::RoomArchived,
    Code::DirectRefused,
    Code::TimedOut,
    Code::MessageDeleted,
    Code::InvalidFields,
];

fn reaction_routes() -> ApiRouter<App> {
    use reactions as h;
    ApiRouter::new()
        .api_route(
            paths::REACTION,
            put_with(h::add, |op| {
                doc(op, "addReaction", "Add an emoji to a message")
                    .description(
                        "Returns the message in its new state, and has no further effect if the caller \
                         added the emoji before. A message has at most 50 different reactions and at most \
                         2 000 in all. Everybody in the room gets the message as a change, so a reaction counts \
                         against the rate of messages.",
                    )
                    .with(problems::of(REACT))
            })
            .delete_with(h::remove, |op| {
                doc(op, "removeReaction", "Remove my emoji from a message")
                    .description("Has no effect if the caller has not added the emoji.")
                    .with(problems::of(REACT))
            }),
        )
        .api_route(
            paths::EMOJIS,
            get_with(h::list_emojis, |op| {
                doc(op, "listEmojis", "The emoji that reactions can be").description(
                    "All emoji of Unicode with their English names, in the order of Unicode's own \
                     charts.",
                )
            }),
        )
}

fn message_routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::MESSAGES,
            get_with(h::list, |op| {
                doc(op, "listMessages", "A page of a room's messages, oldest first")
                    .with(problems::of(&[Code::InvalidSearch]))
                    .description(
                        "Returns the message at the anchor with up to `before` messages before and \
                         `after` messages after it. Without both, a page has 50 messages: 49 \
                         before `newest`, 49 after `oldest`, or 25 before and 24 after any other \
                         anchor. If only one of the two is given, the other is 0. An anchor that \
                         does not exist resolves to the nearest message, and `anchor.reason` says \
                         why.",
                    )
            })
            .post_with(h::post, |op| {
                doc(op, "postMessage", "Post a message")
                    .description(
                        "A retry with the same `client_id` returns the original message (200) \
                         instead of posting a second one (201).",
                    )
                    .with(problems::of(POST))
            }),
        )
        .api_route(
            paths::MESSAGE,
            get_with(h::get, |op| doc(op, "getMessage", "Get a message"))
                .patch_with(h::edit, |op| {
                    doc(op, "editMessage", "Edit my message").with(problems::of(EDIT))
                })
                .delete_with(h::delete, |op| {
                    doc(
                        op,
                        "deleteMessage",
                        "Delete a message permanently (its author or an admin)",
                    )
                    .with(problems::of(&[
                        Code::NotFound,
                        Code::NotAMember,
                        Code::NotTheAuthor,
                    ]))
                }),
        )
}

fn overview_routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            paths::CALENDAR,
            get_with(overviews::calendar, |op| {
                doc(op, "getCalendar", "Count the messages of each day of a month").description(
                    "To read the messages of a day, use its `first_seq` as `anchor=seq:..`. \
                     `earlier` and `later` skip months without messages.",
                )
            }),
        )
        .api_route(
            paths::INSIGHTS,
            get_with(overviews::insights, |op| {
                doc(op, "getInsights", "Count the messages of the last days by hour and author")
                    .with(problems::of(&[Code::Unavailable]))
                    .description(
                        "Counts at most the newest 50 000 messages; `since` is the time from which \
                         it counts.",
                    )
            }),
        )
        .api_route(
            paths::MAP,
            get_with(map::map, |op| {
                doc(op, "getMap", "An overview of a whole room").description(
                    "Returns where months begin and where I am mentioned, for marks on a scrollbar. \
                     Every `seq` exists, so the position of a mark is `seq` divided by \
                     `room_last_seq`.",
                )
            }),
        )
        .api_route(
            paths::MAP_HITS,
            get_with(map::hits, |op| {
                doc(op, "getMapHits", "Where in a room a search has hits")
                    .with(problems::of(&[Code::InvalidSearch, Code::AdminOnly, Code::Unavailable]))
                    .description(
                        "Returns the newest hit in each thousandth of the room, for marks on a \
                         scrollbar. A response takes at most about 400 ms; if there is more to \
                         examine, send `older` as the `up_to` of the next request.",
                    )
            }),
        )
}

fn sync_routes() -> ApiRouter<App> {
    use handlers as h;
    ApiRouter::new()
        .api_route(
            paths::READ,
            put_with(h::mark_read, |op| {
                doc(op, "markRead", "Set my read position")
                    .description(
                        "The position only grows, so requests of several devices may arrive in any \
                         order. With `exact` it becomes `seq`, forwards or backwards. A client that \
                         marks messages as read automatically sends the position that it knows as \
                         `if_read_seq`; if the position has changed since, the request has no effect. All \
                         devices receive the new position. The response counts the messages up to \
                         `last_seq`, in their state at `last_rev`; a client adds later ones itself. To \
                         mark all rooms as read, send for each the newest message that was shown.",
                    )
                    .with(problems::of(&[Code::NotFound, Code::NotAMember]))
            }),
        )
        .api_route(
            paths::CHANGES,
            get_with(h::changes, |op| {
                doc(op, "listChanges", "The changes since a revision, in their latest state")
            }),
        )
}

fn doc<'t>(op: TransformOperation<'t>, id: &str, summary: &str) -> TransformOperation<'t> {
    op.id(id).tag("messages").summary(summary)
}
