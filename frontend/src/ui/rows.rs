//! A keyed list that is fast when rows are inserted at the front, as older messages are. Leptos'
//! `For` would then detach and attach every row, and the browser would lay out the whole list
//! again.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use leptos::{
    html,
    prelude::*,
    tachys::view::{Mountable, Render},
};
use web_sys::{Element, Node};

/// Shows a row for each item and keeps it while its key stays in the list. The rows stand before an
/// empty `<template>`, which browsers do not show.
pub fn keyed_rows<T: 'static, K: Hash>(
    items: impl Fn() -> Vec<T> + 'static,
    key: impl Fn(&T) -> K + 'static,
    view: impl Fn(T) -> AnyView + 'static,
) -> AnyView {
    let view = Rc::new(view);
    show_rows(Box::new(move || {
        let new_row = |item: T| -> NewRow {
            // A hash of 64 bits makes a collision of two keys too unlikely to handle.
            let mut hasher = DefaultHasher::new();
            key(&item).hash(&mut hasher);
            let view = view.clone();
            (hasher.finish(), Box::new(move || view(item)))
        };
        items().into_iter().map(new_row).collect()
    }))
}

/// Not generic, because each instance of an effect takes several KiB of WASM.
fn show_rows(new_rows: Box<dyn Fn() -> Vec<NewRow>>) -> AnyView {
    let end = NodeRef::<html::Template>::new();
    // Weak, because the effect belongs to this owner: a strong reference would keep both for ever.
    let owner = Owner::current().unwrap_or_default().downgrade();
    // Dropped with the owner and no later: the rows may read signals that it owns.
    let rows = StoredValue::new_local(Rows::default());
    Effect::new(move |_| {
        let new = new_rows();
        let (Some(end), Some(owner)) = (end.get(), owner.upgrade()) else { return };
        if let Some(parent) = end.parent_element() {
            untrack(|| rows.update_value(|rows| rows.update(new, &owner, (&parent, &end))));
        }
    });
    view! { <template node_ref=end></template> }.into_any()
}

/// The hash of a key, and the function that builds its row.
type NewRow = (u64, Box<dyn FnOnce() -> AnyView>);

/// The rows on the page, in order.
#[derive(Default)]
struct Rows(Vec<Row>);

struct Row {
    key: u64,
    view: <AnyView as Render>::State,
    owner: Owner,
}

impl Rows {
    /// Removes rows whose keys are gone, builds new ones, and moves as few as possible.
    fn update(&mut self, new: Vec<NewRow>, owner: &Owner, place: (&Element, &Node)) {
        let old = std::mem::take(&mut self.0).into_iter().enumerate();
        let mut old: HashMap<_, _> = old.map(|(at, row)| (row.key, (at, row))).collect();
        let kept: Vec<_> = new.iter().map(|(key, _)| old.remove(key)).collect();
        drop(old);
        let positions: Vec<_> = kept.iter().flatten().map(|(at, _)| *at).collect();
        let mut stays = longest_ascending(&positions).into_iter();
        let mut moves = Vec::new();
        for ((key, build), kept) in new.into_iter().zip(kept) {
            moves.push(kept.is_none() || stays.next() == Some(false));
            self.0.push(kept.map_or_else(|| Row::new(key, build, owner), |(_, row)| row));
        }
        let (parent, end) = place;
        for at in (0..moves.len()).rev().filter(|at| moves[*at]) {
            let (upper, below) = self.0.split_at_mut(at + 1);
            let view = &mut upper[at].view;
            if !below.first().is_some_and(|below| below.view.insert_before_this(view)) {
                view.mount(parent, Some(end));
            }
        }
    }
}

impl Row {
    fn new(key: u64, build: Box<dyn FnOnce() -> AnyView>, owner: &Owner) -> Self {
        let owner = owner.child();
        let view = owner.with(|| build().build());
        Self { key, view, owner }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.view.unmount();
        self.owner.cleanup();
    }
}

/// Marks the members of a longest ascending subsequence of distinct numbers: the rows that can stay.
fn longest_ascending(positions: &[usize]) -> Vec<bool> {
    // `ends[n]` is the smallest last member of the subsequences of length n + 1; `previous` links each
    // member to the one before it.
    let (mut ends, mut previous) = (Vec::<usize>::new(), Vec::new());
    for (at, position) in positions.iter().enumerate() {
        let shorter = ends.partition_point(|end| positions[*end] < *position);
        previous.push(shorter.checked_sub(1).map(|end| ends[end]));
        match ends.get_mut(shorter) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut stays = vec![false; positions.len()];
    let mut next = ends.last().copied();
    while let Some(at) = next {
        stays[at] = true;
        next = previous[at];
    }
    stays
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(positions: &[usize]) -> Vec<usize> {
        let stays = longest_ascending(positions);
        positions.iter().zip(stays).filter(|(_, stays)| !stays).map(|(at, _)| *at).collect()
    }

    #[test]
    fn rows_in_order_stay() {
        for positions in [&[][..], &[0], &[3, 4, 7, 9]] {
            assert!(moved(positions).is_empty(), "{positions:?}");
        }
    }

    #[test]
    fn as_few_rows_as_possible_move() {
        assert_eq!(moved(&[3, 0, 1, 2]), [3]);
        assert_eq!(moved(&[1, 2, 3, 0]), [0]);
        assert_eq!(moved(&[0, 4, 2, 3, 1, 5]), [4, 1]);
        assert_eq!(moved(&[2, 1, 0]).len(), 2);
    }
}
