//! The network's measurement by itself, for a namespace of its own.

#[path = "../src/net.rs"]
mod net;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    net::run()
}
