#!/bin/bash
# A study that is interrupted once and killed at random moments, with a checkpoint after every step,
# ends with the bits of one that ran through, and leaves nothing behind.
# Usage: check_resume.sh BUILD_DIR CONFIG KILLS [JOBS]     with JOBS processes; the first run is by one
set -euo pipefail
build=$1 config=$2 kills=$3 jobs=1
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -s KILL "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT

# start OUT: runs the study in the background; its process is `pid`.
start() {
  COPPICE_SAVE_SECONDS=0 "$build/coppice" run "$config" --out "$1" --plugin-dir "$build/plugins" \
    --jobs "$jobs" >"$work/log" 2>&1 &
  pid=$!
}

# finish: waits for it; sets `status` to how it ended.
finish() {
  status=0
  wait "$pid" || status=$?
  pid=
}

# cut_short OUT SIGNAL: starts a run and signals it after 0.1 to 1 s.
cut_short() {
  start "$1"
  sleep "0.$((RANDOM % 90 + 10))"
  kill -s "$2" "$pid" 2>/dev/null || true # it may have ended
  finish
}

must_succeed() {
  [ "$status" = 0 ] || { echo "$1: exit status $status"; cat "$work/log"; exit 1; }
}

# Times are recorded in manifests, the tables of costs and the database alone; all else must agree,
# file for file.
compare() {
  for part in store studies; do
    diff -r -x artifact.json -x 'cost*.csv' -x files.json -x run -x '*.png' -x '*.pdf' -x '*.html' -x '*.sqlite' "$work/whole/$part" "$work/cut/$part"
  done
  left=$(find "$work/cut" -mindepth 1 \( -path "*/work/*" ! -name lock -o -name '*.tmp-*' \))
  [ -z "$left" ] || { echo "left behind:"; echo "$left"; exit 1; }
}

start "$work/whole"
finish
must_succeed "the run that is not cut"
jobs=${4:-1}

# An interrupted run says how to go on. A fast machine may be done first, so it gets several tries.
interrupted=0
for ((i = 0; i < 20 && interrupted == 0; i++)); do
  cut_short "$work/cut" INT
  if [ "$status" = 130 ]; then
    grep -q "resume with: " "$work/log" || { echo "no word on how to resume:"; cat "$work/log"; exit 1; }
    interrupted=1
  else
    must_succeed "interrupted"
    rm -rf "$work/cut"
  fi
done
[ $interrupted = 1 ] || { echo "no run was interrupted"; exit 1; }

# 137 is 128 + SIGKILL: only then was the run cut. One that was done is compared, and begun anew.
killed=0 finished=0
for ((i = 0; i < kills; i++)); do
  cut_short "$work/cut" KILL
  if [ "$status" = 137 ]; then
    killed=$((killed + 1))
  else
    must_succeed "killed"
    compare
    rm -rf "$work/cut"
    finished=$((finished + 1))
  fi
done
[ $killed -gt 0 ] || { echo "none of $kills runs was cut by the signal"; exit 1; }
start "$work/cut"
finish
must_succeed "the last run"
compare
echo "the same results: $((finished + 1)) studies, killed $killed times"
