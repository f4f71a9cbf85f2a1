//! Rows by their keys, kept as long as they are wanted. leptos's own `For` takes every row off the page
//! and puts it back when some come before it, and the page is laid out anew for each.

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

use super::effect;

/// A row for each item, made anew only where the key is another, boxed like an [`action`](super::action).
/// The rows stand before an empty `<template>`, which browsers show nothing of.
pub fn each<T: 'static, K: Hash>(
    items: impl Fn() -> Vec<T> + 'static,
    key: impl Fn(&T) -> K + 'static,
    row: impl Fn(T) -> AnyView + 'static,
) -> AnyView {
    let row = Rc::new(row);
    each_boxed(Box::new(move || {
        let of = |item: T| -> (u64, Make) {
            // Two keys with one hash of 64 bits are not to be expected in the life of a page.
            let mut hasher = DefaultHasher::new();
            key(&item).hash(&mut hasher);
            let row = row.clone();
            (hasher.finish(), Box::new(move || row(item)))
        };
        items().into_iter().map(of).collect()
    }))
}

type Make = Box<dyn FnOnce() -> AnyView>;

fn each_boxed(wanted: Box<dyn Fn() -> Vec<(u64, Make)>>) -> AnyView {
    let end = NodeRef::<html::Template>::new();
    // The effect belongs to the owner: if it held it, neither would ever go.
    let owner = Owner::current().unwrap_or_default().downgrade();
    // Gone with the owner and not a moment later: what is in the rows may read what goes with it.
    let rows = StoredValue::new_local(Rows::default());
    effect(move || {
        let (wanted, Some(end), Some(owner)) = (wanted(), end.get(), owner.upgrade()) else {
            return;
        };
        if let Some(parent) = end.parent_element() {
            untrack(|| rows.update_value(|rows| rows.become_(wanted, &owner, (&parent, &end))));
        }
    });
    view! { <template node_ref=end></template> }.into_any()
}

/// What is on the page, in its order.
#[derive(Default)]
struct Rows(Vec<Row>);

struct Row {
    key: u64,
    view: <AnyView as Render>::State,
    owner: Owner,
}

impl Rows {
    /// Takes away what is not wanted any more, makes what is new, and moves as little as can be.
    fn become_(&mut self, wanted: Vec<(u64, Make)>, owner: &Owner, place: (&Element, &Node)) {
        let before = std::mem::take(&mut self.0).into_iter().enumerate();
        let mut before: HashMap<_, _> = before.map(|(at, row)| (row.key, (at, row))).collect();
        let kept: Vec<_> = wanted.iter().map(|(key, _)| before.remove(key)).collect();
        drop(before);
        let places: Vec<_> = kept.iter().flatten().map(|(at, _)| *at).collect();
        let mut stays = staying(&places).into_iter();
        let mut moves = Vec::new();
        for ((key, make), kept) in wanted.into_iter().zip(kept) {
            moves.push(kept.is_none() || stays.next() == Some(false));
            self.0.push(kept.map_or_else(|| Row::new(key, make, owner), |(_, row)| row));
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
    fn new(key: u64, make: Make, owner: &Owner) -> Self {
        let owner = owner.child();
        let view = owner.with(|| make().build());
        Self { key, view, owner }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.view.unmount();
        self.owner.cleanup();
    }
}

/// Which of some places, each there once, stay where they are for the fewest to move: a longest run
/// that ascends.
fn staying(places: &[usize]) -> Vec<bool> {
    // Of the runs of each length, the one that ends with the least; and what is before each place.
    let (mut ends, mut before) = (Vec::<usize>::new(), Vec::new());
    for (at, place) in places.iter().enumerate() {
        let shorter = ends.partition_point(|end| places[*end] < *place);
        before.push(shorter.checked_sub(1).map(|end| ends[end]));
        match ends.get_mut(shorter) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut stays = vec![false; places.len()];
    let mut next = ends.last().copied();
    while let Some(at) = next {
        stays[at] = true;
        next = before[at];
    }
    stays
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(places: &[usize]) -> Vec<usize> {
        let stays = staying(places);
        places.iter().zip(stays).filter(|(_, stays)| !stays).map(|(place, _)| *place).collect()
    }

    #[test]
    fn what_is_in_order_stays() {
        for places in [&[][..], &[0], &[3, 4, 7, 9]] {
            assert!(moved(places).is_empty(), "{places:?}");
        }
    }

    #[test]
    fn the_fewest_move() {
        assert_eq!(moved(&[3, 0, 1, 2]), [3]);
        assert_eq!(moved(&[1, 2, 3, 0]), [0]);
        assert_eq!(moved(&[0, 4, 2, 3, 1, 5]), [4, 1]);
        assert_eq!(moved(&[2, 1, 0]).len(), 2);
    }
}
