//! Values that change over time, with each value that was possible meanwhile.
//!
//! A client learns only when a request began and when its reply arrived. Between the two, both the old and
//! the new value are possible; after a request without a reply, both stay so.

/// Microseconds since the start of the run.
pub type Micros = u64;

/// From the begin of a request to the end of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Micros,
    pub until: Micros,
}

impl Window {
    /// One moment.
    pub fn at(at: Micros) -> Self {
        Self { from: at, until: at }
    }
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    Refused,
    /// No valid reply came, so it may take effect at any time.
    Unknown,
}

#[derive(Clone, Debug)]
struct Period<T> {
    value: T,
    from: Micros,
    /// `Micros::MAX` while the value is possible.
    until: Micros,
}

#[derive(Clone, Debug)]
pub struct Timeline<T> {
    periods: Vec<Period<T>>,
    /// Whether the last period is a proposal whose request did not end yet.
    is_pending: bool,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { periods: Vec::new(), is_pending: false }
    }
}

impl<T: Copy> Timeline<T> {
    pub fn new(value: T, from: Micros) -> Self {
        Self { periods: vec![Period { value, from, until: Micros::MAX }], is_pending: false }
    }

    /// From now on the value is possible too, and it stays so.
    pub fn allow(&mut self, value: T, from: Micros) {
        self.periods.push(Period { value, from, until: Micros::MAX });
    }

    /// A request for a new value begins.
    pub fn propose(&mut self, value: T, from: Micros) {
        self.allow(value, from);
        self.is_pending = true;
    }

    /// The request of the last proposal ended. Does nothing without a proposal.
    pub fn settle(&mut self, ending: Ending, at: Micros) {
        if !std::mem::take(&mut self.is_pending) {
            return;
        }
        let Some((last, earlier)) = self.periods.split_last_mut() else { return };
        match ending {
            Ending::Done => earlier.iter_mut().for_each(|it| it.until = it.until.min(at)),
            Ending::Refused => last.until = at,
            Ending::Unknown => {}
        }
    }

    /// No value is possible any more.
    pub fn end(&mut self, at: Micros) {
        self.periods.iter_mut().for_each(|period| period.until = period.until.min(at));
    }

    /// The values that were possible at some time of a window, newest first.
    pub fn possible(&self, window: Window) -> impl Iterator<Item = T> + '_ {
        let periods = self.periods.iter().rev();
        let overlapping =
            periods.filter(move |it| it.from <= window.until && it.until >= window.from);
        overlapping.map(|period| period.value)
    }

    /// Whether a value with this property was possible at some time of a window.
    pub fn is_possible(&self, window: Window, has: impl Fn(T) -> bool) -> bool {
        self.possible(window).any(has)
    }

    /// The values that are still possible, newest first.
    pub fn current(&self) -> impl Iterator<Item = T> + '_ {
        let periods = self.periods.iter().rev();
        periods.filter(|period| period.until == Micros::MAX).map(|period| period.value)
    }

    /// The newest value that is still possible.
    pub fn newest(&self) -> Option<T> {
        self.current().next()
    }
}
