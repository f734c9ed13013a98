# shellcheck shell=bash
# Installing packages, on Debian and Ubuntu as root only.

. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
. "$(dirname "${BASH_SOURCE[0]}")/timeout.sh"

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# apt_install PACKAGE... does not install recommended packages.
apt_install() {
  local apt=(apt-get -q -o DPkg::Lock::Timeout="${LIMIT[AptLock]}")
  # One unreachable third-party source must not stop what the others can serve.
  "${apt[@]}" update || say "apt-get update had errors, going on with what it got"
  export DEBIAN_FRONTEND=noninteractive
  # An installation that was interrupted must be ended before dpkg takes another.
  dpkg --configure -a
  "${apt[@]}" install -y --no-install-recommends "$@"
}
