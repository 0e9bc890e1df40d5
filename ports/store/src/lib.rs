//! A port: the revisioned key-value store, with the memory engine and the conformance suite.
