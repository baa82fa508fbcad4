#!/usr/bin/env bash
# Links for Windows with zig: for the system that this file is called. cargo-zigbuild would leave Rust's own intrinsics
# out; zig takes its own then, which are one object file of 45 KB that cannot be linked in part. Where it is given
# Rust's, it leaves its own out.
# Left out are rustc's list of exports, as crates/node/exports.def is one too; a C library that is older than zig's; and
# the wish for DLLs, which zig would take as one for the files themselves and not for what describes them.
set -euo pipefail
arguments=()
for argument in "$@"; do
  case $argument in
    -Wl,*/list.def | -Wl,-Bdynamic | -Wl,-Bstatic | -lmsvcrt) ;;
    *) arguments+=("$argument") ;;
  esac
done
exec "$CARGO_ZIGBUILD_PYTHON_PATH" -m ziglang cc -target "$(basename "$0")" "${arguments[@]}"
