//! What is done when somebody asks for it, and what came of it. leptos's own `Action` is a copy of
//! all that it can do for each kind of question and answer; this one does what is used here.

use std::{future::Future, pin::Pin};

use leptos::prelude::*;

use super::spawn;

type Run<I, O> = Box<dyn Fn(&I) -> Pin<Box<dyn Future<Output = O>>>>;

/// Something to do.
pub struct Action<I: 'static, O: 'static> {
    run: StoredValue<Run<I, O>, LocalStorage>,
    under_way: RwSignal<u32>,
    value: RwSignal<Option<O>>,
}

impl<I, O> Clone for Action<I, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, O> Copy for Action<I, O> {}

/// An action of this page. Its future is boxed, so that all actions share one copy of what drives
/// them: it is the browser that has to fetch each copy.
pub fn action<I, O, F>(what: impl Fn(&I) -> F + 'static) -> Action<I, O>
where
    I: Send + Sync + 'static,
    O: Send + Sync + 'static,
    F: Future<Output = O> + 'static,
{
    Action {
        run: StoredValue::new_local(Box::new(move |input| Box::pin(what(input)))),
        under_way: RwSignal::new(0),
        value: RwSignal::new(None),
    }
}

impl<I, O> Action<I, O>
where
    I: Send + Sync + 'static,
    O: Send + Sync + 'static,
{
    /// Does it. What is shown meanwhile may be gone when it is done.
    pub fn dispatch(self, input: I) {
        let doing = untrack(|| self.run.with_value(|run| run(&input)));
        self.under_way.update(|n| *n += 1);
        spawn(Box::pin(async move {
            let value = doing.await;
            self.under_way.try_update(|n| *n -= 1);
            self.value.try_set(Some(value));
        }));
    }

    /// Whether it is being done.
    pub fn pending(self) -> Signal<bool> {
        Signal::derive(move || self.under_way.get() > 0)
    }

    /// What came of it the last time.
    pub fn value(self) -> ReadSignal<Option<O>> {
        self.value.read_only()
    }
}
