//! Pure: the words every other crate speaks: objects, keys, selectors, quantities, times, statuses. No kind's name.
