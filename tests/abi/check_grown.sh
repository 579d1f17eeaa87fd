#!/bin/bash
# check_grown.sh HOST GROWN PLUGINS CONFIG...: a host that has a member more in each struct that may grow runs
# plugins that were built from older headers, and comes to the same as the host without them.
set -euo pipefail
host=$1 grown=$2 plugins=$3
shift 3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset COPPICE_PLUGIN_PATH

fail() {
  echo "check_grown: $*" >&2
  exit 1
}

# The grown host is one: it has a field of recipes that the other does not know.
"$grown" check "$1" --plugin-dir "$plugins" --set train.grown_in_tests=0.5 >"$tmp/grown.txt" 2>"$tmp/log.txt" ||
  { cat "$tmp/log.txt" >&2; fail "the grown host does not know its own field"; }
"$host" check "$1" --plugin-dir "$plugins" --set train.grown_in_tests=0.5 >"$tmp/host.txt" 2>&1 &&
  fail "the plain host knows a field of the grown one: both are the same"

for plugin in "$plugins"/*.so; do
  name=$(basename "$plugin" .so)
  [ "$name" = random ] && name=pruner:random # there is a distiller of that name
  for side in host grown; do
    "${!side}" inspect "$name" --plugin-dir "$plugins" >"$tmp/$side.txt" 2>"$tmp/log.txt" ||
      { cat "$tmp/log.txt" >&2; fail "$plugin cannot be inspected"; }
  done
  diff "$tmp/host.txt" "$tmp/grown.txt" || fail "$plugin reads otherwise in the grown host"
  case $(basename "$plugin") in
    dc.so | mtt.so) continue ;; # random options ask for more than a test waits for
  esac
  "$grown" validate "$plugin" --plugin-dir "$plugins" >"$tmp/validate.txt" 2>&1 ||
    { cat "$tmp/validate.txt" >&2; fail "$plugin breaks the contract in the grown host"; }
done

count=0
for config in "$@"; do
  rm -rf "$tmp/host" "$tmp/grown"
  "$host" run "$config" --plugin-dir "$plugins" --out "$tmp/host" --quiet 2>"$tmp/log.txt" ||
    { cat "$tmp/log.txt" >&2; fail "$config: the plain host fails"; }
  "$grown" run "$config" --plugin-dir "$plugins" --out "$tmp/grown" --quiet 2>"$tmp/log.txt" ||
    { cat "$tmp/log.txt" >&2; fail "$config: the grown host fails"; }
  while read -r table; do
    diff "$tmp/host/$table" "$tmp/grown/$table" || fail "$config: $table differs"
    count=$((count + 1))
  done < <(cd "$tmp/host" && find . -name '*.csv' ! -name 'cost*.csv')
done
[ "$count" -ge 10 ] || fail "only $count tables were there to compare"
echo "check_grown: $count tables are the same"
