//! How the page is linked: with room on its stack for a view that is built in one piece, which takes much of it in builds
//! without optimization.

/// The stack of the page's wasm, in bytes. The linker's own is a quarter of it.
const STACK: usize = 4 * 1024 * 1024;

fn main() {
    println!("cargo::rerun-if-changed=tools/link.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-bins=-zstack-size={STACK}");
    }
}
