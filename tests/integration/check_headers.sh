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

# The macros of option rows compile as C11 and C++20 without a warning, and refuse a field of another type.
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
cat >"$rows" <<'END'
#include <coppice/plugin.h>
typedef struct options { double rate; int64_t size; int32_t scope; const cop_model *model; cop_string_list exclude; } options;
extern const cop_option table[];
const cop_option table[] = {
    COP_OPT_RATE(options, rate),
    COP_OPT_INT(options, size, "0", 0, INFINITY, "Images", .flags = COP_OPTION_ADVANCED, .unit = "images"),
    COP_OPT_SCOPE(options, scope, "global"),
    COP_OPT_MODEL(options, model, "", "The network"),
    COP_OPT_EXCLUDE(options, exclude),
    COP_OPT_ALIAS("amount", "rate", "The old name of rate"),
};
END
c_rows="${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers -fsyntax-only -I$include -x c"
cc_rows="${CXX:-c++} -std=c++20 -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers -fsyntax-only -I$include -x c++"
$c_rows "$rows"
$cc_rows "$rows"
sed -i 's/double rate/float rate/' "$rows"
for compile in "$c_rows" "$cc_rows"; do
  if $compile "$rows" 2>/dev/null; then
    echo "a FLOAT option in a float was not refused" >&2
    exit 1
  fi
done
rm -f "$rows"

# A whole plugin in C++: the descriptor is defined with C linkage, visible, and without a warning.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/plugin.cc" <<'END'
#include <coppice/plugin.h>
static const cop_work_ops ops = {sizeof(cop_work_ops), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
COP_EXPORT const cop_plugin coppice_plugin = {
    COP_PLUGIN_HEADER(COP_KIND_PRUNER, COP_PRUNER_INTERFACE),
    .id = "x", .version = "1.0.0", .results_version = "1", .summary = "x", .author = "x", .licence = "MIT",
    .citation = nullptr, .options = nullptr, .option_count = 0, .options_size = 0, .ops = &ops,
    .defaults = nullptr, .departures = nullptr};
END
${CXX:-c++} -std=c++20 -Wall -Wextra -Wpedantic -Werror -fPIC -fvisibility=hidden -shared -I"$include" \
  -o "$work/plugin.so" "$work/plugin.cc"
nm -D --defined-only "$work/plugin.so" | grep -q ' coppice_plugin$' || {
  echo "a descriptor in C++ is not exported as coppice_plugin" >&2
  exit 1
}
