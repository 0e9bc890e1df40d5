//! Kinds of the group `autoscaling`.

pub mod horizontalpodautoscaler;
