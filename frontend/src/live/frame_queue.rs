//! Applies the received frames once per animation frame. Each change of the state makes the page
//! compute its rows and its layout, so at 20 messages per second a slow processor would do nothing
//! else if each frame were applied on its own.

use std::{mem, time::Duration};

use leptos::prelude::*;
use shared::live::ServerFrame;

use super::client::LiveClient;

/// Applies the frames after this time if the browser draws no frame, as in a tab that has just been
/// hidden.
const MAX_DELAY: Duration = Duration::from_millis(250);

impl LiveClient {
    /// Queues a frame, in the order of arrival.
    pub(super) fn queue_frame(self, frame: ServerFrame) {
        // The whole page waits for the list of rooms.
        let is_urgent = matches!(frame, ServerFrame::Welcome { .. } | ServerFrame::Rooms { .. });
        let is_first = self.received.try_update_value(|received| {
            received.push(frame);
            received.len() == 1
        });
        // A hidden tab draws no frames, but its title is visible.
        if is_urgent || document().hidden() {
            return self.apply_queued_frames();
        }
        if is_first != Some(true) {
            return;
        }
        request_animation_frame(move || self.apply_queued_frames());
        set_timeout(move || self.apply_queued_frames(), MAX_DELAY);
    }

    /// Applies the queued frames.
    pub(super) fn apply_queued_frames(self) {
        let received = self.received.try_update_value(mem::take).unwrap_or_default();
        received.into_iter().for_each(|frame| self.handle_frame(frame));
    }
}
