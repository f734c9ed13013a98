# shellcheck shell=bash
# Long work in named steps: what runs, which of how many, since when, where its log is.

. "$(dirname "${BASH_SOURCE[0]}")/say.sh"

STEP_PID=
STEP_HEARTBEAT=${STEP_HEARTBEAT:-20}

PLAN=()

# plan NAME LOG COMMAND... adds a step.
plan() { PLAN+=("$(printf '%q ' "$@")"); }

# run_plan runs the steps that were planned; the first that fails ends the script with 1.
run_plan() {
  local k item
  for k in "${!PLAN[@]}"; do
    item=${PLAN[k]}
    eval "step $((k + 1)) ${#PLAN[@]} $item"
  done
}

# step K N NAME LOG COMMAND... runs COMMAND with its output in LOG.
# Call it as a plain statement: inside a condition bash would drop the command's errexit.
step() {
  local k=$1 n=$2 name=$3 log=$4 began=$SECONDS beat=0 status=0
  shift 4
  mkdir -p "$(dirname "$log")"
  say "[$k/$n] $name ${dim}(log: $log)${plain}"
  (
    set -euo pipefail
    "$@"
  ) >"$log" 2>&1 </dev/null &
  STEP_PID=$!
  while kill -0 "$STEP_PID" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - began >= beat + STEP_HEARTBEAT)); then
      beat=$((SECONDS - began))
      step_beat "$k" "$n" "$name" "$beat"
    fi
  done
  wait "$STEP_PID" || status=$?
  STEP_PID=
  step_end "$k" "$n" "$name" "$((SECONDS - began))" "$status" "$log"
  [ "$status" = 0 ] || exit 1
}

step_beat() {
  if [ -n "${MTLS_LIVE:-}" ]; then
    return
  elif [ -t 2 ]; then
    printf '\r\e[K[%s/%s] %s … %s s' "$1" "$2" "$3" "$4" >&2
  else
    say "[$1/$2] $3: still at it after $4 s"
  fi
}

step_end() {
  [ ! -t 2 ] || printf '\r\e[K' >&2
  if [ "$5" = 0 ]; then
    say "[$1/$2] $3: $4 s"
    return
  fi
  say "${red}[$1/$2] $3 failed after $4 s${plain}; the last lines of $6:"
  tail -n 20 "$6" >&2
}

# step_stop ends the running step with everything it started.
step_stop() {
  [ -n "$STEP_PID" ] || return 0
  kill_tree "$STEP_PID"
  wait "$STEP_PID" 2>/dev/null || true
  STEP_PID=
}

kill_tree() {
  local child children
  children=$(pgrep -P "$1" || true)
  kill -TERM "$1" 2>/dev/null || true
  for child in $children; do kill_tree "$child"; done
}
