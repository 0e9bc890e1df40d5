//! Compiles the CRI v1 messages without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let descriptors = protox::compile(["cri-v1.proto"], ["proto"])?;
    prost_build::Config::new()
        .btree_map(["."]) // one order of labels everywhere: equal messages encode to equal bytes
        .compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=proto/cri-v1.proto");
    Ok(())
}
