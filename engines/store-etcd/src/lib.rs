//! I/O: the client of a real etcd cluster.
