//! A port: CRI v1 messages, the runtime traits, and a fake runtime with a model of container life.
