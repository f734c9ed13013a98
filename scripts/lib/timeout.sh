# shellcheck shell=bash
# The time limits of the scripts: ${LIMIT[NAME]}, in whole seconds. CONTRIBUTING.md has them with their reasons.

. "$(dirname "${BASH_SOURCE[0]}")/say.sh"

# go test ./e2e/live/timeout -update writes this from its table.
declare -A LIMIT=(
  [EngineAnswer]=20
  [EngineStart]=60
  [EngineAppear]=3
  [AptLock]=120
  [Registry]=3
  [ImagePull]=600
  [NodeRuntime]=60
  [NodeRuntimeEnd]=20
)
# to here

# scale_limits multiplies each by TIMEOUT_FACTOR, rounded up.
scale_limits() {
  local by=${TIMEOUT_FACTOR:-1} name
  if ! [[ $by =~ ^[0-9]+(\.[0-9]+)?$ ]] || ! LC_ALL=C awk -v by="$by" 'BEGIN { exit !(by >= 0.01 && by <= 100) }'; then
    fail "TIMEOUT_FACTOR=$by: want a decimal number from 0.01 to 100 by which each time limit is multiplied, such as 2 or 1.5"
  fi
  for name in "${!LIMIT[@]}"; do
    LIMIT[$name]=$(LC_ALL=C awk -v by="$by" -v limit="${LIMIT[$name]}" 'BEGIN { s = by * limit; print int(s) + (s > int(s)) }')
  done
}
scale_limits
