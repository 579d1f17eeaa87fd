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
