#!/usr/bin/env bash
# Links for Windows with zig. The name of this file is zig's name of the system. cargo-zigbuild would leave out Rust's intrinsics,
# so zig would link its own: one object file of 45 KB that it can only link as a whole.
# zig does not get rustc's list of exports, because crates/node/exports.def is another one; nor msvcrt, a C library older than zig's;
# nor -Bdynamic, with which zig would look for the DLLs instead of their import libraries.
set -euo pipefail
arguments=()
for argument in "$@"; do
  case $argument in
    -Wl,*/list.def | -Wl,-Bdynamic | -Wl,-Bstatic | -lmsvcrt) ;;
    *) arguments+=("$argument") ;;
  esac
done
exec "$CARGO_ZIGBUILD_PYTHON_PATH" -m ziglang cc -target "$(basename "$0")" "${arguments[@]}"
