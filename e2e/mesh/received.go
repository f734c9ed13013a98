package mesh

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// noName is of no resource: with it a configuration dump tells versions alone.
const noName = "/config_dump?name_regex=no-resource-has-this-name"

// withClusters counts clusters as acknowledged at proxies that have received them. While a cluster warms, for a certificate
// file that the proxy's pod does not have or for endpoints, Envoy sends no acknowledgement of clusters
// (ClusterManagerImpl::updateClusterCounts), and goes by the cluster that it had.
func (m *Mesh) withClusters(ctx context.Context, state SyncState, proxies []Proxy) error {
	for _, proxy := range proxies {
		clusters := state[proxy.id()].pushes[CDS]
		if clusters.acked == clusters.sent || clusters.problem != "" {
			continue
		}
		var dump bytes.Buffer
		if err := m.Admin(ctx, proxy, noName, &dump); err != nil {
			return fmt.Errorf("clusters of %s: %w", proxy, err)
		}
		received, err := clusterVersion(&dump)
		if err != nil {
			return fmt.Errorf("clusters of %s: %w", proxy, err)
		}
		if received >= counter(clusters.sent) {
			clusters.acked = clusters.sent
			state[proxy.id()].pushes[CDS] = clusters
		}
	}
	return nil
}

// clusterVersion reads the number of the push by which a proxy received clusters last, from ClustersConfigDump.version_info:
// istiod's versions are TIME/NUMBER. It is 0 before the first.
func clusterVersion(dump io.Reader) (int, error) {
	var in struct {
		Configs []struct {
			Type    string `json:"@type"`
			Version string `json:"version_info"`
		} `json:"configs"`
	}
	if err := json.NewDecoder(dump).Decode(&in); err != nil {
		return 0, err
	}
	for _, section := range in.Configs {
		if strings.HasSuffix(section.Type, ".ClustersConfigDump") && section.Version != "" {
			_, number, _ := strings.Cut(section.Version, "/")
			return strconv.Atoi(number)
		}
	}
	return 0, nil
}
