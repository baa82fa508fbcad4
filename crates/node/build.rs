//! Links what Node-API needs on this platform; for crates/misbehave too.

use std::env;

fn main() {
    napi_build::setup();
    let variable = |name| env::var(name).unwrap_or_default();
    if matches!(variable("CARGO_CFG_TARGET_OS").as_str(), "linux" | "freebsd") {
        // One hash table of the symbols, not also the older one. Every system that Node 18 runs on reads it.
        println!("cargo::rustc-cdylib-link-arg=-Wl,--hash-style=gnu");
    }
    if variable("CARGO_CFG_TARGET_OS") == "linux" {
        // Node unloads a module when the last worker that loaded it ends. A thread of ours may still wait in close(2) then
        // (sys/linux_thread.rs of the core), and would continue in unmapped code.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    if variable("CARGO_CFG_TARGET_OS") == "windows" && variable("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-cdylib-link-arg={}/../node/exports.def", variable("CARGO_MANIFEST_DIR"));
        println!("cargo::rerun-if-changed=../node/exports.def");
    }
}
