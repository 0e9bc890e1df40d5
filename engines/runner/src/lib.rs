//! I/O: runs controllers: queues, barrier, backoff, apply, events, metrics, leader lease.
