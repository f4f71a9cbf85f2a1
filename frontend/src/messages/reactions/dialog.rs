//! The dialog in which the reader chooses an emoji for a message.

use leptos::prelude::*;

use super::picker::emoji_picker;
use crate::{
    messages::context::RoomContext,
    ui::{Dialog, Lazy, open_while_some},
};

#[component]
pub fn ReactionDialog() -> impl IntoView {
    let open = open_while_some(expect_context::<RoomContext>().reacting);
    view! {
        <Dialog open title="Add reaction">
            <Lazy load=emoji_picker props=open/>
        </Dialog>
    }
}
