//! A program: the whole cluster in one thread on a virtual clock with a seed.
