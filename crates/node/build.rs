//! Links what Node-API needs on this platform.

use std::env;

fn main() {
    napi_build::setup();
    let of_target = |name| env::var(name).unwrap_or_default();
    if of_target("CARGO_CFG_TARGET_OS") == "windows" && of_target("CARGO_CFG_TARGET_ENV") == "gnu" {
        let exports = concat!(env!("CARGO_MANIFEST_DIR"), "/exports.def");
        println!("cargo::rustc-cdylib-link-arg={exports}");
        println!("cargo::rerun-if-changed={exports}");
    }
}
