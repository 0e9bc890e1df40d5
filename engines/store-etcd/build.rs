//! Compiles what is spoken of etcd's API without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let descriptors = protox::compile(["etcd.proto"], ["proto"])?;
    tonic_prost_build::configure().build_server(false).bytes(".").compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=proto/etcd.proto");
    Ok(())
}
