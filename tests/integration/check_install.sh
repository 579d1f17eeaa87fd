#!/bin/sh
# What is installed works by itself: the command finds its library and plugins under any prefix, and a
# plugin is built out of tree by pkg-config alone.
# Usage: check_install.sh BUILD_DIR PLUGIN_SOURCE PLUGIN_ID
set -eu
build=$1 source=$2 id=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset COPPICE_PLUGIN_PATH LD_LIBRARY_PATH DESTDIR

fail() {
  echo "$1" >&2
  exit 1
}

cmake --install "$build" --prefix "$work/prefix" >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name coppice.pc)")
export PKG_CONFIG_PATH
plugins=$(realpath "$(pkg-config --variable=plugindir coppice)")
command=$work/prefix/bin/coppice
cd "$work" # nothing may depend on where one is

"$command" list --json >list.json || fail "the installed command does not run"
files=$(grep -o '"file":.*"' list.json)
echo "$files" | grep -q "$plugins/pruner-" || fail "the installed plugins are not found"
if echo "$files" | grep -v "$plugins/" >&2; then fail "plugins from elsewhere are loaded"; fi
ldd "$command" "$plugins"/*.so | grep libcoppice | grep -v "$(realpath "$work/prefix")/" >&2 &&
  fail "another libcoppice is loaded"

"$command" bench no-such-case 2>refused && fail "an unknown benchmark case is accepted"
grep -q "$(realpath prefix)/.*share/coppice/configs/bench" refused || fail "the installed benchmark cases are not found"

mkdir mine
# shellcheck disable=SC2046
${CC:-cc} -std=c17 -O1 -fPIC -fvisibility=hidden -shared -Wl,-z,defs -o "mine/$id.so" "$source" \
  $(pkg-config --cflags --libs coppice) -lm
"$command" inspect "$id" --plugin-dir mine >inspected || fail "a plugin built out of tree is refused"
grep -q " $id\$" inspected || fail "inspect does not say what it inspects"
echo "$(echo "$files" | wc -l) plugins installed, $id built out of tree"
