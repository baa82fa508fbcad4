#!/usr/bin/env bash
# Links for macOS with Rust's LLVM linker. Unlike zig's linker it signs for both architectures, and exports only the named symbols.
# It does not get napi-build's -Wl, which is for a compiler, nor libraries that are parts of libSystem (-lc, -lm), nor
# -liconv, which the libc crate names but nothing uses.
set -euo pipefail
arguments=()
for argument in "$@"; do
  case $argument in
    -Wl | -lc | -lm | -liconv) ;;
    *) arguments+=("$argument") ;;
  esac
done
exec rust-lld "${arguments[@]}"
