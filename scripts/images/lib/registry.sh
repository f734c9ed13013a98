# shellcheck shell=bash
# The registry of lane pull: docker.io, or the mirror of it that REGISTRY names, as HOST[:PORT][/PATH].

registry() { echo "${REGISTRY:-docker.io}"; }

# registry_check fails where REGISTRY is none. Without a dot or a port an engine takes a host for a folder of docker.io.
registry_check() {
  [[ $(registry) =~ ^((localhost|[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+)(:[0-9]+)?|[a-zA-Z0-9-]+:[0-9]+)(/[a-z0-9._-]+)*$ ]] ||
    fail "REGISTRY=$REGISTRY: want a mirror of docker.io as HOST[:PORT][/PATH], such as mirror.example:5000 or mirror.example/hub"
}

# registry_answers says whether the registry answers in time.
registry_answers() {
  local host scheme=https status
  command -v curl >/dev/null || {
    say "there is no curl to ask the registry with"
    return 1
  }
  host=$(registry)
  host=${host%%/*}
  case $host in
    docker.io) host=registry-1.docker.io ;;
    localhost* | 127.*) scheme=http ;;
  esac
  status=$(curl -sS -m "${LIMIT[Registry]}" -o /dev/null -w '%{http_code}' "$scheme://$host/v2/" 2>/dev/null) || true
  [ "$status" = 200 ] || [ "$status" = 401 ]
}

# pull_image REFERENCE LOG pulls one image. LOG is where its output goes: the engine's words in it decide what is advised.
pull_image() {
  local ref=$1 log=$2 status=0
  timeout "${LIMIT[ImagePull]}" "$ENGINE" pull "$ref" || status=$?
  [ "$status" != 0 ] || return 0
  broken "$(why_not_pulled "$ref" "$log" "$status"). Other ways: another mirror by REGISTRY=, or LANE=source, which needs no" \
    "registry of images. What was pulled before it stays in the engine, and a next run goes on from there."
}

# why_not_pulled REFERENCE LOG STATUS prints what went wrong and what to do.
why_not_pulled() {
  local ref=$1 log=$2
  if [ "$3" = 124 ]; then
    echo "$ref was not pulled within ${LIMIT[ImagePull]} s: see whether $(registry) hangs; where the line is slow, set a larger TIMEOUT_FACTOR"
  elif grep -qiE 'verification failed|digest did not match|does not match' "$log"; then
    echo "$(registry) served something else as $ref than its digest says: do not use that registry"
  elif grep -qiE 'toomanyrequests|rate limit' "$log"; then
    echo "$(registry) gives this machine no more images for now: wait, or log in ($ENGINE login)"
  elif grep -qiE 'manifest unknown|name unknown|not found|does not exist|access denied|unauthorized' "$log"; then
    echo "$(registry) has no $ref, or none without a login: choose another version (scripts/images.sh --versions lists them), or log in ($ENGINE login)"
  elif grep -qiE 'Client\.Timeout|connection refused|no such host|no route to host|i/o timeout|deadline exceeded|unreachable' "$log"; then
    echo "$(registry) does not answer, or no more: see whether this machine reaches it, and try again"
  else
    echo "$ref was not pulled to its end, the reason is above: try again"
  fi
}
