#!/bin/bash
# A build directory that was moved finds its own library and plugins, and none of where it was built.
# Usage: check_moved.sh BUILD_DIR
set -euo pipefail
build=$1
work=$(realpath "$(mktemp -d)")
trap 'rm -rf "$work"' EXIT
unset COPPICE_PLUGIN_PATH LD_LIBRARY_PATH

mkdir "$work/moved"
cp -a "$build/coppice" "$build"/libcoppice.so* "$build/plugins" "$build/CMakeCache.txt" "$work/moved"
"$work/moved/coppice" inspect imp >"$work/said"
grep -q "file *$work/moved/plugins/pruner-imp.so" "$work/said" ||
  { echo "not from the moved directory:"; cat "$work/said"; exit 1; }
ldd "$work/moved/coppice" >"$work/said"
grep -q "$work/moved/libcoppice.so" "$work/said" || { echo "another library:"; cat "$work/said"; exit 1; }
