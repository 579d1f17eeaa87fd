#!/bin/bash
# Every format's writer still writes the bytes of tests/fuzz/corpus/FORMAT/good-written: files of
# before are read by what comes after, and both know them by these.
# Usage: check_corpus.sh MAKE_CORPUS CORPUS_DIR
set -euo pipefail
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$1" "$made"
status=0
for file in "$made"/*/good-written; do
  format=$(basename "$(dirname "$file")")
  if ! cmp "$file" "$2/$format/good-written"; then
    echo "$format: is written otherwise than it was; if that is meant, raise what readers must know," \
      "keep the old file under another name beside it, and put the new one there" >&2
    status=1
  fi
done
exit $status
