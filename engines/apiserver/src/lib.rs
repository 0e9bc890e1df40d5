//! I/O: the API over HTTP and in process: one engine for every kind.
