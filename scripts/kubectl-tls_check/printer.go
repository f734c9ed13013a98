package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"mtls.test/conformance/e2e/pure/clusterpage"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/fixtures"
)

// printer prints hosts as they come.
type printer interface {
	write(host tlscheck.Host) error
	close(found tlscheck.Tally) error
}

// few is up to how many hosts a table waits for all, so that its columns fit exactly.
const few = 1

func (o *options) printer(to io.Writer, l *look, hosts []oracle.Host) (printer, error) {
	switch {
	case o.before != "":
		return silent{}, nil
	case o.explain:
		flowchart, err := oracle.LoadChart(fixtures.FS)
		return &explainer{to: to, look: l, chart: flowchart}, err
	case o.output == asPage:
		return webPage{clusterpage.New(), to, o, l}, nil
	case o.output == "json":
		_, err := fmt.Fprintf(to, "{\"apiVersion\":%q,\"kind\":%q,\"items\":[", apiVersion, listKind)
		return &jsonList{to: to}, err
	case o.output == "yaml":
		_, err := fmt.Fprintf(to, "apiVersion: %s\nkind: %s\nitems:\n", apiVersion, listKind)
		return &yamlList{to: to}, err
	case len(hosts) <= few:
		return table{tlscheck.NewTable(to, o.output == "wide")}, nil
	}
	streamed, err := tlscheck.NewStream(to, o.output == "wide", names(hosts), l.policies(), l.rules(), l.workloads())
	return table{streamed}, err
}

// What the lists of -o json and -o yaml call themselves.
const (
	apiVersion = "mtls.test/v1"
	listKind   = "TLSCheckList"

	changesKind = "TLSCheckChanges"
)

// silent prints no rows, where the changes are what is asked for.
type silent struct{}

func (silent) write(tlscheck.Host) error  { return nil }
func (silent) close(tlscheck.Tally) error { return nil }

// toldRow is a row of expected changes that explains some, as the lists tell it.
type toldRow struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	Source string `json:"source"`
}

// printChanges prints what is other than before, and the rows that explain some of it.
func (o *options) printChanges(to io.Writer, changes []tlsdiff.Change, rows []tlsdiff.Row) error {
	list := struct {
		APIVersion string           `json:"apiVersion"`
		Kind       string           `json:"kind"`
		Rows       []toldRow        `json:"rows"`
		Items      []tlsdiff.Change `json:"items"`
	}{apiVersion, changesKind, []toldRow{}, changes}
	for _, row := range rows {
		list.Rows = append(list.Rows, toldRow{row.ID, row.Reason, row.Source})
	}
	var content []byte
	var err error
	switch o.output {
	case "json":
		content, err = json.MarshalIndent(list, "", "  ")
		content = append(content, '\n')
	case "yaml":
		content, err = yaml.Marshal(list)
	default:
		return tlsdiff.Write(to, changes, rows)
	}
	if err == nil {
		_, err = to.Write(content)
	}
	return err
}

type table struct{ *tlscheck.Table }

func (t table) write(host tlscheck.Host) error { return t.Write(host) }
func (t table) close(tlscheck.Tally) error     { return t.Close() }

func names(hosts []oracle.Host) []string {
	var all []string
	for _, host := range hosts {
		all = append(all, host.Name)
		for _, port := range host.Ports {
			all = append(all, fmt.Sprintf("%s:%d", host.Name, port.Number))
		}
	}
	return all
}

func (l *look) policies() []string {
	var all []string
	for _, policy := range l.survey.Snapshot.PeerAuthentications {
		all = append(all, policy.Namespace+"/"+policy.Name)
	}
	return all
}

func (l *look) rules() []string {
	var all []string
	for _, rule := range l.survey.Snapshot.DestinationRules {
		all = append(all, rule.Namespace+"/"+rule.Name)
	}
	return all
}

func (l *look) workloads() []string {
	var all []string
	for _, workload := range l.survey.Proxies() {
		all = append(all, workload.String())
	}
	return all
}

type jsonList struct {
	to    io.Writer
	began bool
}

func (j *jsonList) write(host tlscheck.Host) error {
	content, err := json.Marshal(host)
	if err != nil {
		return err
	}
	separator := "\n"
	if j.began {
		separator = ",\n"
	}
	j.began = true
	_, err = fmt.Fprintf(j.to, "%s%s", separator, content)
	return err
}

func (j *jsonList) close(found tlscheck.Tally) error {
	content, err := json.Marshal(found)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.to, "\n],%s\n", content[1:])
	return err
}

type yamlList struct{ to io.Writer }

func (y *yamlList) write(host tlscheck.Host) error {
	content, err := yaml.Marshal([]tlscheck.Host{host})
	if err != nil {
		return err
	}
	_, err = y.to.Write(content)
	return err
}

func (y *yamlList) close(found tlscheck.Tally) error {
	content, err := yaml.Marshal(found)
	if err != nil {
		return err
	}
	_, err = y.to.Write(content)
	return err
}

// explainer prints one hop of each kind: those of one row, client kind and port are explained alike.
type explainer struct {
	to    io.Writer
	look  *look
	chart oracle.Chart
}

func (e *explainer) write(host tlscheck.Host) error {
	for _, row := range host.Rows {
		explained := map[string]bool{}
		for _, h := range row.Hops {
			same := strings.Join([]string{h.Asked.Why, string(h.Asked.Says), h.Reason}, "|")
			if explained[same] {
				continue
			}
			explained[same] = true
			if err := e.explain(host.Host, h); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *explainer) explain(host string, h tlscheck.Hop) error {
	client, _ := e.look.survey.Workload(h.Client)
	snapshot := e.look.survey.Under(client)
	path, err := e.chart.Follow(snapshot, hop.ServicePort{Service: host, Port: h.Port}, h.Asked.Says)
	if err != nil {
		return err
	}
	differs, _ := oracle.Differs(h.Asked, path)
	return tlscheck.Explained{Hop: h, Host: host, Policies: h.Policies(snapshot, host), Chart: path, Differs: differs}.Write(e.to)
}

func (e *explainer) close(tlscheck.Tally) error { return nil }
