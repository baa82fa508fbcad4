#!/usr/bin/env bash
# Links for the system that the name of this file tells.
#
# ld64: macOS, with Rust's LLVM linker. Unlike zig's linker it signs for both architectures, and exports only the named symbols. It
# does not get napi-build's -Wl, which is for a compiler, nor libraries that are parts of libSystem (-lc, -lm), nor -liconv, which
# the libc crate names but nothing uses.
#
# zig's name of a Windows: with zig. cargo-zigbuild would leave out Rust's intrinsics, so zig would link its own: one object file of
# 45 KB that it can only link as a whole. zig does not get rustc's list of exports, because crates/node/exports.def is another one;
# nor msvcrt, a C library older than zig's; nor -Bdynamic, with which zig would look for the DLLs instead of their import libraries.
set -euo pipefail
system=$(basename "$0")
arguments=()
for argument in "$@"; do
  case $system,$argument in
    ld64,-Wl | ld64,-lc | ld64,-lm | ld64,-liconv) ;;
    *-windows-gnu,-Wl,*/list.def | *-windows-gnu,-Wl,-Bdynamic | *-windows-gnu,-Wl,-Bstatic | *-windows-gnu,-lmsvcrt) ;;
    *) arguments+=("$argument") ;;
  esac
done
[[ $system != ld64 ]] || exec rust-lld "${arguments[@]}"
exec "$CARGO_ZIGBUILD_PYTHON_PATH" -m ziglang cc -target "$system" "${arguments[@]}"
