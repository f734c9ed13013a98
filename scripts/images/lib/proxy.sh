# shellcheck shell=bash
# What the Envoy of a proxyv2 image is and can do, read from the image. Istio has it at /usr/local/bin/envoy.

# proxy_envoy IMAGE ARGUMENT... runs the image's Envoy without a network.
proxy_envoy() {
  local image=$1
  shift
  "$ENGINE" run --rm --name "$BUILD_CONTAINER" --network none --entrypoint /usr/local/bin/envoy "$image" "$@"
}

# envoy_version IMAGE prints its three numbers. Envoy says COMMIT/VERSION/…, and a build of Istio's adds "-dev" to them.
envoy_version() {
  local said
  said=$(proxy_envoy "$1" --version)
  grep -oE '/[0-9]+\.[0-9]+\.[0-9]+' <<<"$said" | tr -d / || broken "the Envoy of $1 does not tell its version: $said"
}

# proxy_profile IMAGE prints default where Envoy has Istio's filters, vanilla where it has not: the profiles of fixtures/istio.
# Istio builds its filters into an Envoy together, so one stands for all.
proxy_profile() {
  local said
  if said=$(proxy_envoy "$1" --mode validate --log-level error --config-yaml "$(filter_bootstrap)" 2>&1); then
    echo default
  elif grep -qE "could not find @type '[^']*/istio\.|Didn't find a registered implementation for 'istio\." <<<"$said"; then
    echo vanilla
  else
    broken "whether the Envoy of $1 has Istio's filters cannot be told: $said"
  fi
}

# filter_bootstrap is a configuration with the istio.alpn filter and nothing else that is not core Envoy's.
filter_bootstrap() {
  cat <<'BOOTSTRAP'
static_resources:
  listeners:
  - name: probe
    address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: probe
          route_config: {}
          http_filters:
          - name: istio.alpn
            typed_config: {"@type": type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig}
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
BOOTSTRAP
}
