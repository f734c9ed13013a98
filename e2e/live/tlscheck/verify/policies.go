package verify

import (
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

func (v *Verification) meshPolicy(told *answers) (Finding, error) {
	root := v.Survey.Snapshot.Mesh.RootNamespace
	raw, err := v.keptOne("1-mesh-policy.yaml", told.meshPAs)
	mark, says := ofServer(v.Survey.Snapshot.OfNamespace(root), "no policy of the mesh in "+root)
	return Finding{Step: "Check Mesh-wide mTLS Policy", Command: "kubectl get peerauthentication -n " + root + " -o yaml", Mark: mark, Says: says, Raw: raw}, err
}

func (v *Verification) servicePolicy(told *answers) (Finding, error) {
	raw, err := v.keptOne("2-service-policy.yaml", told.ownPAs)
	mark, says := ofServer(v.Survey.Snapshot.OfNamespace(v.Service.Namespace), "no policy of namespace "+v.Service.Namespace)
	finding := Finding{Step: "Check Service-specific mTLS Policy", Command: "kubectl get peerauthentication -n " + v.Service.Namespace + " -o yaml", Mark: mark, Says: says, Raw: raw}
	for _, row := range told.host.Rows {
		for _, h := range row.Hops {
			server := h.Asked.Server
			if server.Rule != oracle.ServerWorkload && server.Rule != oracle.ServerPort {
				continue
			}
			mark, says := ofServer(server, "")
			finding.Mark = worst(finding.Mark, mark)
			finding.More = once(finding.More, fmt.Sprintf("port %d of %s: %s", h.Port, h.Endpoint, says))
		}
	}
	return finding, err
}

// ofServer is a mode, and the policy that decides it.
func ofServer(server oracle.Server, without string) (Mark, string) {
	marks := map[oracle.Mode]Mark{oracle.Strict: Good, oracle.Permissive: Note, oracle.Disable: Warn}
	means := map[oracle.Mode]string{
		oracle.Strict: "mTLS is enforced", oracle.Permissive: "mTLS is taken, and plaintext too", oracle.Disable: "mTLS is switched off",
	}
	by := "by " + server.Policy
	if server.Policy == "" {
		by = without + ", and Istio's default holds"
	}
	return marks[server.Mode], fmt.Sprintf("%s: %s, %s", server.Mode, means[server.Mode], by)
}

func (v *Verification) destinationRule(told *answers) (Finding, error) {
	raw, err := v.keptOne("3-destination-rules.yaml", told.rules)
	finding := Finding{Step: "Check DestinationRule for Your Service", Command: "kubectl get destinationrule -n " + v.Service.Namespace + " -o yaml", Mark: Good, Raw: raw}
	var rules []string
	for _, row := range told.host.Rows {
		for _, h := range row.Hops {
			client := h.Asked.Client
			text := fmt.Sprintf("%s by %s", client.Mode, client.Object)
			switch {
			case client.Object == "":
				text = "no rule with TLS settings, and auto-mTLS decides"
			case client.Mode != oracle.IstioMutual:
				finding.Mark = Warn
			}
			rules = once(rules, text)
		}
	}
	finding.Says = strings.Join(rules, "; ")
	if finding.Says == "" {
		finding.Mark, finding.Says = Note, "no client has a hop to it"
	}
	return finding, err
}

func once(all []string, one string) []string {
	for _, known := range all {
		if known == one {
			return all
		}
	}
	return append(all, one)
}

func (v *Verification) check(told *answers) (Finding, error) {
	var table strings.Builder
	printed := tlscheck.NewTable(&table, true)
	if err := printed.Write(told.host); err != nil {
		return Finding{}, err
	}
	if err := printed.Close(); err != nil {
		return Finding{}, err
	}
	raw, err := v.keptOne("4-tls-check.txt", []byte(table.String()))
	finding := Finding{Step: "Verify mTLS in Action: tls-check", Command: "kubectl tls-check CLIENT " + v.Service.Name + " -o wide", Mark: Good, Raw: raw}
	marks := map[tlscheck.Status]Mark{tlscheck.OK: Good, tlscheck.Plaintext: Warn, tlscheck.Unknown: Warn, tlscheck.Conflict: Bad, tlscheck.Mismatch: Bad}
	var says []string
	for _, row := range told.host.Rows {
		finding.Mark = worst(finding.Mark, marks[row.Status])
		says = append(says, fmt.Sprintf("%s %s (server %s, client %s)", row.Name(told.host.Host), row.Status, row.Server, row.Client))
		finding.More = append(finding.More, row.Reasons...)
	}
	finding.Says = strings.Join(says, "; ")
	if finding.Says == "" {
		finding.Mark, finding.Says = Warn, "no hop from the clients to it"
	}
	finding.More = append(finding.More, told.host.Notes...)
	return finding, err
}

func (v *Verification) kialiSays(told *answers) (Finding, error) {
	finding := Finding{Step: "Verify mTLS in Action: Kiali", Command: "GET /api/namespaces/" + v.Service.Namespace + "/tls of kiali", Mark: Note, Says: "skipped: " + v.Absent}
	if told.kiali == nil {
		return finding, nil
	}
	said := told.kiali.Against(told.host.Outcomes())
	finding.Says = said.Says()
	if said.Missing != "" {
		finding.Says = "it says nothing: " + said.Missing
	}
	if said.Differs != "" {
		finding.Mark, finding.Says = Warn, said.Differs
	}
	for _, found := range said.Findings {
		finding.More = append(finding.More, fmt.Sprintf("%s %s on %s: %s", found.Severity, found.Code, found.Object, found.Message))
	}
	return finding, nil
}

// temporaryRule looks for the guide's temporary rule, left in place.
func (v *Verification) temporaryRule(told *answers) (Finding, error) {
	finding := Finding{Step: "Temporarily Disable mTLS for Testing", Command: "kubectl get policyleases; kubectl get destinationrule product-service-disable-mtls", Mark: Good, Says: "no temporary rule is in place; `make lease SERVICE=...` makes one that ends by itself"}
	raw, err := v.keptOne("6-leases.yaml", told.leases)
	finding.Raw = raw
	for _, rule := range v.Survey.Snapshot.DestinationRules {
		if strings.HasSuffix(rule.Name, "-disable-mtls") && rule.Namespace == v.Service.Namespace {
			finding.Mark, finding.Says = Warn, fmt.Sprintf("%s is in place, since %s: take it away once the debugging is over", rule.Meta, rule.Created.Format("2006-01-02 15:04"))
		}
	}
	if len(told.leases) > 0 {
		finding.Mark = worst(finding.Mark, Warn)
		finding.More = append(finding.More, "leases stand: `make lease-status` lists them")
	}
	return finding, err
}
