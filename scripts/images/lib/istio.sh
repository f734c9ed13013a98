# shellcheck shell=bash
# Istio without a node image: the version that a cluster of another is upgraded to.

# istio_provide prints the path of a manifest: images.json without its node image, with the archive of Istio's images in
# docker-archive form as a folder (lane source), or their references in the engine (lane pull).
istio_provide() { "${LANE}_istio"; }

source_istio() {
  local unit missing=()
  collect "istio/$ISTIO"
  host_check source
  for unit in "${UNITS[@]}"; do [ -d "$(unit_dir "$unit")" ] || missing+=("$unit"); done
  if [ "${#missing[@]}" -gt 0 ]; then
    disk_need "${missing[@]%%/*}"
    disk_check
    work
    source_plan "${missing[@]}"
    run_plan
  fi
  unit=istio/$ISTIO
  MANIFEST=$(unit_dir "$unit").json
  source_istio_manifest "$unit" >"$MANIFEST.new"
  mv "$MANIFEST.new" "$MANIFEST"
  echo "$MANIFEST"
}

source_istio_manifest() {
  jq -n --argjson istio "$(istio_release "$1")" --arg envoy "$(basename "$(companion "$1" envoy)")" --arg dir "$(unit_dir "$1")" \
    '{lane: "source", profile: "vanilla", istio: $istio, envoy: $envoy, istioctl: ($dir + "/bin/istioctl"), archive: ($dir + "/images")}'
}

# The node image of the version's own cell is pulled with it: the published profile of a proxy is read by the same steps.
pull_istio() { provide; }
