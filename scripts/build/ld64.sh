#!/usr/bin/env bash
# Links for macOS with the LLVM linker that comes with Rust: unlike zig's it signs for both architectures, and
# exports what it is told and nothing else.
# Left out are an argument of napi-build that is meant for a compiler driver, and libraries that are parts of
# libSystem (-lc, -lm) or named by the libc crate and not used (-liconv).
set -euo pipefail
arguments=()
for argument in "$@"; do
  case $argument in
    -Wl | -lc | -lm | -liconv) ;;
    *) arguments+=("$argument") ;;
  esac
done
exec rust-lld "${arguments[@]}"
