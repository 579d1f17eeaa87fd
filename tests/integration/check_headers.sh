#!/bin/sh
# Each public header compiles by itself, as C11 and as C++11, without a warning.
# Usage: check_headers.sh INCLUDE_DIR
set -eu
include=$1
for header in "$include"/coppice/*.h; do
  name=coppice/$(basename "$header")
  echo "#include <$name>" | ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$include" -x c -
  echo "#include <$name>" | ${CXX:-c++} -std=c++11 -Wall -Wextra -Werror -fsyntax-only -I"$include" -x c++ -
done

# A whole plugin in C++: the descriptor is defined with C linkage, visible, and without a warning.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/plugin.cc" <<'END'
#include <coppice/plugin.h>
static const cop_work_ops ops = {sizeof(cop_work_ops), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_PRUNER, COP_PRUNER_INTERFACE),
    .id = "x", .version = "1.0.0", .results_version = "1", .summary = "x", .author = "x", .licence = "MIT",
    .citation = nullptr, .options = nullptr, .option_count = 0, .options_size = 0, .ops = &ops};
END
${CXX:-c++} -std=c++20 -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -shared -I"$include" \
  -o "$work/plugin.so" "$work/plugin.cc"
nm -D --defined-only "$work/plugin.so" | grep -q ' coppice_plugin$' || {
  echo "a descriptor in C++ is not exported as coppice_plugin" >&2
  exit 1
}
