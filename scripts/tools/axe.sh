#!/usr/bin/env bash
# Prints the path of axe-core as one script, of the version that axe/package-lock.json beside this file pins, kept in the cache.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/say.sh"
. "$here/../lib/cache.sh"

home=$CACHE_ROOT/tools/axe-$(cksum <"$here/axe/package-lock.json" | cut -d ' ' -f 1)
script=$home/node_modules/axe-core/axe.min.js
if [ ! -f "$script" ]; then
  command -v npm >/dev/null || fail "npm is not installed: install it, axe-core comes by it"
  say "installing axe-core into $home"
  rm -rf "$home.next"
  mkdir -p "$home.next"
  cp "$here/axe/package.json" "$here/axe/package-lock.json" "$home.next"
  npm ci --prefix "$home.next" --no-audit --no-fund --ignore-scripts --loglevel=error >&2 || broken "npm could not install axe-core"
  rm -rf "$home"
  mv "$home.next" "$home"
fi
echo "$script"
