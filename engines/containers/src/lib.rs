//! I/O: the embedded CRI runtime.
