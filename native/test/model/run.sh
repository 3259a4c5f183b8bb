#!/bin/sh
# Runs every check of the models with SPIN. Exits non-zero unless each model passes and each
# mutant fails. Needs spin, a C compiler, 3 GB of memory, and a few minutes on one core; with --deep, which
# adds the larger state spaces, more.
# usage: run.sh [--deep] [lock|semaphore|robust-semaphore|rlock|barrier|rwlock|event|condition|ring|ring-chunks] [word of a check's name]
set -u
deep=no
if [ "${1:-}" = --deep ]; then deep=yes; shift; fi
here=$(cd "$(dirname "$0")" && pwd)
only_model=${1:-}
only_check=${2:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
checks=0

for tool in spin gcc; do
  command -v "$tool" >/dev/null || { echo "run.sh: $tool is needed (apt-get install spin gcc)" >&2; exit 2; }
done

# build DEFINES COMPILER_FLAGS: makes ./pan of $model
build() {
  rm -f "$work"/pan*
  (cd "$work" && spin -a $1 "$here/$model.pml" && gcc -w $2 -DMEMLIM=2900 -DCOLLAPSE -DNOFAIR -o pan pan.c) \
    >"$work/build.log" 2>&1 || { cat "$work/build.log"; return 1; }
}

# check EXPECTED NAME DEFINES [cycles]: EXPECTED is "holds" or a word of the error that must be found
check() {
  expected=$1 name=$2 defines=$3 kind=${4:-safety}
  case "$only_model" in '' | "$model") ;; *) return ;; esac
  case "$name" in *"$only_check"*) ;; *) return ;; esac
  checks=$((checks + 1))
  if [ "$expected" = holds ]; then optimise=-O2; else optimise=-O0; fi
  started=$(date +%s%N)
  if [ "$kind" = cycles ]; then
    build "$defines" "$optimise -DNP" || { failures=$((failures + 1)); return; }
    (cd "$work" && ./pan -m1000000 -l) >"$work/log" 2>&1
  else
    build "$defines" "$optimise -DSAFETY" || { failures=$((failures + 1)); return; }
    (cd "$work" && ./pan -m1000000) >"$work/log" 2>&1
  fi
  millis=$((($(date +%s%N) - started) / 1000000))
  states=$(sed -n 's/^ *\([0-9e+.]*\) states, stored.*/\1/p' "$work/log")
  found=$(sed -n 's/^pan:1: //p' "$work/log" | head -1)
  complete=yes
  if grep -q -e 'Search not completed' -e 'max search depth too small' -e 'out of memory' "$work/log"; then complete=no; fi
  verdict=FAILED
  if [ "$expected" = holds ]; then
    if [ -z "$found" ] && [ "$complete" = yes ] && grep -q 'errors: 0' "$work/log"; then verdict=ok; fi
  else
    case "$found" in *"$expected"*) verdict=ok ;; esac
  fi
  [ "$verdict" = ok ] || failures=$((failures + 1))
  printf '%-6s %-9s %-42s %9s states %3d.%01d s  %s\n' "$verdict" "$model" "$name" "${states:-?}" \
    $((millis / 1000)) $((millis % 1000 / 100)) "${found:+found: $found}"
}

sync='-DSYNC=3 -DASYNC=0'
word='-DSYNC=2 -DASYNC=1'
bell='-DSYNC=2 -DASYNC=1 -DBELLS'
small='-DSYNC=1 -DASYNC=1 -DBELLS'
loops='-DSYNC=0 -DASYNC=2 -DBELLS'
holder_dies='-DDEATHS=1 -DDEATH_OF_HOLDERS -DBOUND_SHORT'

model=lock
check holds 'no deaths, no bounds: sync'            "$sync -DROUNDS_1=2"
check holds 'no deaths, no bounds: word'            "$word -DPATIENT_SYNC"
check holds 'no deaths, no bounds: bell'            "$bell -DPATIENT"
check holds 'no deaths, no bounds: bell, abort'     "$small -DROUNDS_1=2"
check holds 'no deaths, no bounds: two loops'       "$loops -DROUNDS_1=2 -DPATIENT"
check holds 'no deaths, 2 ms: word, blocked'        "$word -DPATIENT_SYNC -DJS_BLOCKS -DBOUND_SHORT"
check holds 'no deaths, 2 ms: bell, blocked'        "$bell -DPATIENT -DJS_BLOCKS -DBOUND_SHORT"
check holds 'holder dies, no 50 ms bound: sync'     "$sync -DROUNDS_1=2 $holder_dies"
check holds 'holder dies, no 50 ms bound: word'     "$word -DPATIENT -DJS_BLOCKS $holder_dies"
check holds 'holder dies, no 50 ms bound: bell'     "$bell -DPATIENT $holder_dies"
check holds 'any death, safety: sync'               "$sync -DDEATHS=1 -DBOUND_ANY -DPATIENT"
check holds 'any death, safety: bell'               "$small -DDEATHS=2 -DBOUND_ANY"
check holds 'any death, safety: two loops'          "$loops -DDEATHS=1 -DBOUND_ANY -DPATIENT"
check holds 'any death, progress: sync'             "$sync -DDEATHS=1 -DBOUND_IDLE -DPATIENT" cycles
check holds 'any death, progress: bell'             "$small -DDEATHS=1 -DBOUND_IDLE -DPATIENT" cycles
check holds 'any death, progress: two loops'        "$loops -DDEATHS=1 -DBOUND_IDLE -DPATIENT" cycles
if [ "$deep" = yes ]; then
  check holds 'deep: no deaths, no bounds: word'    "$word"
  check holds 'deep: no deaths, no bounds: bell'    "$bell -DPATIENT_SYNC"
  check holds 'deep: holders die, no 50 ms: sync'   "$sync -DROUNDS_1=2 -DDEATHS=2 -DDEATH_OF_HOLDERS -DBOUND_SHORT"
  check holds 'deep: holder dies, no 50 ms: bell'   "$bell -DPATIENT_SYNC $holder_dies"
  check holds 'deep: any death, safety: sync'       "$sync -DDEATHS=1 -DBOUND_ANY"
  check holds 'deep: any death, safety: loops'      "$loops -DDEATHS=1 -DBOUND_ANY"
  check holds 'deep: any death, progress: sync'     "$sync -DDEATHS=2 -DBOUND_IDLE -DPATIENT" cycles
fi

check 'invalid end' 'mutant: any death, no bound'   "$small -DDEATHS=1"
check 'invalid end' 'mutant: NO_PASS_ON'            "$sync -DROUNDS=2 -DMUTANT_NO_PASS_ON"
check 'invalid end' 'mutant: FORGET_WAITERS' \
  "$sync -DROUNDS_1=2 -DMUTANT_FORGET_WAITERS -DMUTANT_NO_CHAIN"
check 'invalid end' 'mutant: NO_EXPIRY'             "$word -DJS_BLOCKS -DBOUND_SHORT -DMUTANT_NO_EXPIRY"
check 'invalid end' 'mutant: LEAVE_SILENTLY'        "$word -DMUTANT_LEAVE_SILENTLY"
check 'invalid end' 'mutant: LEAVE_IF_WATCHING'     "$word -DPATIENT_SYNC -DMUTANT_LEAVE_IF_WATCHING"
check 'invalid end' 'mutant: NO_RING'               "$bell -DPATIENT -DMUTANT_NO_RING"
check 'invalid end' 'mutant: NO_CHAIN'              "$sync -DROUNDS_1=2 $holder_dies -DMUTANT_NO_CHAIN"
check 'invalid end' 'mutant: SILENT_WITHDRAW'       "$sync -DROUNDS_1=2 $holder_dies -DMUTANT_SILENT_WITHDRAW"
check 'assertion'   'mutant: HUB_LOOKS_ON'          "$bell -DPATIENT -DMUTANT_HUB_LOOKS_ON"
check 'assertion'   'mutant: STEAL_ALIVE'           "$sync -DMUTANT_STEAL_ALIVE"
check 'assertion'   'mutant: KEEP_REQUEST'          "$sync -DMUTANT_KEEP_REQUEST"
check 'assertion'   'mutant: ABORT_KEEPS_GRANT'     "$word -DMUTANT_ABORT_KEEPS_GRANT"
check 'assertion'   'mutant: REVOKE_KEEPS_HIGH'     "$word -DMUTANT_REVOKE_KEEPS_HIGH"
check 'assertion'   'mutant: PENDING_IS_ABANDONED'  "$sync -DDEATHS=1 -DBOUND_ANY -DMUTANT_PENDING_IS_ABANDONED"

model=semaphore
spares='-DDEATHS=1 -DDEATH_SPARES_HOLDERS'
check holds 'no deaths, no bounds: sync'            "$sync -DROUNDS=2"
check holds 'no deaths, no bounds: release(2)'      "$sync -DUNITS=0 -DPRODUCED=2"
check holds 'no deaths, no bounds: consumers'       "$sync -DPATIENT -DUNITS=0 -DPRODUCED=3 -DCONSUME"
check holds 'no deaths, no bounds: plain'           "$sync -DPATIENT -DPRODUCED=2 -DPLAIN"
check holds 'no deaths, no bounds: plain consumers' "$sync -DPATIENT -DUNITS=0 -DPRODUCED=3 -DCONSUME -DPLAIN"
check holds 'no deaths, no bounds: word'            "$word -DPATIENT_SYNC"
check holds 'no deaths, no bounds: bell'            "$bell -DPATIENT_SYNC"
check holds 'no deaths, no bounds: bell, plain'     "$bell -DPATIENT -DPLAIN"
check holds 'no deaths, 2 ms: word, blocked'        "$word -DPATIENT_SYNC -DJS_BLOCKS -DBOUND_SHORT"
check holds 'no deaths, 2 ms: bell, blocked'        "$bell -DPATIENT -DJS_BLOCKS -DBOUND_SHORT"
check holds 'any death, safety: sync'               "$sync -DUNITS=2 -DDEATHS=1 -DBOUND_ANY"
check holds 'any death, safety: bell'               "$small -DDEATHS=2 -DBOUND_ANY"
check holds 'any death, progress: sync'             "$sync $spares -DBOUND_IDLE -DPATIENT" cycles
check holds 'any death, progress: bell'             "$small $spares -DBOUND_IDLE -DPATIENT" cycles
if [ "$deep" = yes ]; then
  check holds 'deep: any death, safety: bell'       "$bell -DDEATHS=1 -DBOUND_ANY -DPATIENT"
  check holds 'deep: plain'                         "$sync -DPRODUCED=2 -DPLAIN"
  check holds 'deep: plain consumers'               "$sync -DUNITS=0 -DPRODUCED=3 -DCONSUME -DPLAIN"
fi

check 'invalid end' 'mutant: any death, no bound'   "$small $spares"
check 'invalid end' 'mutant: NO_PASS_ON'            "$sync -DROUNDS=2 -DMUTANT_NO_PASS_ON"
check 'invalid end' 'mutant: FORGET_WAITERS'        "$sync -DROUNDS=2 -DMUTANT_FORGET_WAITERS"
check 'invalid end' 'mutant: NO_CHAIN'              "$sync -DUNITS=0 -DPRODUCED=2 -DROUNDS_1=2 -DMUTANT_NO_CHAIN"
check 'invalid end' 'mutant: WAITERS_WITH_UNITS' \
  "$sync -DUNITS=0 -DPRODUCED=3 -DCONSUME -DMUTANT_WAITERS_WITH_UNITS"
check 'invalid end' 'mutant: NO_EXPIRY'             "$word -DPATIENT -DJS_BLOCKS -DBOUND_SHORT -DMUTANT_NO_EXPIRY"
check 'invalid end' 'mutant: LEAVE_SILENTLY'        "$word -DMUTANT_LEAVE_SILENTLY"
check 'invalid end' 'mutant: NO_RING'               "$bell -DPATIENT -DMUTANT_NO_RING"
check 'assertion'   'mutant: HUB_LOOKS_ON'          "$bell -DPATIENT -DMUTANT_HUB_LOOKS_ON"
check 'assertion'   'mutant: REVOKE_LOSES_UNIT'     "$word -DMUTANT_REVOKE_LOSES_UNIT"
check 'assertion'   'mutant: KEEP_REQUEST'          "$sync -DMUTANT_KEEP_REQUEST"
check 'assertion'   'mutant: ABORT_KEEPS_GRANT'     "$word -DMUTANT_ABORT_KEEPS_GRANT"

model=robust-semaphore
two='-DTHREADS=2 -DROUNDS=2'
check holds 'no deaths, no bounds: two rounds'      "$two"
check holds 'no deaths, no bounds: three, patient'  "-DPATIENT"
check holds 'no deaths, no bounds: two units'       "-DUNITS=2"
check holds 'no deaths, no bounds: timeouts'        "$two -DTIMEOUTS"
check holds 'holder dies, no 50 ms bound: patient'  "-DPATIENT -DDEATHS=1 -DDEATH_OF_HOLDERS -DBOUND_SHORT"
check holds 'any death, progress'                   "-DTHREADS=2 -DDEATHS=1 -DBOUND_IDLE" cycles
check holds 'any death, timeouts'                   "-DTHREADS=2 -DDEATHS=1 -DBOUND_IDLE -DTIMEOUTS"
if [ "$deep" = yes ]; then
  check holds 'deep: no deaths, no bounds'          ""
  check holds 'deep: holder dies, no 50 ms bound'   "-DDEATHS=1 -DDEATH_OF_HOLDERS -DBOUND_SHORT"
  check holds 'deep: any death, progress'           "-DPATIENT -DDEATHS=1 -DBOUND_IDLE" cycles
fi
check 'invalid end' 'mutant: any death, no bound'   "-DPATIENT -DDEATHS=1"
check 'invalid end' 'mutant: NO_WAKE'               "-DTHREADS=2 -DMUTANT_NO_WAKE"
check 'invalid end' 'mutant: LOOK_FIRST'            "-DTHREADS=2 -DMUTANT_LOOK_FIRST"
check 'invalid end' 'mutant: CHECK_FIRST'           "-DTHREADS=2 -DMUTANT_CHECK_FIRST"
check 'invalid end' 'mutant: NO_COMPARE'            "-DTHREADS=2 -DMUTANT_NO_COMPARE"
check 'invalid end' 'mutant: FORGET_WAITERS' \
  "-DPATIENT -DMUTANT_FORGET_WAITERS -DMUTANT_NO_CHAIN"
check 'invalid end' 'mutant: NO_CHAIN' \
  "-DPATIENT -DDEATHS=1 -DDEATH_OF_HOLDERS -DBOUND_SHORT -DMUTANT_NO_CHAIN"
check 'invalid end' 'mutant: SILENT_WITHDRAW'       "-DPATIENT -DROUNDS_3=2 -DTIMEOUTS -DMUTANT_SILENT_WITHDRAW"
check 'assertion'   'mutant: KEEP_REQUEST'          "-DTHREADS=2 -DTIMEOUTS -DMUTANT_KEEP_REQUEST"

model=rlock
check holds 'nesting'                               ""
check holds 'given up and had again'                "-DSUSPEND"
check holds 'a thread dies'                         "-DDEATHS=1"
check 'assertion'   'mutant: ENTER_AWAITED'         "-DMUTANT_ENTER_AWAITED"
check 'invalid end' 'mutant: ENTER_GRANT'           "-DMUTANT_ENTER_GRANT"
check 'assertion'   'mutant: NO_DEPTH'              "-DMUTANT_NO_DEPTH"
check 'assertion'   'mutant: RESUME_SHALLOW'        "-DSUSPEND -DMUTANT_RESUME_SHALLOW"

model=barrier
check holds 'no deaths, no bounds'                  ""
check holds 'no deaths, no bounds: three'           "-DUSERS=3 -DPARTIES=3 -DROUNDS=1"
check holds 'no deaths, no bounds: action'          "-DACTION"
check holds 'timeouts'                              "-DTIMEOUTS"
check holds 'timeouts: three for two, action'       "-DUSERS=3 -DROUNDS=1 -DACTION -DTIMEOUTS"
check holds 'aborts and resets'                     "-DSTRANGER=2"
check holds 'a party dies'                          "-DDEATHS=1 -DBOUND"
check holds 'a party dies: action'                  "-DDEATHS=1 -DBOUND -DACTION"
if [ "$deep" = yes ]; then
  check holds 'deep: aborts, resets, timeouts'      "-DSTRANGER=2 -DTIMEOUTS -DKEPT=3"
  check holds 'deep: one of three dies'             "-DDEATHS=1 -DUSERS=3 -DROUNDS=1 -DBOUND"
fi
check 'invalid end' 'mutant: any death, no bound'   "-DDEATHS=1"
check 'invalid end' 'mutant: SILENT'                "-DMUTANT_SILENT"
check 'invalid end' 'mutant: COUNTED_ONLY'          "-DDEATHS=1 -DBOUND -DMUTANT_COUNTED_ONLY"
check 'invalid end' 'mutant: COUNT_FIRST'           "-DDEATHS=1 -DBOUND -DMUTANT_COUNT_FIRST"
check 'invalid end' 'mutant: CLAIM_BLINDLY'         "-DSTRANGER=2 -DMUTANT_CLAIM_BLINDLY"
check 'assertion'   'mutant: NOTE_AFTER'            "-DSTRANGER=2 -DMUTANT_NOTE_AFTER"
check 'assertion'   'mutant: BREAK_ANY'             "-DTIMEOUTS -DMUTANT_BREAK_ANY"

model=rwlock
check holds 'two rounds'                            "-DROUNDS=2"
check holds 'two writers'                           "-DWRITERS=2"
check holds 'two writers, timeouts'                 "-DWRITERS=2 -DTIMEOUTS"
check holds 'one dies'                              "-DDEATHS=1 -DBOUND"
check holds 'two die, timeouts'                     "-DREADERS=1 -DWRITERS=2 -DDEATHS=2 -DBOUND -DTIMEOUTS"
check 'assertion'   'mutant: LOOK_FIRST'            "-DMUTANT_LOOK_FIRST"
check 'assertion'   'mutant: SCAN_FIRST'            "-DMUTANT_SCAN_FIRST"
check 'assertion'   'mutant: NO_TORN'               "-DREADERS=1 -DWRITERS=2 -DDEATHS=1 -DBOUND -DMUTANT_NO_TORN"
check 'invalid end' 'mutant: NO_NUDGE'              "-DMUTANT_NO_NUDGE"
check 'invalid end' 'mutant: DRAIN_LATE'            "-DMUTANT_DRAIN_LATE"

model=event
check holds 'no deaths, no bounds'                  "-DWAITERS=2 -DSETTERS=2"
check holds 'no deaths, no bounds: loop'            "-DWAITERS=1 -DSETTERS=2 -DLOOP"
check holds 'a setter dies'                         "-DWAITERS=2 -DSETTERS=2 -DDEATHS=1 -DBOUND"
check 'assertion'   'mutant: FLAG_ONLY'             "-DMUTANT_FLAG_ONLY"
check 'assertion'   'mutant: NO_WAKE'               "-DMUTANT_NO_WAKE"
check 'assertion'   'mutant: KEEP_WAITERS'          "-DMUTANT_KEEP_WAITERS"
check 'assertion'   'mutant: a setter dies, no bound' "-DDEATHS=1"

model=condition
check holds 'no deaths, no bounds: patient'         "-DWAITERS=3 -DNOTIFIERS=1 -DROUNDS=2 -DPATIENT"
check holds 'no deaths, no bounds'                  "-DWAITERS=2 -DNOTIFIERS=2"
check holds 'any death: patient'                    "-DWAITERS=2 -DNOTIFIERS=1 -DDEATHS=1 -DBOUND -DPATIENT"
check holds 'any two deaths: patient'               "-DWAITERS=3 -DNOTIFIERS=1 -DDEATHS=2 -DBOUND -DPATIENT"
check holds 'any death'                             "-DWAITERS=2 -DNOTIFIERS=2 -DDEATHS=1 -DBOUND"
check 'assertion'   'mutant: FREE_FIRST'            "-DWAITERS=3 -DDEATHS=2 -DBOUND -DPATIENT -DMUTANT_FREE_FIRST"
check 'assertion'   'mutant: NO_LOOK'               "-DWAITERS=2 -DDEATHS=1 -DBOUND -DPATIENT -DMUTANT_NO_LOOK"
check 'assertion'   'mutant: KEEP_GRANT'            "-DWAITERS=2 -DMUTANT_KEEP_GRANT"
check 'assertion'   'mutant: NO_WAKE'               "-DPATIENT -DMUTANT_NO_WAKE"
check 'assertion'   'mutant: DROP_BLINDLY'          "-DWAITERS=3 -DROUNDS=2 -DMUTANT_DROP_BLINDLY"
check 'assertion'   'mutant: any death, no bound'   "-DDEATHS=1 -DPATIENT"

model=ring
pair='-DPUTTERS=1 -DGETTERS=1'
check holds 'two putters'                           "-DGETTERS=1"
check holds 'two getters, one gives up'             "-DPUTTERS=1 -DLATE=1"
check holds 'two getters, each for half'            "-DPUTTERS=1 -DROUNDS=4 -DTAKES=2"
check holds 'one and one'                           "$pair -DROUNDS=4"
check holds 'shut down at any time'                 "$pair -DROUNDS=3 -DROOM=2 -DCLOSER"
check holds 'any death, with bounds'                "-DPUTTERS=1 -DDEATHS=1 -DBOUND"
check 'invalid end' 'mutant: any death, no bound'   "-DPUTTERS=1 -DDEATHS=1"
check 'invalid end' 'mutant: NO_WAKE'               "$pair -DMUTANT_NO_WAKE"
check 'invalid end' 'mutant: NO_LOOK'               "$pair -DMUTANT_NO_LOOK"
check 'invalid end' 'mutant: WAKE_FIRST'            "$pair -DMUTANT_WAKE_FIRST"
check 'invalid end' 'mutant: CLEAR_ANY'             "$pair -DROUNDS=3 -DMUTANT_CLEAR_ANY"
check 'invalid end' 'mutant: ANNOUNCE_LATE'         "-DPUTTERS=1 -DROUNDS=4 -DTAKES=2 -DMUTANT_ANNOUNCE_LATE"
check 'assertion'   'mutant: FLAGS_LATE'            "$pair -DCLOSER -DMUTANT_FLAGS_LATE"

model=ring-chunks
check holds 'any death'                             ""
check holds 'any death, large messages'             "-DLARGE=1"
check holds 'putters die one after the other'       "-DDEATHS=2 -DPUTTERS=3 -DROUNDS=1 -DGETTERS=1"
check holds 'getters die one after the other'       "-DDEATHS=2 -DPUTTERS=1 -DROUNDS=3 -DGETTERS=3"
if [ "$deep" = yes ]; then
  check holds 'deep: others use the memory'         "-DSTRANGER"
fi
check 'assertion'   'mutant: NO_SERIAL'             "-DSTRANGER -DMUTANT_NO_SERIAL"
check 'assertion'   'mutant: GROWING_LATE'          "-DMUTANT_GROWING_LATE"
check 'assertion'   'mutant: SERIAL_LATE'           "-DSTRANGER -DMUTANT_SERIAL_LATE"
check 'assertion'   'mutant: FREE_FIRST'            "-DMUTANT_FREE_FIRST"
check 'assertion'   'mutant: RETIRE_LATE'           "-DMUTANT_RETIRE_LATE"
check 'assertion'   'mutant: KEEP_FIELDS'           "-DMUTANT_KEEP_FIELDS"
check 'assertion'   'mutant: LINK_FIRST'            "-DMUTANT_LINK_FIRST"
check 'assertion'   'mutant: PUT_FIRST'             "-DMUTANT_PUT_FIRST"
check 'assertion'   'mutant: REUSE_OWN'             "-DLARGE=1 -DMUTANT_REUSE_OWN"
check 'assertion'   'mutant: MEND_ALL'              "-DMUTANT_MEND_ALL"

[ "$checks" -gt 0 ] || { echo "run.sh: no such check" >&2; exit 2; }
echo "$((checks - failures)) of $checks checks as expected"
[ "$failures" -eq 0 ]
