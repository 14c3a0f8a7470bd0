#!/bin/sh
# check.sh ONE_CASE EXECUTABLE: a case ends alike when it is started alone and when the server forks for it.
one_case=$1 executable=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
wrong() { echo "wrong: $*"; failed=1; }

GIVEN='a b
=c'
export GIVEN
crash='crashes\, and has a comma\, \[brackets\] and spaces'
for case in passes fails 'leaves with 77' "$crash" 'touches what is global' 'touches what is global' 'sees the environment' reads \
            'no such case'; do
  echo something | "$executable" "$case" >"$scratch/alone" 2>&1; alone=$?
  echo something | "$one_case" "$executable" "$case" >"$scratch/served" 2>&1; served=$?
  [ $alone = $served ] || wrong "$case: exit code $served, alone $alone"
  cmp -s "$scratch/alone" "$scratch/served" || { wrong "$case: other output"; diff "$scratch/alone" "$scratch/served"; }
  [ "$case" != "$crash" ] || grep -q '^crashes, and has a comma' "$scratch/served" || wrong "a crash does not name its case"
done

# one server made all of them
servers() {  # those that end with the process $1
  for process in /proc/[0-9]*; do
    [ "$({ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null)" != "$executable --serve $1 " ] || basename "$process"
  done
}
gone() {  # the process $1, in the end
  tries=0
  while kill -0 "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || return 1
    sleep 0.1
  done
}
[ "$(servers $$ | wc -l)" = 1 ] || wrong "there are $(servers $$ | wc -l) servers in the place of 1"

# a case whose asker is killed dies
export PID_FILE="$scratch/case"
"$one_case" "$executable" hangs >/dev/null &
asker=$!
until [ -s "$PID_FILE" ]; do sleep 0.05; done
kill -KILL $asker
wait $asker 2>/dev/null
gone "$(cat "$PID_FILE")" || wrong "a case outlives who asked for it"

# the server ends with who started the asker
sh -c '"$@" >/dev/null; echo $$' - "$one_case" "$executable" passes >"$scratch/parent"
for server in $(servers "$(cat "$scratch/parent")"); do
  gone "$server" || wrong "a server outlives who needed it"
done
exit $failed
