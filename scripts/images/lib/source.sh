# shellcheck shell=bash
# Lane source: everything from package registries. Needs KUBERNETES and ISTIO, the versions.

NODE_REPOSITORY=localhost/mtls-conformance/node
# Istio's images have this hub; no registry answers to it, the node image holds them.
ISTIO_HUB=localhost/istio

# source_select fills UNITS and KEYS and names the result: NODE_REF in the engine, MANIFEST in the cache.
source_select() {
  collect "kubernetes/$KUBERNETES"
  collect "istio/$ISTIO"
  local key
  key=$(node_key "kubernetes/$KUBERNETES" "istio/$ISTIO")
  NODE_REF=$NODE_REPOSITORY:$KUBERNETES-$key
  MANIFEST=$IMAGES_CACHE/node/$KUBERNETES-$key/images.json
}

# source_missing prints the units that have to be built, and "node" where the node image is not there.
source_missing() {
  local unit
  image_ready && return
  for unit in "${UNITS[@]}"; do [ -d "$(unit_dir "$unit")" ] || echo "$unit"; done
  echo node
}

# source_plan MISSING...
source_plan() {
  local unit
  say "building $# parts of the images from package registries: about 20 minutes on two cores where none is there yet"
  for unit in "$@"; do
    if [ "$unit" = node ]; then
      plan "node image $NODE_REF" "$LOGS/node.log" source_node
    else
      plan "build $unit" "$LOGS/${unit//\//-}.log" build_unit "$unit"
    fi
  done
}

source_node() {
  local dir
  dir=$(dirname "$MANIFEST")
  mkdir -p "$dir.building"
  build_node "kubernetes/$KUBERNETES" "istio/$ISTIO" "$NODE_REF" "$dir.building/tree"
  remove "$dir.building/tree"
  source_manifest >"$dir.building/images.json"
  [ ! -d "$dir" ] || remove "$dir"
  mv "$dir.building" "$dir"
}

# commit_date FILE prints the date of istio's commit, YYYY-MM-DD, from its pseudo-version in a go.mod.
commit_date() { sed -nE 's#^.*istio\.io/istio v.*[.-]([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{6}-[0-9a-f]{12}( .*)?$#\1-\2-\3#p' "$1"; }

# istio_release UNIT prints what a manifest says of the Istio that was built.
istio_release() {
  jq -n --arg version "${1#*/}" --arg commit "${1#*-}" --arg date "$(commit_date "$IMAGES/$1/go.mod")" --arg hub "$ISTIO_HUB" --arg tag "$(istio_tag "$1")" \
    '{version: $version, module: "istio.io/istio", commit: $commit, date: $date, hub: $hub, tag: $tag}'
}

source_manifest() {
  local unit=istio/$ISTIO
  jq -n --arg kubernetes "$KUBERNETES" --arg ref "$NODE_REF" --arg id "$(image_id "$NODE_REF")" --argjson istio "$(istio_release "$unit")" \
    --arg envoy "$(basename "$(companion "$unit" envoy)")" --arg istioctl "$(unit_dir "$unit")/bin/istioctl" '{
    lane: "source", profile: "vanilla", kubernetes: $kubernetes, nodeImage: $ref, nodeImageID: $id, cni: "ptp", istio: $istio,
    envoy: $envoy, istioctl: $istioctl, loadImages: []}'
}
