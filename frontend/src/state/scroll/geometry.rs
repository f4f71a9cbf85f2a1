//! The geometry of a scrollbar for the whole room. It is measured in message numbers, so it needs
//! none of the messages.

use shared::ids::Seq;

/// The part of the room on the screen, in messages: the integer part is a message's number, and the
/// fraction is how much of that message is above the edge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VisibleRange {
    pub from: f64,
    /// With the whole of the room's last message on the screen: its number plus one.
    pub to: f64,
}

impl VisibleRange {
    /// The first message on the screen.
    pub fn first(self) -> Seq {
        Seq(self.from as i64)
    }

    /// How many messages are on the screen.
    pub fn len(self) -> f64 {
        self.to - self.from
    }

    /// A range of the same length that starts with another message.
    pub fn starting_at(self, seq: Seq) -> Self {
        let from = seq.0 as f64;
        Self { from, to: from + self.len() }
    }
}

/// The messages of a room that the reader may read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadableSpan {
    pub first: Seq,
    /// One less than `first` if there are none.
    pub last: Seq,
}

impl ReadableSpan {
    /// The largest part of the scrollbar that the messages before the span take. In proportion, somebody
    /// who joined a long room could scroll only within a few pixels.
    const CLOSED_MAX: f64 = 0.12;

    pub fn new(first: Seq, last_seq: Seq) -> Self {
        Self { first, last: last_seq.max(Seq(first.0 - 1)) }
    }

    pub fn len(self) -> i64 {
        self.last.0 - self.first.0 + 1
    }

    /// The part of the scrollbar that stands for the messages before the span, from 0 to 1.
    pub fn closed_part(self) -> f64 {
        let before = (self.first.0 - 1) as f64;
        (before / self.last.0.max(1) as f64).clamp(0.0, Self::CLOSED_MAX)
    }
}

/// The geometry of the scrollbar. Offsets and sizes are fractions of its height, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScrollbarGeometry {
    first: f64,
    last: f64,
    visible: VisibleRange,
    /// The first message on the screen at the bottom of the room, with a fraction.
    bottom: f64,
}

impl ScrollbarGeometry {
    /// The scrollbar of these messages. `bottom` is the first message on the screen at the bottom of the
    /// room, with a fraction. It is unknown while the newest messages have no rows; then the screen holds
    /// as many messages there as it does now.
    pub fn new(span: ReadableSpan, visible: VisibleRange, bottom: Option<f64>) -> Self {
        let (first, last) = (span.first.0 as f64, span.last.0 as f64);
        let bottom = bottom.unwrap_or(last + 1.0 - visible.len()).clamp(first, last + 1.0);
        Self { first, last, visible, bottom }
    }

    /// The height of the thumb. Where high messages end the room, fewer messages fit on the screen at
    /// the bottom than elsewhere: a thumb for as many as now would have no way left to the bottom.
    pub fn thumb_size(self) -> f64 {
        let len = self.page_len().min(self.last + 1.0 - self.bottom);
        (len / (self.last + 1.0 - self.first).max(1.0)).clamp(0.0, 1.0)
    }

    /// The position of the thumb: 0 with the first message on the screen, 1 with the last.
    pub fn thumb_offset(self) -> f64 {
        self.offset_of(self.visible.from)
    }

    /// The position of the thumb when this message is the first on the screen.
    pub fn offset_at(self, seq: Seq) -> f64 {
        self.offset_of(seq.0 as f64)
    }

    /// The position of the thumb after scrolling down by this many messages.
    pub fn offset_after(self, messages: f64) -> f64 {
        self.offset_of(self.visible.from + messages)
    }

    fn offset_of(self, from: f64) -> f64 {
        let range = self.bottom - self.first;
        if range > 0.0 { ((from - self.first) / range).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The first message on the screen, with a fraction, when the thumb is at `offset`.
    pub fn message_at(self, offset: f64) -> f64 {
        self.first + offset.clamp(0.0, 1.0) * (self.bottom - self.first)
    }

    /// How many messages are on the screen.
    pub fn page_len(self) -> f64 {
        self.visible.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrollbar(last: i64, from: f64, to: f64) -> ScrollbarGeometry {
        let span = ReadableSpan::new(Seq(1), Seq(last));
        ScrollbarGeometry::new(span, VisibleRange { from, to }, None)
    }

    #[test]
    fn the_scrollbar_begins_with_the_first_message_that_the_reader_may_read() {
        let span = ReadableSpan::new(Seq(101), Seq(200));
        let at = |from| ScrollbarGeometry::new(span, VisibleRange { from, to: from + 20.0 }, None);
        assert_eq!((at(101.0).thumb_offset(), at(181.0).thumb_offset()), (0.0, 1.0));
        assert_eq!((at(101.0).message_at(0.0), at(101.0).message_at(1.0)), (101.0, 181.0));
        assert_eq!(at(101.0).thumb_size(), 0.2);
        // Nobody has posted since the reader joined.
        let none = ReadableSpan::new(Seq(101), Seq(100));
        let empty = ScrollbarGeometry::new(none, VisibleRange::default(), None);
        assert_eq!((none.len(), empty.thumb_offset(), empty.message_at(1.0)), (0, 0.0, 101.0));
        assert_eq!(ReadableSpan::new(Seq(101), Seq(7)), none);
    }

    #[test]
    fn the_closed_part_never_takes_most_of_the_scrollbar() {
        let closed = |first, last| ReadableSpan::new(Seq(first), Seq(last)).closed_part();
        assert_eq!((closed(1, 0), closed(1, 1_000), closed(11, 1_000)), (0.0, 0.0, 0.01));
        assert_eq!(closed(900_000, 1_000_000), ReadableSpan::CLOSED_MAX);
    }

    #[test]
    fn the_thumb_reaches_both_ends() {
        for last in [40, 300, 1_000_000] {
            assert_eq!(scrollbar(last, 1.0, 20.5).thumb_offset(), 0.0);
            let end = last as f64 + 1.0;
            assert_eq!(scrollbar(last, end - 19.5, end).thumb_offset(), 1.0);
        }
        assert_eq!(scrollbar(1_000_000, 500_000.0, 500_030.0).thumb_size(), 0.000_03);
    }

    #[test]
    fn the_offset_of_the_thumb_leads_to_the_first_message() {
        for (last, from, to) in [(40, 7.25, 20.0), (300, 280.5, 299.0), (9_999_999, 5e6, 5e6 + 9.0)]
        {
            let scrollbar = scrollbar(last, from, to);
            let message = scrollbar.message_at(scrollbar.thumb_offset());
            assert!((message - from).abs() < 1e-6, "{scrollbar:?}");
        }
        assert_eq!(scrollbar(300, 1.0, 21.0).message_at(7.0), 281.0);
        assert_eq!(scrollbar(300, 1.0, 21.0).message_at(-7.0), 1.0);
    }

    /// Nine messages of a line each and a newest one five times as high as the screen.
    #[test]
    fn a_newest_message_higher_than_the_screen_is_reached_step_by_step() {
        let span = ReadableSpan::new(Seq(1), Seq(10));
        let at = |from, to| ScrollbarGeometry::new(span, VisibleRange { from, to }, Some(10.8));
        let (top, middle, bottom) = (at(1.0, 10.15), at(10.0, 10.2), at(10.8, 11.0));
        assert_eq!((top.thumb_offset(), bottom.thumb_offset()), (0.0, 1.0));
        let sizes = [top, middle, bottom].map(|scrollbar| (scrollbar.thumb_size() * 1e6).round());
        assert_eq!(sizes, [20_000.0; 3], "the size of the thumb does not change on the way");
        // The thumb stays where it is released, whatever is on the screen there.
        for offset in [0.0, 0.3, 0.95, 1.0] {
            let from = top.message_at(offset);
            assert!((at(from, from + 0.2).thumb_offset() - offset).abs() < 1e-9, "{offset}");
        }
        let parts = [0.93, 0.97].map(|offset| top.message_at(offset));
        assert!(10.0 < parts[0] && parts[0] < parts[1] && parts[1] < 10.8, "{parts:?}");
    }

    #[test]
    fn offsets_are_proportional_to_messages() {
        assert_eq!(scrollbar(300, 1.0, 21.0).offset_after(28.0), 0.1);
        assert_eq!(scrollbar(300, 1.0, 21.0).offset_at(Seq(29)), 0.1);
        let empty = scrollbar(0, 0.0, 0.0);
        assert_eq!(
            (empty.thumb_offset(), empty.thumb_size(), empty.message_at(1.0)),
            (0.0, 0.0, 1.0)
        );
    }
}
