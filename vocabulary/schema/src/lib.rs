//! Pure: one schema engine for built-in and custom kinds.
