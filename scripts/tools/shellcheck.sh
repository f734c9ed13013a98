#!/usr/bin/env bash
# Runs shellcheck: the one in PATH, else the wheel that tools/shellcheck/requirements.txt pins, kept in the cache.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/say.sh"
. "$here/../lib/cache.sh"

main() {
  local shellcheck
  if ! shellcheck=$(command -v shellcheck); then shellcheck=$(cached); fi
  exec "$shellcheck" "$@"
}

# cached prints the path of the pinned shellcheck, which it installs once.
cached() {
  local pins=$here/shellcheck/requirements.txt home
  home=$CACHE_ROOT/tools/shellcheck-$(cksum <"$pins" | cut -d ' ' -f 1)
  if [ ! -x "$home/bin/shellcheck" ]; then
    command -v python3 >/dev/null || fail "neither shellcheck nor python3 is installed: install one of them"
    say "installing shellcheck into $home"
    rm -rf "$home.next"
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --root-user-action ignore --target "$home.next" -r "$pins" >&2 ||
      broken "pip could not install shellcheck: install shellcheck by other means"
    rm -rf "$home"
    mv "$home.next" "$home"
  fi
  echo "$home/bin/shellcheck"
}

main "$@"
