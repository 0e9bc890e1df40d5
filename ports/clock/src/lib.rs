//! A port: time and randomness, real or virtual.
