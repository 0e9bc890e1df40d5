//! Pure: THE TABLE, one row a kind.
