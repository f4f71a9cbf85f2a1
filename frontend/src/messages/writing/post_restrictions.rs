//! Why one cannot post for a while: slow mode and time-outs. The server decides; this only says so before
//! one has written something in vain.

use std::time::Duration;

use leptos::prelude::*;
use shared::{
    Timestamp,
    access::Action,
    ids::{RoomId, Seq},
};

use crate::{
    auth::Auth,
    live::LiveClient,
    messages::context::RoomContext,
    state::live::countdown::{describe_slow_mode, seconds_left},
    ui::{Lazy, part, time},
};

/// The longest time that a timer of the browser can wait.
const TIMER_MAX_MS: i64 = i32::MAX as i64;

/// Counts down the wait of slow mode, in a part that only rooms with slow mode load.
#[component]
pub fn SlowModeNote() -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let auth = expect_context::<Auth>();
    let slow_s = Memo::new(move |_| {
        live.rooms.with(|rooms| {
            let is_exempt = rooms.allows(room.id, auth.rank(), Action::TimeOut);
            rooms.get(room.id).filter(|_| !is_exempt).map_or(0, |room| room.policies.slow_s)
        })
    });
    Effect::new(move |_| {
        if slow_s.get() == 0 {
            room.slow_wait_s.set(0);
        }
    });
    view! {
        <Show when=move || slow_s.get() != 0>
            <Lazy load=countdown props=slow_s/>
        </Show>
    }
}

part!(more: fn countdown(slow_s: Memo<u32>) { view! { <Countdown slow_s/> } });

#[component]
fn Countdown(slow_s: Memo<u32>) -> impl IntoView {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let me = live.my_id();
    // My newest message, when it was posted, and whether it is the newest of the room.
    let my_last = Memo::new(move |_| {
        room.with_timeline(|t| {
            let mut messages = t.newest_first();
            let mine = messages.find(|message| message.user.id == me)?;
            Some((mine.seq, mine.created_at, mine.seq == t.last_seq()))
        })
    });
    // In milliseconds since 1970 by the clock of the browser.
    let end = StoredValue::new(0.0);
    let update = move || {
        let left = seconds_left(end.get_value(), js_sys::Date::now(), slow_s.get_untracked());
        if room.slow_wait_s.try_get_untracked().is_some_and(|before| before != left) {
            room.slow_wait_s.set(left);
        }
    };
    Effect::new(move |before: Option<(Option<Seq>, u32)>| {
        let (last, slow_s) = (my_last.get(), slow_s.get());
        let current = (last.map(|(seq, ..)| seq), slow_s);
        if before != Some(current) {
            let known = before.and_then(|(seq, _)| seq);
            let posted = last.map(|(seq, at, is_newest)| {
                // A message that has just arrived was posted now, whatever the clock of the server says.
                let is_new = is_newest && known.is_some_and(|known| seq > known);
                let (at, now) = (at.timestamp_millis() as f64, js_sys::Date::now());
                if is_new { now } else { at.min(now) }
            });
            end.set_value(posted.map_or(0.0, |posted| posted + f64::from(slow_s) * 1_000.0));
            update();
        }
        current
    });
    if let Ok(timer) = set_interval_with_handle(update, Duration::from_millis(500)) {
        on_cleanup(move || timer.clear());
    }
    let text = move || describe_slow_mode(room.slow_wait_s.get(), slow_s.get().into());
    view! { <p class="composer-limit" data-testid="slow-mode">{text}</p> }
}

/// Until when I may not post in a room; `None` once that time has come, and for those who manage it.
pub fn time_out(room: RoomId) -> Memo<Option<Timestamp>> {
    let (live, auth) = (expect_context::<LiveClient>(), expect_context::<Auth>());
    let until = Memo::new(move |_| {
        live.rooms.with(|rooms| {
            let is_exempt = rooms.allows(room, auth.rank(), Action::TimeOut);
            rooms.get(room).filter(|_| !is_exempt)?.timed_out_until
        })
    });
    let left_ms = |until: Timestamp| until.timestamp_millis() - js_sys::Date::now() as i64;
    let ended = RwSignal::new(0_u32);
    Effect::new(move |_| {
        ended.track();
        let left = until.get().map_or(0, left_ms);
        if left > 0 {
            let wait = Duration::from_millis(left.min(TIMER_MAX_MS).unsigned_abs());
            let end = move || _ = ended.try_update(|count| *count += 1);
            if let Ok(timer) = set_timeout_with_handle(end, wait) {
                on_cleanup(move || timer.clear());
            }
        }
    });
    Memo::new(move |_| {
        ended.track();
        until.get().filter(|until| left_ms(*until) > 0)
    })
}

/// The sentence in place of the composer.
pub fn describe_time_out(until: Timestamp) -> String {
    format!("You're timed out: you can read, but not post here until {}.", time::short(until))
}
