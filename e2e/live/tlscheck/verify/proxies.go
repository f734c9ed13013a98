package verify

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

func (v *Verification) gatewayClusters(told *answers) (Finding, error) {
	raw, err := v.kept("5-clusters", ".txt", told.clusters, v.Clients)
	finding := Finding{Step: "Check Actual TLS Handshake: clusters of the client", Command: "pilot-agent request GET clusters | grep " + v.Service.Name + ", in " + podOf(v.Clients), Mark: Good, Raw: raw}
	finding.More = told.failures(v.Clients, "/clusters")
	endpoints, healthy := 0, 0
	for _, client := range v.Clients {
		for _, line := range lines(told.clusters[client.String()], "|"+v.Service.Name+"::") {
			if strings.Contains(line, "::health_flags::") {
				endpoints++
				if strings.HasSuffix(line, "::healthy") {
					healthy++
				}
			}
		}
	}
	finding.Says = fmt.Sprintf("%d endpoints in its clusters, %d of them healthy; this answer shows no TLS context, which config_dump does", endpoints, healthy)
	if endpoints == 0 || healthy < endpoints || len(finding.More) > 0 {
		finding.Mark = Bad
	}
	return finding, err
}

func (v *Verification) serviceClusters(told *answers) (Finding, error) {
	servers := v.servers()
	raw, err := v.kept("5-clusters", ".txt", told.clusters, servers)
	finding := Finding{Step: "Check Actual TLS Handshake: clusters of the service", Command: "pilot-agent request GET clusters | grep inbound, in " + podOf(servers), Mark: Good, Raw: raw}
	finding.More = told.failures(servers, "/clusters")
	found := map[string]bool{}
	for _, server := range servers {
		for _, line := range lines(told.clusters[server.String()], "inbound|") {
			name, _, _ := strings.Cut(line, "::")
			found[name] = true
		}
	}
	switch {
	case len(servers) == 0:
		finding.Mark, finding.Says = Warn, "no pod of the service has a proxy: nothing terminates mTLS there"
	case len(found) == 0:
		finding.Mark, finding.Says = Bad, "its proxies have no inbound cluster"
	default:
		finding.Says = fmt.Sprintf("%d inbound clusters in %d proxies", len(found), len(servers))
	}
	return finding, err
}

// sslContext compares what the clients' proxies are configured to speak with what the guide shows, field by field.
func (v *Verification) sslContext(told *answers) (Finding, error) {
	finding := Finding{Step: "Understanding the Results: ssl_context", Command: "pilot-agent request GET config_dump, in " + podOf(v.Clients), Mark: Good}
	finding.More = told.failures(v.Clients, "config_dump")
	compared, differing := 0, 0
	var whole strings.Builder
	for _, client := range v.Clients {
		dump := told.dumps[client.String()]
		if dump == nil {
			continue
		}
		for _, port := range v.Service.Ports {
			facts, err := dump.Client(v.Service.Name, port.Number, netip.AddrPort{})
			if err != nil || facts.Refusal == hop.NoCluster {
				continue
			}
			for _, field := range v.fields(facts, port) {
				compared++
				text := fmt.Sprintf("%s: %s: %s", facts.Cluster, field.name, field.found)
				if !field.as {
					differing++
					text += ", and not " + field.want
					finding.More = append(finding.More, text)
				}
				fmt.Fprintln(&whole, text)
			}
		}
	}
	switch {
	case compared == 0:
		finding.Mark, finding.Says = Warn, "the clients' proxies have no cluster of the service"
	case differing > 0:
		finding.Mark, finding.Says = Bad, fmt.Sprintf("%d of %d fields are other than Istio's mTLS has them", differing, compared)
	default:
		finding.Says = fmt.Sprintf("%d fields are as Istio's mTLS has them: ALPN, certificate %s, roots %s, server name, names asked for", compared, envoy.WorkloadSecret, envoy.RootSecret)
	}
	var err error
	finding.Raw, err = v.keptOne("5-ssl-context.txt", []byte(whole.String()))
	return finding, err
}

// field is one of a TLS context, as it is and as Istio's mTLS has it.
type field struct {
	name, found, want string
	as                bool
}

// fields are those that the guide shows, and the two by which a client knows its server
// (istio/istio pilot/pkg/networking/core/cluster_tls.go).
func (v *Verification) fields(facts envoy.ClientFacts, port oracle.Port) []field {
	if facts.Socket != envoy.TLSSocket {
		return []field{{name: "transport_socket", found: facts.Socket, want: "tls"}}
	}
	alpn := "istio"
	speaks := envoy.SpeechOf(port.Protocol)
	if speaks == envoy.SpeaksHTTP2 {
		alpn = "istio and h2"
	}
	offered := facts.Offered(speaks)
	ofIstio := slices.ContainsFunc(offered, func(name string) bool { return strings.HasPrefix(name, "istio") })
	hasH2 := slices.Contains(offered, "h2") || slices.Contains(offered, "istio-h2")
	sni := fmt.Sprintf("outbound_.%d_._.%s", port.Number, v.Service.Name)
	return []field{
		{"alpn_protocols", strings.Join(offered, ","), alpn, ofIstio && (speaks != envoy.SpeaksHTTP2 || hasH2)},
		{"tls_certificate_sds_secret_configs", facts.CertificateSecret, envoy.WorkloadSecret, facts.CertificateSecret == envoy.WorkloadSecret},
		{"validation_context_sds_secret_config", facts.ValidationSecret, envoy.RootSecret, facts.ValidationSecret == envoy.RootSecret},
		{"sni", facts.SNI, sni, facts.SNI == sni},
		{"match_subject_alt_names", strings.Join(facts.SANs, ","), "the identities of its pods", v.namesPods(facts.SANs)},
	}
}

// namesPods tells whether the names that a client asks for are its server's.
func (v *Verification) namesPods(sans []string) bool {
	for _, server := range v.servers() {
		if !slices.Contains(sans, "exact:"+string(v.identity(server))) {
			return false
		}
	}
	return len(sans) > 0
}

func (v *Verification) identity(workload oracle.Workload) hop.Identity {
	return hop.Identity(fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", v.Survey.Under(workload).Mesh.TrustDomain, workload.Namespace, workload.ServiceAccount))
}

func (v *Verification) clientCertificates(told *answers) (Finding, error) {
	return v.certificates(told, "client", v.Clients)
}

func (v *Verification) serverCertificates(told *answers) (Finding, error) {
	return v.certificates(told, "service", v.servers())
}

func (v *Verification) certificates(told *answers, whose string, of []oracle.Workload) (Finding, error) {
	raw, err := v.kept("7-certs", ".json", told.certs, of)
	finding := Finding{Step: "Check for Certificate Issues: " + whose, Command: "pilot-agent request GET certs, in " + podOf(of), Mark: Good, Raw: raw}
	var says []string
	for _, workload := range of {
		dump := told.dumps[workload.String()]
		if dump == nil {
			finding.Mark = Bad
			finding.More = append(finding.More, told.failures([]oracle.Workload{workload}, "config_dump")...)
			continue
		}
		own, _ := dump.Secret(envoy.WorkloadSecret)
		roots, _ := dump.Secret(envoy.RootSecret)
		if len(own.Chain) > 0 {
			says = append(says, fmt.Sprintf("%s, %s, until %s", own.Identity, own.Key, own.NotAfter.UTC().Format("2006-01-02 15:04 MST")))
		}
		for _, trouble := range tlscheck.Troubles(own, roots, v.identity(workload), told.at) {
			finding.Mark = Bad
			finding.More = append(finding.More, fmt.Sprintf("%s: %s", workload, trouble))
		}
	}
	finding.Says = strings.Join(says, "; ")
	if finding.Says == "" {
		finding.Mark, finding.Says = worst(finding.Mark, Warn), "no proxy that holds a certificate"
	}
	return finding, err
}

func (v *Verification) clientLogs(told *answers) (Finding, error) {
	return v.searched(told, "client", v.Clients)
}

func (v *Verification) serverLogs(told *answers) (Finding, error) {
	return v.searched(told, "service", v.servers())
}

func (v *Verification) searched(told *answers, whose string, of []oracle.Workload) (Finding, error) {
	raw, err := v.kept("8-log", ".txt", told.logs, of)
	finding := Finding{Step: "Check Istio Proxy Logs: " + whose, Command: "kubectl logs -c istio-proxy " + podOf(of), Mark: Good, Raw: raw}
	finding.More = told.failures(of, "log")
	read, accesses, found := 0, 0, 0
	for _, workload := range of {
		log := logOf(told.logs[workload.String()])
		read, accesses = read+log.Lines, accesses+log.Accesses
		for _, f := range log.Findings {
			found += f.Count
			finding.More = append(finding.More, fmt.Sprintf("%s: %s %s, %d times: %s", workload, f.Kind, f.Code, f.Count, f.Means))
		}
	}
	if found > 0 || len(finding.More) > 0 {
		finding.Mark = Warn
	}
	finding.Says = fmt.Sprintf("%d of the last %d lines tell of trouble", found, read)
	if accesses == 0 {
		finding.Says += "; there is no access log: switch one on by the Telemetry API to see connections"
	}
	finding.More = append(finding.More, hidden)
	return finding, err
}

// hidden is what Istio's own log format leaves out (istio/istio pilot/pkg/networking/core/accesslog.go).
const hidden = "a handshake that fails at a server leaves no line there, unless a log was added: Istio's own of the listener is filtered to NR"

// end is where the guide's flowchart ends, for the worst of the hops.
func (v *Verification) end(told *answers) End {
	end := v.conclude(told)
	for _, row := range told.host.Rows {
		if row.Status != end.Status {
			continue
		}
		h := row.Hops[0]
		if path, err := v.Chart.Follow(v.Survey.Snapshot, hop.ServicePort{Service: v.Service.Name, Port: h.Port}, h.Asked.Says); err == nil {
			end.Path = path.Edges
			end.Differs, _ = oracle.Differs(h.Asked, path)
		}
		break
	}
	return end
}

// maxHints bounds what is said of logs at the end.
const maxHints = 5

func (v *Verification) conclude(told *answers) End {
	worstOf := tlscheck.OK
	var reasons []string
	for _, row := range told.host.Rows {
		if row.Status != tlscheck.OK {
			reasons = append(reasons, row.Reasons...)
		}
		worstOf = tlscheck.Worse(worstOf, row.Status)
	}
	switch {
	case len(told.host.Rows) == 0:
		return End{Status: tlscheck.Unknown, End: oracle.Debug, Says: "it cannot be told: no client has a hop to the service", Do: []string{"name a client: CLIENT=..."}}
	case worstOf == tlscheck.OK:
		return End{Status: worstOf, End: oracle.Enabled, Says: "mTLS is active on every hop"}
	case worstOf == tlscheck.Plaintext:
		return End{Status: worstOf, End: oracle.Disabled, Says: "mTLS is inactive: " + reasons[0], Do: []string{
			"set a PeerAuthentication of mode STRICT for the service, and take away rules of mode DISABLE",
		}}
	}
	do := []string{"look at the proxies' logs above, and at `kubectl tls-check --explain " + v.Service.Name + "`"}
	for _, workload := range slices.Concat(v.Clients, v.servers()) {
		for _, f := range logOf(told.logs[workload.String()]).Findings {
			if f.Kind == tlscheck.LogHandshake || f.Kind == tlscheck.LogSecrets || f.Kind == tlscheck.LogControlPlane || f.Kind == tlscheck.LogClock {
				if len(do) > maxHints {
					break
				}
				do = once(do, fmt.Sprintf("%s says %s %s: %s", workload, f.Kind, f.Code, f.Means))
			}
		}
	}
	return End{Status: worstOf, End: oracle.Debug, Says: fmt.Sprintf("error (%s): %s", worstOf, strings.Join(reasons, "; ")), Do: do}
}
