#!/usr/bin/env bash
# Provides the node image, Istio's images and istioctl, and prints the path of the manifest that names them.
#
#   images.sh LANE KUBERNETES_VERSION ISTIO_VERSION
#       LANE is source (built from package registries), pull (published images) or auto
#       (pull when the registry answers, else source); an empty version means the newest known, a minor its newest
#   images.sh --need LANE KUBERNETES_VERSION ISTIO_VERSION
#       checks the arguments and the disk, does no work, prints the GB that are still needed: 0 when all is there
#   images.sh --istio LANE ISTIO_VERSION
#       provides Istio alone, for a cluster of another version that is upgraded to it, and prints the path of its manifest
#   images.sh --versions   prints the versions that are offered (scripts/versions), one pair a line: lane Istio Kubernetes
#   images.sh --matrix source|pull  prints those of a lane as JSON, the newest first: [{"istio": …, "kubernetes": …}, …]
#   images.sh --prune      removes what was built and the engine's images of it
#
# REGISTRY names a mirror of docker.io, from which lane pull takes all of its images: registry.sh.
#
# Exit status: 1 when work failed, 2 on bad input or a machine that lacks something.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(dirname "$here")
IMAGES=$here/images
. "$here/lib/say.sh"
. "$here/lib/cache.sh"
. "$here/lib/steps.sh"
. "$here/lib/apt.sh"
. "$here/lib/timeout.sh"
IMAGES_CACHE=$CACHE_ROOT/images
LOGS=$IMAGES_CACHE/logs
. "$here/images/lib/units.sh"
. "$here/images/lib/archive.sh"
. "$here/images/lib/recipes.sh"
. "$here/images/lib/host.sh"
. "$here/images/lib/disk.sh"
. "$here/images/lib/node.sh"
. "$here/images/lib/source.sh"
. "$here/images/lib/istio.sh"
. "$here/images/lib/registry.sh"
. "$here/images/lib/proxy.sh"
. "$here/images/lib/pull.sh"

main() {
  case ${1:-} in
    --versions) cells ;;
    --matrix)
      case ${2:-} in source | pull) ;; *) usage ;; esac
      cells | jq -cRn --arg lane "$2" '[inputs | split(" ") | select(.[0] == $lane) | {istio: .[1], kubernetes: .[2]}]'
      ;;
    --prune) prune ;;
    --need)
      shift
      select_lane "$@"
      ENGINE=$("$here/engine.sh" --check 2>/dev/null) || ENGINE=
      preflight
      disk_total
      ;;
    --istio)
      [ $# = 3 ] || usage
      select_lane "$2" "" "$3"
      ENGINE=$("$here/engine.sh" --check 2>/dev/null) || ENGINE=
      istio_provide
      ;;
    source | pull | auto)
      select_lane "$@"
      provide
      ;;
    *) usage ;;
  esac
}

usage() { fail "usage: images.sh [--need] source|pull|auto KUBERNETES_VERSION ISTIO_VERSION | --istio source|pull|auto ISTIO_VERSION | --versions | --matrix source|pull | --prune"; }

# select_lane LANE KUBERNETES_VERSION ISTIO_VERSION sets LANE, ISTIO and KUBERNETES, a pair that the table offers.
select_lane() {
  [ $# = 3 ] || usage
  LANE=$1
  case $LANE in
    source) ;;
    pull) registry_check ;;
    auto)
      registry_check
      if registry_answers; then LANE=pull; else LANE=source; fi
      say "lane $LANE: chosen because the registry $(registry) $([ "$LANE" = pull ] && echo answers || echo 'does not answer')"
      ;;
    *) usage ;;
  esac
  local known
  readarray -t known < <(cells | awk -v lane="$LANE" '$1 == lane && !seen[$2]++ {print $2}')
  ISTIO=$(pick Istio "$3" "${known[@]}")
  readarray -t known < <(cells | awk -v lane="$LANE" -v istio="$ISTIO" '$1 == lane && $2 == istio {print $3}')
  KUBERNETES=$(pick "Istio $ISTIO on Kubernetes" "$2" "${known[@]}")
}

# preflight fails, before any work, where this machine cannot provide the lane.
preflight() {
  local missing
  host_check "$LANE"
  "${LANE}_select"
  readarray -t missing < <("${LANE}_missing")
  disk_need "${missing[@]%%/*}"
  disk_check
}

provide() {
  # A first look without an engine, so that bad input costs nothing.
  ENGINE=$("$here/engine.sh" --check 2>/dev/null) || ENGINE=
  preflight
  [ -n "$ENGINE" ] || ENGINE=$("$here/engine.sh")
  if [ -n "$("${LANE}_missing")" ]; then
    work
    make_missing
  fi
  echo "$MANIFEST"
}

# work takes the cache for a build, and leaves nothing half-built there.
work() {
  trap 'exit 130' INT
  trap 'exit 143' TERM
  lock
  # Only from here on: what is half-built before belongs to another build.
  trap leave EXIT
  sweep
}

# make_missing looks again: another build may have made it while this one waited.
make_missing() {
  local missing lacks
  readarray -t missing < <("${LANE}_missing")
  [ "${#missing[@]}" -gt 0 ] || return 0
  readarray -t lacks < <(host_lacks "$LANE" | xargs -r -n 1)
  [ "${#lacks[@]}" = 0 ] || plan "install ${lacks[*]}" "$LOGS/host.log" apt_install "${lacks[@]}"
  "${LANE}_plan" "${missing[@]}"
  run_plan
}

# lock waits until no other build or prune works in the cache; the kernel lifts it when its holder dies.
lock() {
  mkdir -p "$CACHE_ROOT"
  exec 9>>"$CACHE_ROOT/images.lock"
  if ! flock -n 9; then
    say "waiting: process $(tail -n 1 "$CACHE_ROOT/images.lock") works in $IMAGES_CACHE"
    flock 9
  fi
  echo "$$ (since $(date +%H:%M:%S))" >"$CACHE_ROOT/images.lock"
}

leave() {
  local status=$?
  step_stop
  sweep
  [ "$status" -lt 128 ] || say "stopped: nothing half-built is left, a next run goes on with what was finished"
}

# sweep removes what a stopped build left.
sweep() {
  local left
  for left in "$IMAGES_CACHE"/*/*.building; do
    [ ! -d "$left" ] || remove "$left"
  done
  [ -z "$ENGINE" ] || node_sweep
}

# image_ready says whether the manifest is there and the engine has the node image that it names.
image_ready() {
  local id
  [ -n "${ENGINE:-}" ] && [ -f "$MANIFEST" ] || return 1
  id=$(image_id "$NODE_REF")
  [ -n "$id" ] && [ "$id" = "$(jq -r .nodeImageID "$MANIFEST")" ]
}

# image_id REFERENCE prints the id of an image that the engine has, or nothing.
image_id() { "$ENGINE" image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

prune() {
  local size images
  ENGINE=$("$here/engine.sh" --check 2>/dev/null) || ENGINE=
  lock
  if [ -n "$ENGINE" ]; then
    sweep
    images=$("$ENGINE" images --quiet --filter label=mtls-conformance=1 | sort -u)
    if [ -n "$images" ]; then
      "$ENGINE" images --filter label=mtls-conformance=1 --format 'removing image {{.Repository}}:{{.Tag}} ({{.Size}})' >&2
      xargs "$ENGINE" rmi --force <<<"$images" >/dev/null || say "the engine kept an image that a container uses: delete the cluster, then prune again"
    fi
  else
    say "no container engine answers: its images stay"
  fi
  if [ -d "$IMAGES_CACHE" ]; then
    size=$(du -sh "$IMAGES_CACHE" | cut -f 1)
    say "removing $IMAGES_CACHE ($size)"
    remove "$IMAGES_CACHE"
  fi
}

main "$@"
