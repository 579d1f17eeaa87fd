#!/bin/sh
# libcoppice exports exactly the functions and tables that the public headers declare.
# Usage: check_exports.sh LIBRARY INCLUDE_DIR
set -eu
library=$1 include=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm -D --defined-only "$library" | awk '{ print $3 }' | grep -vxE '_edata|_end|__bss_start|_init|_fini' | sort -u >"$work/exported"
# A declaration is COP_API … name( or name[ or name; up to the first of these, over line ends;
# `coppice_plugin` is the plugins' own symbol.
cat "$include"/coppice/*.h | tr '\n' ' ' | grep -oE 'COP_API [a-z][^[(;]*[[(;]' | sed -nE 's/.*[ *](cop_[a-z0-9_]+)[[(;]$/\1/p' |
  sort -u >"$work/declared"
if ! diff "$work/declared" "$work/exported" >"$work/difference"; then
  echo "declared (<) and exported (>) differ:"
  cat "$work/difference"
  exit 1
fi
echo "$(wc -l <"$work/declared") symbols, declared and exported"
