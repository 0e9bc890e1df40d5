//! I/O: the embedded durable engine.
