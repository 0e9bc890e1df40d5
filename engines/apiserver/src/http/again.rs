//! A task that wakes itself while it runs is queued again behind others, another worker is woken for it, and its
//! connection goes on with cold caches on another processor. A connection does so with each body it hands to its own
//! request: here it just goes on.

use futures::task::{ArcWake, AtomicWaker, waker_ref};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

/// So often it goes on before others have their turn.
const MOST: usize = 8;

const AT_REST: u8 = 0;
const RUNNING: u8 = 1;
const WOKEN: u8 = 2;

/// Takes the wakes that come while the future runs for itself; others wake the task.
#[derive(Debug, Default)]
struct Wakes {
    state: AtomicU8,
    task: AtomicWaker,
}

impl ArcWake for Wakes {
    fn wake_by_ref(wakes: &Arc<Wakes>) {
        let woken = wakes.state.compare_exchange(RUNNING, WOKEN, Ordering::AcqRel, Ordering::Acquire);
        if woken == Err(AT_REST) {
            wakes.task.wake();
        }
    }
}

pub struct Again<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
}

impl<F: Future> Again<F> {
    pub fn new(future: F) -> Again<F> {
        Again { future: Box::pin(future), wakes: Arc::default() }
    }
}

impl<F: Future> Future for Again<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Again { future, wakes } = &mut *self;
        wakes.task.register(cx.waker());
        let waker = waker_ref(wakes);
        for _ in 0..MOST {
            wakes.state.store(RUNNING, Ordering::Release);
            if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(done);
            }
            let rests = wakes.state.compare_exchange(RUNNING, AT_REST, Ordering::AcqRel, Ordering::Acquire);
            if rests.is_ok() {
                return Poll::Pending;
            }
        }
        wakes.state.store(AT_REST, Ordering::Release);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl ArcWake for Counted {
        fn wake_by_ref(counted: &Arc<Counted>) {
            counted.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What polling once comes to where the future wakes itself `own` times: how often it was run, how often its task
    /// was woken.
    fn polled(own: usize) -> (usize, usize) {
        let (task, mut runs) = (Arc::new(Counted::default()), 0);
        let future = std::future::poll_fn(|cx: &mut Context<'_>| {
            runs += 1;
            if runs <= own {
                cx.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        });
        let waker = futures::task::waker(task.clone());
        assert!(Box::pin(Again::new(future)).as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        (runs, task.0.load(Ordering::Relaxed))
    }

    #[test]
    fn own_wakes_are_followed_at_once_but_not_for_ever() {
        for (own, expect) in [(0, (1, 0)), (1, (2, 0)), (MOST - 1, (MOST, 0)), (usize::MAX, (MOST, 1))] {
            assert_eq!(polled(own), expect, "{own}");
        }
    }

    #[test]
    fn wakes_of_others_reach_the_task() {
        let (task, kept) = (Arc::new(Counted::default()), std::cell::RefCell::new(None));
        let future = std::future::poll_fn(|cx: &mut Context<'_>| {
            *kept.borrow_mut() = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        let waker = futures::task::waker(task.clone());
        let mut again = Again::new(future);
        for woken in 0..3 {
            assert_eq!(task.0.load(Ordering::Relaxed), woken);
            assert!(Pin::new(&mut again).poll(&mut Context::from_waker(&waker)).is_pending());
            kept.borrow().as_ref().expect("it was polled").wake_by_ref();
        }
    }
}
