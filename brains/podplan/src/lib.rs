//! Pure: the life of a pod as a function.
