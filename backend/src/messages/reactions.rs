//! The handlers of reactions, and the list of emoji.

use std::sync::LazyLock;

use axum::extract::State;
use emojis::Group;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    ids::{RoomId, Seq},
    messages::{Emoji, EmojiList, Message},
    problem::FieldError,
};

use crate::{
    App, Result,
    auth::Caller,
    http::extract::{Json, Path},
    realtime::ledger::ReactToMessage,
};

static EMOJIS: LazyLock<EmojiList> =
    LazyLock::new(|| EmojiList { emojis: emojis::iter().map(describe).collect() });

/// The path of a reaction.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReactionPath {
    /// The `id` of the room.
    id: RoomId,
    /// The `seq` of the message.
    seq: Seq,
    /// The emoji, percent-encoded: one of the list, in any skin tone.
    emoji: String,
}

pub async fn add(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<ReactionPath>,
) -> Result<Json<Message>> {
    react(&app, &caller, path, true).await
}

pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(path): Path<ReactionPath>,
) -> Result<Json<Message>> {
    react(&app, &caller, path, false).await
}

async fn react(
    app: &App,
    caller: &Caller,
    ReactionPath { id, seq, emoji }: ReactionPath,
    is_added: bool,
) -> Result<Json<Message>> {
    // Also without the variation selector that some keyboards leave out.
    let found = emojis::get(&emoji);
    let found = found.ok_or_else(|| FieldError::new("emoji", "must be one Unicode emoji"))?;
    // Everybody in the room gets the message again, as after an edit.
    app.limits.newcomers.check_message(&caller.user, || false)?;
    let (by, emoji) = (caller.user.id, found.as_str().to_owned());
    let write = ReactToMessage { room: id, seq, by, emoji, is_added };
    Ok(Json(app.ledger.write(write).await?))
}

pub async fn list_emojis(_: Caller) -> Json<&'static EmojiList> {
    Json(&EMOJIS)
}

fn describe(emoji: &emojis::Emoji) -> Emoji {
    let tones = emoji.skin_tones().into_iter().flatten();
    // The first is the emoji itself. Of pairs of people, only those with one tone for both.
    let tones = tones.filter(|tone| tone.skin_tone().is_some_and(is_one_tone));
    Emoji {
        emoji: emoji.as_str().to_owned(),
        name: emoji.name().to_owned(),
        group: group_name(emoji.group()).to_owned(),
        shortcodes: emoji.shortcodes().map(str::to_owned).collect(),
        skin_tones: tones.map(|tone| tone.as_str().to_owned()).collect(),
    }
}

fn is_one_tone(tone: emojis::SkinTone) -> bool {
    use emojis::SkinTone as T;
    matches!(tone, T::Light | T::MediumLight | T::Medium | T::MediumDark | T::Dark)
}

fn group_name(group: Group) -> &'static str {
    match group {
        Group::SmileysAndEmotion => "Smileys and emotion",
        Group::PeopleAndBody => "People and body",
        Group::AnimalsAndNature => "Animals and nature",
        Group::FoodAndDrink => "Food and drink",
        Group::TravelAndPlaces => "Travel and places",
        Group::Activities => "Activities",
        Group::Objects => "Objects",
        Group::Symbols => "Symbols",
        Group::Flags => "Flags",
    }
}

#[cfg(test)]
mod tests {
    use shared::messages::REACTION_MAX_BYTES;

    use super::*;

    #[test]
    fn the_list_has_every_emoji_once() {
        let EmojiList { emojis } = &*EMOJIS;
        assert!(emojis.len() > 1_800, "{}", emojis.len());
        let thumb = emojis.iter().find(|emoji| emoji.emoji == "👍").unwrap();
        assert_eq!(thumb.skin_tones, ["👍🏻", "👍🏼", "👍🏽", "👍🏾", "👍🏿"]);
        assert!(thumb.shortcodes.contains(&"+1".to_owned()));
        for emoji in emojis {
            assert!(matches!(emoji.skin_tones.len(), 0 | 5), "{emoji:?}");
            for text in emoji.skin_tones.iter().chain([&emoji.emoji]) {
                assert_eq!(emojis::get(text).unwrap().as_str(), text);
                assert!(text.len() <= REACTION_MAX_BYTES);
            }
        }
    }
}
