package oracle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"mtls.test/conformance/e2e/pure/fixture"
)

// document is a Kubernetes object, or a list of them.
type document struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name              string            `json:"name"`
		Namespace         string            `json:"namespace"`
		CreationTimestamp string            `json:"creationTimestamp"`
		DeletionTimestamp string            `json:"deletionTimestamp"`
		Labels            map[string]string `json:"labels"`
		Annotations       map[string]string `json:"annotations"`
		Owners            []owner           `json:"ownerReferences"`
	} `json:"metadata"`
	Spec   json.RawMessage `json:"spec"`
	Status podStatus       `json:"status"`
	// Of an EndpointSlice, which has no spec.
	AddressType string            `json:"addressType"`
	Ports       []SlicePort       `json:"ports"`
	Endpoints   []sliceEntry      `json:"endpoints"`
	Items       []json.RawMessage `json:"items"`
}

// maxDepth is the limit for lists within lists.
const maxDepth = 4

// Decode reads Kubernetes objects, YAML documents or JSON, lists among them, as files or the API server give them.
// Objects without a namespace are taken to be in the namespace given.
func Decode(content []byte, namespace string) (Snapshot, error) {
	if snapshot, isJSON, err := decodeJSON(content, namespace); isJSON {
		return snapshot, err
	}
	var snapshot Snapshot
	for decoder := yaml.NewDecoder(bytes.NewReader(content)); ; {
		var tree any
		err := decoder.Decode(&tree)
		if errors.Is(err, io.EOF) {
			return snapshot, nil
		}
		if err != nil {
			return Snapshot{}, err
		}
		if tree == nil {
			continue
		}
		object, err := json.Marshal(textKeys(tree))
		if err != nil {
			return Snapshot{}, fmt.Errorf("a document is no Kubernetes object: %w", err)
		}
		if err := snapshot.add(object, namespace, maxDepth); err != nil {
			return Snapshot{}, err
		}
	}
}

// decodeJSON reads what is JSON throughout, which is many times as fast as YAML.
func decodeJSON(content []byte, namespace string) (snapshot Snapshot, isJSON bool, err error) {
	if !json.Valid(content) {
		return Snapshot{}, false, nil
	}
	err = snapshot.add(content, namespace, maxDepth)
	return snapshot, true, err
}

// DecodeList adds the items of a list as the API server gives it, JSON whose items do not say their kind. A Gateway of the
// Gateway API is of kind Gateway.gateway.networking.k8s.io, a Gateway alone is Istio's.
func (s *Snapshot) DecodeList(kind string, content []byte) error {
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return fmt.Errorf("list of %s: %w", kind, err)
	}
	s.index = nil
	for _, item := range list.Items {
		var doc document
		if err := json.Unmarshal(item, &doc); err != nil {
			return fmt.Errorf("list of %s: %w", kind, err)
		}
		doc.Kind = kind
		if err := s.addDocument(doc, ""); err != nil {
			return err
		}
	}
	return nil
}

// textKeys writes the keys of YAML maps as text, as JSON has them: those of portLevelMtls are numbers.
func textKeys(tree any) any {
	switch tree := tree.(type) {
	case map[any]any:
		texts := make(map[string]any, len(tree))
		for key, value := range tree {
			texts[fmt.Sprint(key)] = textKeys(value)
		}
		return texts
	case map[string]any:
		for key, value := range tree {
			tree[key] = textKeys(value)
		}
	case []any:
		for i, value := range tree {
			tree[i] = textKeys(value)
		}
	}
	return tree
}

// add reads one object, or the items of a list.
func (s *Snapshot) add(object []byte, namespace string, depth int) error {
	var doc document
	if err := json.Unmarshal(object, &doc); err != nil {
		return fmt.Errorf("a document is no Kubernetes object: %w", err)
	}
	if doc.Items != nil {
		if depth == 0 {
			return errors.New("a list of lists of lists: give its objects alone")
		}
		for _, item := range doc.Items {
			if err := s.add(item, namespace, depth-1); err != nil {
				return err
			}
		}
		return nil
	}
	return s.addDocument(doc, namespace)
}

func (s *Snapshot) addDocument(doc document, namespace string) error {
	if doc.Kind == "Gateway" && strings.HasPrefix(doc.APIVersion, fixture.GatewayAPI+"/") {
		doc.Kind = apiGatewayKind
	}
	meta := Meta{Kind: doc.Kind, Name: doc.Metadata.Name, Namespace: doc.Metadata.Namespace, Labels: doc.Metadata.Labels}
	if meta.Namespace == "" {
		meta.Namespace = namespace
	}
	if created := doc.Metadata.CreationTimestamp; created != "" {
		at, err := time.Parse(time.RFC3339, created)
		if err != nil {
			return fmt.Errorf("%s: creationTimestamp: %w", meta, err)
		}
		meta.Created = at
	}
	if err := s.addKind(meta, doc); err != nil {
		return fmt.Errorf("%s: %w", meta, err)
	}
	return nil
}

func (s *Snapshot) addKind(meta Meta, doc document) error {
	switch meta.Kind {
	case "PeerAuthentication":
		return addSpec(&s.PeerAuthentications, meta, doc.Spec, &security.PeerAuthentication{})
	case "DestinationRule":
		return addSpec(&s.DestinationRules, meta, doc.Spec, &networking.DestinationRule{})
	case "ServiceEntry":
		return addSpec(&s.ServiceEntries, meta, doc.Spec, &networking.ServiceEntry{})
	case "AuthorizationPolicy":
		return addSpec(&s.AuthorizationPolicies, meta, doc.Spec, &security.AuthorizationPolicy{})
	case "Gateway":
		return addSpec(&s.Gateways, meta, doc.Spec, &networking.Gateway{})
	case "Sidecar":
		return addSpec(&s.Sidecars, meta, doc.Spec, &networking.Sidecar{})
	case "VirtualService":
		return addSpec(&s.VirtualServices, meta, doc.Spec, &networking.VirtualService{})
	case "WorkloadEntry":
		return addSpec(&s.WorkloadEntries, meta, doc.Spec, &networking.WorkloadEntry{})
	case "HTTPRoute":
		return addAPI(&s.HTTPRoutes, meta, doc.Spec)
	case "GRPCRoute":
		return addAPI(&s.GRPCRoutes, meta, doc.Spec)
	case apiGatewayKind:
		return addAPI(&s.APIGateways, meta, doc.Spec)
	case "ReferenceGrant":
		return addAPI(&s.ReferenceGrants, meta, doc.Spec)
	case "BackendTLSPolicy":
		return addAPI(&s.BackendTLSPolicies, meta, doc.Spec)
	case "Service":
		service, err := decodeService(meta, doc.Spec)
		if err != nil {
			return err
		}
		service.ExportTo = exportedTo(doc.Metadata.Annotations)
		s.Services = append(s.Services, service)
	case "EndpointSlice":
		slice, err := decodeSlice(meta, doc)
		if err != nil {
			return err
		}
		s.Slices = append(s.Slices, slice)
	case "Pod":
		if doc.Status.finished() {
			return nil
		}
		workload, err := decodePod(meta, doc)
		if err != nil {
			return err
		}
		s.Workloads = append(s.Workloads, workload)
	case "Deployment":
		workload, err := decodeDeployment(meta, doc.Spec)
		if err != nil {
			return err
		}
		s.Workloads = append(s.Workloads, workload)
	case "Namespace":
		s.Injected = overlay(s.Injected, map[string]bool{meta.Name: meta.Labels[injectionLabel] == "enabled"})
		if network := meta.Labels[networkLabel]; network != "" {
			s.Networks = overlay(s.Networks, map[string]string{meta.Name: network})
		}
		if waypoint := meta.Labels[waypointLabel]; waypoint != "" {
			s.Waypoints = overlay(s.Waypoints, map[string]string{meta.Name: waypoint})
		}
		s.Ambient = overlay(s.Ambient, map[string]bool{meta.Name: meta.Labels[dataplaneLabel] == "ambient"})
	default:
		s.Unread = append(s.Unread, meta.String())
	}
	return nil
}

// addSpec reads a spec as the API server does: it refuses fields that it does not know.
func addSpec[Spec proto.Message](to *[]Object[Spec], meta Meta, content json.RawMessage, spec Spec) error {
	if len(content) > 0 && !bytes.Equal(content, []byte("null")) {
		if err := protojson.Unmarshal(content, spec); err != nil {
			return fmt.Errorf("spec: %w", err)
		}
	}
	*to = append(*to, Object[Spec]{Meta: meta, Spec: spec})
	return nil
}
