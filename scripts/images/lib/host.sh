# shellcheck shell=bash
# What the host must have.

# host_lacks LANE prints the Debian packages of the tools that are missing.
host_lacks() {
  command -v jq >/dev/null || echo jq
  command -v pgrep >/dev/null || echo procps
  [ "$1" = source ] || return 0
  command -v gcc >/dev/null || echo gcc
  [ -e /usr/include/stdio.h ] || echo libc6-dev
  command -v pkg-config >/dev/null || echo pkg-config
  pkg-config --exists libseccomp 2>/dev/null || echo libseccomp-dev
  command -v mmdebstrap >/dev/null || echo mmdebstrap
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || echo debian-archive-keyring
  python3 -m pip --version >/dev/null 2>&1 || echo python3-pip
}

# host_check LANE fails where tools are missing and cannot be installed from here.
host_check() {
  local lacks
  [ "$1" != source ] || command -v go >/dev/null || fail "go is not on PATH: install Go, see go.mod for the version"
  lacks=$(host_lacks "$1" | xargs)
  [ -z "$lacks" ] || can_apt ||
    fail "lane $1 needs these Debian packages: $lacks; install them first"
}
