package envoy

import (
	"encoding/json"
	"slices"
)

// steadyFilters are the types of HTTP filters that leave a request's authority and route as they are. Any other may change a header and
// have the route picked anew, or name a cluster of its own, as Lua, Wasm and external processors do. Sources: the filters' pages in
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/http_filters and, for Istio's own,
// istio/istio pilot/pkg/xds/filters/filters.go.
var steadyFilters = []string{
	"envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency",
	"envoy.extensions.filters.http.admission_control.v3.AdmissionControl",
	"envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit",
	"envoy.extensions.filters.http.basic_auth.v3.BasicAuth",
	"envoy.extensions.filters.http.buffer.v3.Buffer",
	"envoy.extensions.filters.http.compressor.v3.Compressor",
	"envoy.extensions.filters.http.cors.v3.Cors",
	"envoy.extensions.filters.http.csrf.v3.CsrfPolicy",
	"envoy.extensions.filters.http.decompressor.v3.Decompressor",
	"envoy.extensions.filters.http.fault.v3.HTTPFault",
	"envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
	"envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
	"envoy.extensions.filters.http.health_check.v3.HealthCheck",
	// Claims that it copies to headers choose among the routes of one virtual host, whose matches are evaluated.
	"envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
	"envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
	"envoy.extensions.filters.http.ratelimit.v3.RateLimit",
	httpRBAC,
	"envoy.extensions.filters.http.router.v3.Router",
	// It keeps a session at one endpoint of the cluster that the route picks.
	"envoy.extensions.filters.http.stateful_session.v3.StatefulSession",
	"envoy.extensions.filters.http.tap.v3.Tap",
	alpnFilter,
	"io.istio.http.peer_metadata.Config",
	"istio.envoy.config.filter.http.authn.v2alpha1.FilterConfig",
	"stats.PluginConfig",
}

// externalAuthorization may change headers, and has the route picked anew only where it says so: clear_route_cache in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto
const externalAuthorization = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz"

// reroutes names the filters before the router that may lead requests elsewhere than the routes say.
func reroutes(filters []anyFilter) []string {
	var all []string
	for _, filter := range filters {
		kind := typeOf(filter.Typed)
		if !slices.Contains(steadyFilters, kind) && (kind != externalAuthorization || !keepsRoute(filter.Typed)) {
			all = append(all, filter.Name)
		}
	}
	return all
}

func keepsRoute(raw json.RawMessage) bool {
	var config struct {
		Clears bool `json:"clear_route_cache"`
	}
	return json.Unmarshal(content(raw), &config) == nil && !config.Clears
}
