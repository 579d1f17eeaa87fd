#!/bin/bash
# A study that is killed at random moments, and once interrupted, ends with the bits of one that ran
# through.
# Usage: check_resume.sh BUILD_DIR CONFIG KILLS
set -euo pipefail
build=$1 config=$2 kills=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
coppice() { "$build/coppice" run "$config" --out "$1" --plugin-dir "$build/plugins"; }

# start OUT SIGNAL: starts a run, signals it after 0.1 to 1 s, and sets `status` to how it ended.
cut_short() {
  coppice "$1" >"$work/log" 2>&1 &
  local pid=$!
  sleep "0.$((RANDOM % 90 + 10))"
  # the function's shell has the command as its child
  pkill "-$2" -P $pid 2>/dev/null || true
  status=0
  wait $pid || status=$?
}

coppice "$work/whole" >/dev/null 2>&1
cut_short "$work/cut" INT
if [ $status = 130 ]; then
  grep -q "resume with: " "$work/log" || { echo "no word on how to resume:"; cat "$work/log"; exit 1; }
elif [ $status != 0 ]; then # 0: it was done before the signal
  echo "interrupted: exit status $status, not 130"; cat "$work/log"; exit 1
fi
for ((i = 0; i < kills; i++)); do
  cut_short "$work/cut" KILL
done
coppice "$work/cut" >/dev/null 2>&1

# Times are recorded in manifests and costs.csv alone; all else must agree, file for file.
compare() { diff -r -x artifact.json -x costs.csv -x '*.png' -x '*.html' "$work/whole/$1" "$work/cut/$1"; }
compare store
compare report
[ -z "$(ls "$work/cut/work")" ] || { echo "left behind:"; ls "$work/cut/work"; }
echo "the same results after $kills kills"
