# shellcheck shell=bash
# Lane pull: kind's node image and Istio's published images. Needs KUBERNETES and ISTIO, the versions.

# from COMPONENT/VERSION NAME prints the reference of the FROM line whose image has that name, in the registry that is in force.
from() {
  local ref
  ref=$(awk -v name="$2" '$1 == "FROM" && $2 ~ "/" name ":" {print $2}' "$IMAGES/$1/Dockerfile")
  echo "$(registry)/${ref#docker.io/}"
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
    declare -f pull_publish pull_manifest pull_digests image_digest envoy_version proxy_profile filter_bootstrap
  } | short_sum)
  MANIFEST=$IMAGES_CACHE/pull/$KUBERNETES-$ISTIO-$key/images.json
}

# pull_missing prints "pull" unless the engine has what the manifest was written of: a tag may have moved since.
pull_missing() {
  local ref
  image_ready || {
    echo pull
    return
  }
  for ref in "${ISTIO_REFS[@]}"; do
    [ "$(image_digest "$ref")" = "$(jq -r --arg ref "$ref" '.digests[$ref]' "$MANIFEST")" ] || {
      echo pull
      return
    }
  done
}

# pull_plan [MISSING...]
pull_plan() {
  local ref name log
  say "pulling the images from $(registry): the largest, kind's node image, has some 400 MB"
  for ref in "$NODE_REF" "${ISTIO_REFS[@]}" "$ISTIOCTL_REF"; do
    name=${ref##*/} log=$LOGS/pull-${name%%:*}.log
    plan "pull $ref" "$log" pull_image "$ref" "$log"
  done
  plan "istioctl of $ISTIO, and what its proxy can do" "$LOGS/pull.log" pull_publish
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

# pull_manifest ISTIOCTL prints the manifest. What is an assignment of its own here ends the step where it fails.
pull_manifest() {
  local pilot=${ISTIO_REFS[0]} proxy=${ISTIO_REFS[1]} envoy profile cni digests
  envoy=$(envoy_version "$proxy")
  profile=$(proxy_profile "$proxy")
  cni=$("$ENGINE" image inspect --format '{{index .Config.Labels "mtls-conformance.cni"}}' "$NODE_REF")
  digests=$(pull_digests)
  jq -n --arg kubernetes "$KUBERNETES" --arg ref "$NODE_REF" --arg id "$(image_id "$NODE_REF")" \
    --arg istio "$ISTIO" --arg hub "${pilot%/*}" --arg tag "${pilot##*:}" --arg profile "$profile" --arg cni "$cni" \
    --arg envoy "$envoy" --arg istioctl "$1" --argjson digests "$digests" '{
    lane: "pull", profile: $profile, kubernetes: $kubernetes, nodeImage: $ref, nodeImageID: $id, cni: $cni,
    istio: {version: $istio, module: "", commit: "", hub: $hub, tag: $tag},
    envoy: $envoy, istioctl: $istioctl, loadImages: $ARGS.positional, digests: $digests}' --args "${ISTIO_REFS[@]}"
}

# pull_digests prints the digest of each image by its reference.
pull_digests() {
  local ref digest
  for ref in "$NODE_REF" "${ISTIO_REFS[@]}" "$ISTIOCTL_REF"; do
    digest=$(image_digest "$ref")
    [ -n "$digest" ] || broken "the engine does not tell the digest by which it pulled $ref"
    jq -n --arg ref "$ref" --arg digest "$digest" '{($ref): $digest}'
  done | jq -s add
}

# image_digest REFERENCE prints the digest under which its repository gave the image, or nothing where the engine lacks it.
# Docker leaves docker.io out of a repository's name, podman does not.
image_digest() {
  local repository=${1%%@*}
  repository=${repository%:*}
  { "$ENGINE" image inspect "$1" 2>/dev/null || true; } | jq -r --arg repository "$repository" '
    def name: sub("^docker\\.io/"; "");
    first(.[0].RepoDigests[]? | split("@") | select((.[0] | name) == ($repository | name)) | .[1])'
}
