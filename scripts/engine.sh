#!/usr/bin/env bash
# Makes a container engine available and prints its name: docker or podman.
#
#   engine.sh           uses a working engine untouched; on Debian or Ubuntu as root
#                       installs and starts docker.io where there is none
#   engine.sh --check   installs and starts nothing: exit 0 with the name of a working
#                       engine, 1 where engine.sh could provide one, 2 where it could not
#
# DOCKER_HOST is respected: an engine named there is used or missed, never replaced.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib/say.sh"
. "$here/lib/cache.sh"
. "$here/lib/apt.sh"
. "$here/lib/timeout.sh"
# A root shell that was not a login lacks these, where dockerd and runc are.
PATH=$PATH:/usr/sbin:/sbin

ENGINE_CACHE=$CACHE_ROOT/engine
CAP_SYS_RESOURCE=24

main() {
  local mode=${1:-}
  case $mode in
    '' | --check) ;;
    *) fail "usage: engine.sh [--check]" ;;
  esac
  working && return
  if [ -n "${DOCKER_HOST:-}" ]; then
    fail "no engine answers at DOCKER_HOST=$DOCKER_HOST: start it, or unset DOCKER_HOST"
  fi
  if ! can_apt; then
    fail "no container engine answers: install and start Docker (https://docs.docker.com/engine/install/) or podman;" \
      "only on Debian or Ubuntu as root can it be installed from here"
  fi
  if [ "$mode" = --check ]; then
    say "no container engine answers; without --check docker.io would be installed and started"
    exit 1
  fi
  mkdir -p "$ENGINE_CACHE"
  exec 8>"$ENGINE_CACHE/lock"
  flock 8
  # Another run may have started one while this one waited for the lock.
  working && return
  install_docker
  start_docker
  working || broken "the engine started and does not answer: see $ENGINE_CACHE/dockerd.log"
}

# working prints the name of the engine that answers, docker before podman, as kind does.
working() {
  if answers docker; then
    echo docker
  elif [ -z "${DOCKER_HOST:-}" ] && answers podman; then
    echo podman
  else
    return 1
  fi
}

answers() { command -v "$1" >/dev/null && timeout "${LIMIT[EngineAnswer]}" "$1" info >/dev/null 2>&1; }

install_docker() {
  local wanted=()
  command -v dockerd >/dev/null || wanted+=(docker.io)
  # Debian 13 and later ship the client apart.
  if ! command -v docker >/dev/null && apt-cache show docker-cli >/dev/null 2>&1; then wanted+=(docker-cli); fi
  command -v iptables >/dev/null || wanted+=(iptables)
  command -v jq >/dev/null || wanted+=(jq)
  command -v runc >/dev/null || wanted+=(runc)
  command -v ps >/dev/null || wanted+=(procps)
  [ "${#wanted[@]}" -gt 0 ] || return 0
  # systemd starts the engine within the installation, with the configuration it finds then.
  if on_systemd && ! can_grant; then configure_systemd; fi
  say "installing ${wanted[*]} (log: $ENGINE_CACHE/apt.log)"
  if ! apt_install "${wanted[@]}" >"$ENGINE_CACHE/apt.log" 2>&1; then
    tail -n 20 "$ENGINE_CACHE/apt.log" >&2
    broken "could not install ${wanted[*]}: see $ENGINE_CACHE/apt.log"
  fi
  # An init script may have started it without our runtime.
  if ! on_systemd && [[ " ${wanted[*]} " == *" docker.io "* ]]; then service docker stop >/dev/null 2>&1 8>&- || true; fi
}

on_systemd() { [ -d /run/systemd/system ]; }

# can_grant says whether the bounding set holds CAP_SYS_RESOURCE, so that a privileged container can have it.
can_grant() {
  local bounding
  bounding=$(awk '/^CapBnd:/ {print $2}' /proc/self/status)
  (((16#$bounding >> CAP_SYS_RESOURCE) & 1))
}

# place_runtime copies the wrapper out of the clone, because the engine outlives it.
place_runtime() {
  install -m 0755 "$here/engine/runc-bounded" "$ENGINE_CACHE/runc-bounded.new"
  mv "$ENGINE_CACHE/runc-bounded.new" "$ENGINE_CACHE/runc-bounded"
}

# configure_systemd registers the runtime for an engine that systemd will start; a configuration of the user's stays.
configure_systemd() {
  local config=/etc/docker/daemon.json
  if [ -e "$config" ]; then
    say "this machine lacks CAP_SYS_RESOURCE and $config exists: if privileged containers fail," \
      "add the runtime $ENGINE_CACHE/runc-bounded there as the default"
    return
  fi
  place_runtime
  mkdir -p "$(dirname "$config")"
  printf '{"runtimes": {"bounded": {"path": "%s"}}, "default-runtime": "bounded"}\n' "$ENGINE_CACHE/runc-bounded" >"$config"
}

start_docker() {
  if on_systemd; then
    can_grant || configure_systemd
    systemctl start docker 8>&-
    await_docker || broken "systemd's docker does not answer within ${LIMIT[EngineStart]} s: see journalctl -u docker"
    return
  fi
  if ! runs -C dockerd; then launch_dockerd; fi
  await_docker && return
  [ ! -f "$ENGINE_CACHE/dockerd.log" ] || tail -n 20 "$ENGINE_CACHE/dockerd.log" >&2
  broken "dockerd does not answer within ${LIMIT[EngineStart]} s: see $ENGINE_CACHE/dockerd.log"
}

launch_dockerd() {
  local options=(--pidfile "$ENGINE_CACHE/dockerd.pid")
  forget_pid "$ENGINE_CACHE/dockerd.pid" dockerd
  forget_pid /var/run/docker.pid dockerd
  forget_pid /var/run/docker/containerd/containerd.pid containerd
  if ! can_grant; then
    place_runtime
    options+=(--add-runtime "bounded=$ENGINE_CACHE/runc-bounded" --default-runtime bounded)
  fi
  say "starting dockerd (log: $ENGINE_CACHE/dockerd.log)"
  setsid dockerd "${options[@]}" >"$ENGINE_CACHE/dockerd.log" 2>&1 </dev/null 8>&- &
}

# forget_pid FILE PROGRAM removes the pid file that a killed program left: its number may be another process by now.
# A containerd that outlived its dockerd keeps its file, the next dockerd takes it over.
forget_pid() {
  local pid
  [ -f "$1" ] || return 0
  pid=$(tr -dc 0-9 <"$1")
  if [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] && runs -p "$pid"; then return; fi
  rm -f "$1"
}

# runs OPTIONS-OF-PS says whether such a process runs; one that was killed may stay as a zombie where init reaps none.
runs() { grep -q '^[^Z]' <<<"$(ps -o stat= "$@")"; }

# await_docker waits until docker answers, dockerd is gone, or the limit is over.
await_docker() {
  local began=$SECONDS
  until answers docker; do
    ((SECONDS - began < LIMIT[EngineStart])) || return 1
    # Right after the start there may be no process yet.
    if ! on_systemd && ((SECONDS - began > LIMIT[EngineAppear])) && ! runs -C dockerd; then return 1; fi
    sleep 0.3
  done
}

main "$@"
