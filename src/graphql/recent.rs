//! A few values, of which the one goes that nobody has asked for the longest.
//!
//! Time is counted in values that were put in, so that to find one writes nothing while none are: requests that all find
//! theirs share what they read. A caller who fills all places again and again takes none from those who come in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

/// So many values at most.
pub(super) struct Recent<T, const MOST: usize> {
    kept: ArcSwap<Vec<Arc<Kept<T>>>>,
    /// How many were put in.
    put: AtomicU64,
}

struct Kept<T> {
    value: T,
    /// How many had been put in when it was last found.
    found: AtomicU64,
}

impl<T, const MOST: usize> Default for Recent<T, MOST> {
    fn default() -> Self {
        Self { kept: ArcSwap::default(), put: AtomicU64::default() }
    }
}

impl<T: Clone, const MOST: usize> Recent<T, MOST> {
    /// The first value that fits.
    pub(super) fn find(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let kept = self.kept.load();
        let found = kept.iter().find(|it| fits(&it.value))?;
        let now = self.put.load(Ordering::Relaxed);
        if found.found.load(Ordering::Relaxed) != now {
            found.found.store(now, Ordering::Relaxed);
        }
        Some(found.value.clone())
    }

    /// Puts a value in, where there is no place for it in the place of another. Where somebody else puts one in at the same
    /// time, one of the two may be lost.
    pub(super) fn put(&self, value: T) {
        let now = self.put.fetch_add(1, Ordering::Relaxed) + 1;
        let mut kept = self.kept.load().to_vec();
        while kept.len() >= MOST.max(1) {
            let ages = kept.iter().map(|it| it.found.load(Ordering::Relaxed)).enumerate();
            let Some((oldest, _)) = ages.min_by_key(|(_, found)| *found) else { break };
            kept.remove(oldest);
        }
        kept.push(Arc::new(Kept { value, found: AtomicU64::new(now) }));
        self.kept.store(Arc::new(kept));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(recent: &Recent<u32, 8>, value: u32) -> bool {
        recent.find(|it| *it == value).is_some()
    }

    #[test]
    fn what_is_asked_for_stays_however_many_others_come_and_what_comes_takes_a_place() {
        let recent = Recent::<u32, 8>::default();
        (0..8).for_each(|value| recent.put(value));
        assert!((0..8).all(|value| has(&recent, value)));
        // All places are taken, and a new one is there all the same, as long as it is asked for.
        recent.put(100);
        for value in 200..300 {
            assert!(has(&recent, 100), "before {value}");
            recent.put(value);
            recent.put(value + 1_000);
            assert!(has(&recent, value) && has(&recent, value + 1_000));
        }
        assert!(!(0..8).any(|value| has(&recent, value)));
        assert_eq!(recent.kept.load().len(), 8);
    }
}
