#!/usr/bin/env bash
# Prints the path of a Chromium that starts, which it installs where it may. Exit status: 2 where there is none.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/say.sh"
. "$here/../lib/apt.sh"

# installed prints the path of the first one in PATH.
installed() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if ! program=$(installed); then
  can_apt || fail "Chromium is not installed: install it, the report's page is tried in it"
  say "installing chromium"
  apt_install chromium >&2 || fail "Chromium could not be installed: install it by other means"
  program=$(installed)
fi
# A package can be there that only says where another is.
"$program" --headless --no-sandbox --disable-gpu --dump-dom about:blank >/dev/null 2>&1 || fail "$program does not start: install another Chromium"
echo "$program"
