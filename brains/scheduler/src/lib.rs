//! Pure: which node a pod goes to.
