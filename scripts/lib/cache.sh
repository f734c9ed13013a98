# shellcheck shell=bash
# Where everything lives that outlasts the clone.
# shellcheck disable=SC2034 # CACHE_ROOT is for those who source this

. "$(dirname "${BASH_SOURCE[0]}")/say.sh"

if [ -z "${XDG_CACHE_HOME:-}" ] && [ -z "${HOME:-}" ]; then
  fail "neither XDG_CACHE_HOME nor HOME is set: set one, the cache goes there"
fi
CACHE_ROOT=${XDG_CACHE_HOME:-$HOME/.cache}/istio-mtls-conformance
