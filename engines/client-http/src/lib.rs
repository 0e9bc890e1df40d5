//! I/O: the API over HTTPS.
