//! Links what Node-API needs on this platform.

fn main() {
    napi_build::setup();
}
