#!/usr/bin/env bash
# Runs a linter that comes as a wheel: wheel.sh NAME ARGUMENTS… It is the one in PATH, else the one that NAME/requirements.txt beside this
# file pins, kept in the cache.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/say.sh"
. "$here/../lib/cache.sh"

main() {
  local name=$1 program
  shift
  if ! program=$(command -v "$name"); then program=$(cached "$name"); fi
  exec "$program" "$@"
}

# cached prints the path of the pinned linter, which it installs once.
cached() {
  local name=$1 pins=$here/$1/requirements.txt home
  home=$CACHE_ROOT/tools/$name-$(cksum <"$pins" | cut -d ' ' -f 1)
  if [ ! -x "$home/bin/$name" ]; then
    command -v python3 >/dev/null || fail "neither $name nor python3 is installed: install one of them"
    say "installing $name into $home"
    rm -rf "$home.next"
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --root-user-action ignore --target "$home.next" -r "$pins" >&2 ||
      broken "pip could not install $name: install it by other means"
    rm -rf "$home"
    mv "$home.next" "$home"
  fi
  echo "$home/bin/$name"
}

main "$@"
