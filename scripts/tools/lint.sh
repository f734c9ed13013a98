#!/usr/bin/env bash
# Lints everything that is written by hand: Go with and without the e2e tag, shell, workflows.
# The linters are Go tool modules beside this file, so that their versions are pinned and their builds cached.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

tool() {
  local name=$1
  shift
  go tool -modfile="$here/$name/go.mod" "$name" "$@"
}

# scripts lists our shell scripts, by name or by their first line.
scripts() {
  find scripts .ci -type f \( -name '*.sh' -o -exec grep -qE -m 1 '^#!.*\b(ba)?sh$' {} \; \) -print0
}

tool golangci-lint run
scripts | xargs -0 "$here/wheel.sh" shellcheck
tool actionlint
"$here/wheel.sh" zizmor --offline --no-progress --quiet .github
