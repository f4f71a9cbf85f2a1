//! The scrollbar of the whole room, for what is loaded says nothing about how much there is. It is
//! beside the timeline, whose own is hidden; wheel, fingers and keys scroll that one as ever.

use leptos::{ev, html, prelude::*};
use shared::{ids::Seq, messages::RoomMap};

use super::{
    going::{Arrival, remember, to_newest},
    keys::to_oldest,
    minimap::Minimap,
    scroll::Scroll,
};
use crate::{
    api::{self, Answer},
    live::LiveClient,
    messages::Open,
    state::place::bar::Bar,
    ui::{memo, percent, resource, shown, time},
};

/// The thumb in somebody's hand.
#[derive(Clone, Copy, PartialEq)]
struct Hold {
    /// How far down the thumb is, from 0 to 1.
    part: f64,
    /// How far below the thumb's upper end it is held, in CSS pixels.
    below: f64,
    /// Whether it was moved: only then is there a way back.
    moved: bool,
}

/// What the parts of a scrollbar share.
#[derive(Clone, Copy)]
struct Rail {
    open: Open,
    scroll: Scroll,
    bar: Memo<Bar>,
    hold: RwSignal<Option<Hold>>,
    track: NodeRef<html::Div>,
    thumb: NodeRef<html::Div>,
    map: ReadSignal<Option<Answer<RoomMap>>>,
}

/// The scrollbar, if there is more than fits.
#[component]
pub fn Scrollbar() -> impl IntoView {
    let (open, scroll) = (expect_context::<Open>(), expect_context::<Scroll>());
    let bar = memo(move || Bar::new(open.with(|t| t.last_seq()), scroll.sight.get()));
    shown(move || scroll.overflows.get(), move || view! { <Bars bar/> }.into_any())
}

#[component]
fn Bars(bar: Memo<Bar>) -> impl IntoView {
    let (open, scroll) = (expect_context::<Open>(), expect_context::<Scroll>());
    let welcomes = expect_context::<LiveClient>().connection_epoch;
    let map = resource(move || {
        // Whoever comes back may have missed much.
        welcomes.track();
        api::map(open.room)
    });
    let (track, thumb) = (NodeRef::new(), NodeRef::new());
    let on = Rail { open, scroll, bar, hold: RwSignal::new(None), track, thumb, map };
    let part = memo(move || on.part());
    let seq = memo(move || on.seq());
    let words = memo(move || on.words(seq.get()));
    view! {
        <div
            class="bar"
            class:bar-held=move || on.hold.get().is_some()
            node_ref=track
            role="scrollbar"
            tabindex="0"
            aria-label="Place in the room"
            aria-controls="timeline"
            aria-orientation="vertical"
            aria-valuemin="1"
            aria-valuemax=move || open.with(|t| t.last_seq().0)
            aria-valuenow=move || seq.get().0
            aria-valuetext=move || words.with(|(when, which)| format!("{when}, {which}"))
            data-testid="scrollbar"
            on:pointerdown:target=move |event| on.press(&event)
            on:pointermove:target=move |event| on.drag(f64::from(event.client_y()))
            on:pointerup:target=move |_| on.hold.set(None)
            on:pointercancel:target=move |_| on.hold.set(None)
            on:wheel:target=move |event| if let Some(view) = scroll.view.get_untracked() {
                view.scroll_by_with_x_and_y(0.0, event.delta_y());
            }
            on:keydown:target=move |event| on.key(&event)
        >
            <Minimap map/>
            <div
                class="bar-thumb"
                node_ref=thumb
                style:block-size=move || percent(bar.get().size())
                style:inset-block-start=move || percent(part.get())
                style:translate=move || format!("0 {}", percent(-part.get()))
            ></div>
            {shown(move || on.hold.get().is_some(), move || view! {
                <p
                    class="bar-bubble"
                    style:inset-block-start=move || percent(part.get())
                    style:translate=move || format!("0 {}", percent(-part.get()))
                    data-testid="bubble"
                >
                    <span>{move || words.get().0}</span>
                    <span>{move || words.get().1}</span>
                </p>
            }.into_any())}
        </div>
    }
}

impl Rail {
    /// Where the room is or is about to be: the thumb is there before what is there has come.
    fn part(self) -> f64 {
        let (hold, jump, bar) = (self.hold.get(), self.open.jump.get(), self.bar.get());
        match (hold, jump) {
            (Some(hold), _) => hold.part,
            (None, Some(seq)) => bar.at(seq).part(),
            (None, None) => bar.part(),
        }
    }

    fn seq(self) -> Seq {
        Seq(self.bar.get().place(self.part()) as i64)
    }

    /// "Monday, 23 November", or only the month of what is not loaded; "message 1,234 of 56,789".
    fn words(self, seq: Seq) -> (String, String) {
        let (said, last) = self.open.with(|t| (t.get(seq).map(|m| m.created_at), t.last_seq()));
        let month = || {
            self.map.with(|map| {
                let months = &map.as_ref()?.as_ref().ok()?.months;
                let after = months.partition_point(|month| month.first_seq <= seq);
                Some(time::month_name(months.get(after.checked_sub(1)?)?.month.first()))
            })
        };
        let when = said.map(|at| time::day_name(time::local_day(at))).or_else(month);
        let which = format!("message {} of {}", time::number(seq.0), time::number(last.0));
        (when.unwrap_or_default(), which)
    }

    /// The thumb is taken where it is pressed; elsewhere it comes there first.
    fn press(self, event: &ev::PointerEvent) {
        let (Some(track), Some(thumb)) = (self.track.get_untracked(), self.thumb.get_untracked())
        else {
            return;
        };
        if event.button() != 0 {
            return;
        }
        // The focus stays where one writes.
        event.prevent_default();
        let _ = track.set_pointer_capture(event.pointer_id());
        let (y, rect) = (f64::from(event.client_y()), thumb.get_bounding_client_rect());
        let is_on = rect.top() <= y && y <= rect.bottom();
        let below = if is_on { y - rect.top() } else { rect.height() / 2.0 };
        self.hold.set(Some(Hold { part: untrack(|| self.part()), below, moved: false }));
        if !is_on {
            self.drag(y);
        }
    }

    fn drag(self, y: f64) {
        let (Some(track), Some(thumb)) = (self.track.get_untracked(), self.thumb.get_untracked())
        else {
            return;
        };
        let Some(Hold { below, moved, .. }) = self.hold.get_untracked() else { return };
        if !moved {
            remember(self.open, self.scroll);
        }
        let rect = track.get_bounding_client_rect();
        let way = rect.height() - thumb.get_bounding_client_rect().height();
        let part = ((y - below - rect.top()) / way.max(1.0)).clamp(0.0, 1.0);
        self.hold.set(Some(Hold { part, below, moved: true }));
        self.go(part);
    }

    fn go(self, part: f64) {
        let last = self.open.with_untracked(|t| t.last_seq());
        let place = self.bar.get_untracked().place(part);
        let seq = Seq(place as i64).min(last);
        match part {
            1.0.. => self.open.go(last, Arrival::Scrolled(1.0)),
            _ => self.open.go(seq, Arrival::Scrolled(place.fract())),
        }
    }

    fn key(self, event: &ev::KeyboardEvent) {
        let bar = self.bar.get_untracked();
        let by = match event.key().as_str() {
            "ArrowUp" if !event.alt_key() => -1.0,
            "ArrowDown" if !event.alt_key() => 1.0,
            "PageUp" => -bar.shown(),
            "PageDown" => bar.shown(),
            "Home" => {
                event.prevent_default();
                return to_oldest(self.open, self.scroll);
            }
            "End" => {
                event.prevent_default();
                return to_newest(self.open, self.scroll);
            }
            _ => return,
        };
        event.prevent_default();
        self.go(bar.moved(by));
    }
}
