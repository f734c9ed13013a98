# shellcheck shell=bash
# Lane pull: kind's node image and Istio's published images. Needs KUBERNETES and ISTIO, the versions.
# KIND_REGISTRY and HUB stand in for the registries in the Dockerfiles, for mirrors: KIND_REGISTRY/node, HUB/pilot.

# from COMPONENT/VERSION NAME prints the reference in the FROM line whose image has that name.
from() {
  local ref registry
  ref=$(awk -v name="$2" '$1 == "FROM" && $2 ~ "/" name ":" {print $2}' "$IMAGES/$1/Dockerfile")
  [ "$2" = node ] && registry=${KIND_REGISTRY:-} || registry=${HUB:-}
  echo "${registry:-${ref%/*}}/${ref##*/}"
}

# pull_select names the result.
pull_select() {
  local key
  NODE_REF=$(from "kubernetes/$KUBERNETES" node)
  ISTIO_REFS=("$(from "istio/$ISTIO" pilot)" "$(from "istio/$ISTIO" proxyv2)")
  ISTIOCTL_REF=$(from "istio/$ISTIO" istioctl)
  key=$({
    uname -m
    echo "$NODE_REF" "${ISTIO_REFS[@]}" "$ISTIOCTL_REF"
    cat "$IMAGES/istio/$ISTIO/components"
    declare -f pull_publish pull_manifest
  } | short_sum)
  MANIFEST=$IMAGES_CACHE/pull/$KUBERNETES-$ISTIO-$key/images.json
}

pull_missing() {
  local ref
  image_ready || {
    echo pull
    return
  }
  for ref in "${ISTIO_REFS[@]}"; do
    [ -n "$(image_id "$ref")" ] || {
      echo pull
      return
    }
  done
}

# pull_plan [MISSING...]
pull_plan() {
  local ref name
  for ref in "$NODE_REF" "${ISTIO_REFS[@]}" "$ISTIOCTL_REF"; do
    name=${ref##*/}
    plan "pull $ref" "$LOGS/pull-${name%%:*}.log" "$ENGINE" pull "$ref"
  done
  plan "istioctl of $ISTIO" "$LOGS/pull.log" pull_publish
}

pull_publish() {
  local dir
  dir=$(dirname "$MANIFEST")
  mkdir -p "$dir.building"
  "$ENGINE" create --name "$BUILD_CONTAINER" "$ISTIOCTL_REF" never-run
  "$ENGINE" cp "$BUILD_CONTAINER:/usr/local/bin/istioctl" "$dir.building/istioctl"
  "$ENGINE" rm "$BUILD_CONTAINER"
  pull_manifest "$dir/istioctl" >"$dir.building/images.json"
  [ ! -d "$dir" ] || remove "$dir"
  mv "$dir.building" "$dir"
}

pull_manifest() {
  local pilot=${ISTIO_REFS[0]}
  jq -n --arg kubernetes "$KUBERNETES" --arg ref "$NODE_REF" --arg id "$(image_id "$NODE_REF")" \
    --arg istio "$ISTIO" --arg hub "${pilot%/*}" --arg tag "${pilot##*:}" \
    --arg envoy "$(basename "$(companion "istio/$ISTIO" envoy)")" --arg istioctl "$1" '{
    lane: "pull", profile: "default", kubernetes: $kubernetes, nodeImage: $ref, nodeImageID: $id, cni: "",
    istio: {version: $istio, module: "", commit: "", hub: $hub, tag: $tag},
    envoy: $envoy, istioctl: $istioctl, loadImages: $ARGS.positional}' --args "${ISTIO_REFS[@]}"
}

# registries_answer says whether every registry of the lane answers in time, and names the first that does not.
registries_answer() {
  local ref host scheme status
  command -v curl >/dev/null || {
    say "there is no curl to ask the registries with"
    return 1
  }
  for ref in "${KIND_REGISTRY:-docker.io/kindest}" "${HUB:-registry.istio.io/release}"; do
    host=${ref%%/*} scheme=https
    case $host in
      docker.io) host='registry-1.docker.io' ;;
      localhost* | 127.*) scheme=http ;;
    esac
    status=$(curl -sS -m "${LIMIT[Registry]}" -o /dev/null -w '%{http_code}' "$scheme://$host/v2/" 2>/dev/null) || true
    case $status in
      200 | 401) ;;
      *)
        say "the registry $host does not answer"
        return 1
        ;;
    esac
  done
}
