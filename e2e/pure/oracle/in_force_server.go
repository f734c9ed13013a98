package oracle

import (
	"slices"
	"strconv"

	networking "istio.io/api/networking/v1alpha3"
)

// serverDecisions are the objects that decide the server's end: its mode, and that it refuses who the client is.
func (s Snapshot) serverDecisions(a EndpointAnswer) []decision {
	var all []decision
	switch {
	case a.Server.Policy == "":
	case a.Server.Rule == ServerGateway:
		all = append(all, decision{AtServer, a.Server.Policy, s.pathsOfServer(a.Server.Policy, a.grounds.opened)})
	default:
		all = append(all, decision{AtServer, a.Server.Policy, pathsOfMode(a.Server, a.Port)})
	}
	for _, policy := range a.grounds.refusers {
		all = append(all, decision{AtServer, policy, [][]string{{"spec", "action"}}})
	}
	return all
}

// pathsOfMode are those of a mode in the PeerAuthentication that gives it to a port.
func pathsOfMode(decided Server, port uint16) [][]string {
	if decided.Rule == ServerPort {
		level := []string{"spec", "portLevelMtls", strconv.Itoa(int(port))}
		return [][]string{level, slices.Concat(level, []string{"mode"})}
	}
	return [][]string{{"spec", "mtls", "mode"}}
}

// pathsOfServer are those of a server in its Gateway.
func (s Snapshot) pathsOfServer(gateway string, opened *networking.Server) [][]string {
	for _, own := range s.Gateways {
		if own.String() != gateway {
			continue
		}
		if i := slices.Index(own.Spec.GetServers(), opened); i >= 0 {
			server := []string{"spec", "servers", strconv.Itoa(i)}
			return [][]string{slices.Concat(server, []string{"port", "number"}), slices.Concat(server, []string{"tls", "mode"})}
		}
	}
	return nil
}
