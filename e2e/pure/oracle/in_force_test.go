package oracle

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// What is listed of every hop of the catalogue is what decides: of the objects that decide, each alone, and of the others none.
func TestWhatIsInForceDecides(t *testing.T) {
	deciding, lost := 0, 0
	for asked := range catalogueQuestions(t) {
		for _, a := range asked.snapshot.AskEach(asked.question) {
			policies := asked.snapshot.InForce(a)
			faults := faultsOf(asked.snapshot, asked.question, a, policies)
			for _, fault := range faults {
				t.Errorf("%s, step %d: %s -> %s: %s", asked.id, asked.step, asked.question.Client, asked.question.To, fault)
			}
			for _, own := range policies {
				if own.Decides == "" {
					lost++
				} else {
					deciding++
				}
			}
		}
	}
	if deciding < 1000 || lost < 300 {
		t.Errorf("only %d that decide and %d that do not", deciding, lost)
	}
	t.Logf("%d that decide and %d that do not", deciding, lost)
}

// catalogueQuestion is what an expectation of a case asks.
type catalogueQuestion struct {
	id       string
	step     int
	snapshot Snapshot
	question Question
}

// catalogueQuestions are those of some cases, or of all, on the newest version that each expectation is for.
func catalogueQuestions(t testing.TB, ids ...string) func(func(catalogueQuestion) bool) {
	catalogue := readCatalogue(t)
	return func(yield func(catalogueQuestion) bool) {
		for _, played := range catalogue.cases {
			if len(ids) > 0 && !slices.Contains(ids, played.ID) {
				continue
			}
			stages, err := Replay(catalogue.world, played, catalogue.read(played.ID))
			if err != nil {
				t.Fatal(err)
			}
			for _, stage := range stages {
				for _, expect := range played.Steps[stage.Step].Expect {
					versions, err := versionsOf(expect)
					if err != nil {
						t.Fatal(err)
					}
					for _, q := range Questions(expect) {
						if !yield(catalogueQuestion{played.ID, stage.Step + 1, stage.Snapshot.WithIstio(versions[len(versions)-1]), q}) {
							return
						}
					}
				}
			}
		}
	}
}

// faultsOf are what is wrong with the list of an answer.
func faultsOf(s Snapshot, q Question, a EndpointAnswer, policies []Policy) []string {
	var faults []string
	fault := func(format string, arguments ...any) { faults = append(faults, fmt.Sprintf(format, arguments...)) }
	for _, object := range []string{a.Server.Policy, a.Client.Object} {
		if object != "" && !slices.ContainsFunc(policies, func(p Policy) bool { return p.Object == object && p.Decides != "" }) {
			fault("%s decides and is not listed as deciding", object)
		}
	}
	var losers []string
	for i, own := range policies {
		for _, why := range writtenWrong(s, own) {
			fault("%s: %s", own.Object, why)
		}
		if slices.ContainsFunc(policies[:i], func(p Policy) bool { return p.Object == own.Object }) {
			fault("%s is listed twice", own.Object)
		}
		if own.Decides == "" {
			losers = append(losers, own.Object)
			if named := slices.ContainsFunc(policies, func(p Policy) bool { return names(p.Why, own.Object) }); !named && ends(s, q, a, own.Object) != endsOf(a) {
				fault("without %s (%s: %s), which does not count and keeps none from counting, it is %s and not %s", own.Object, own.Lost, own.Why, ends(s, q, a, own.Object), endsOf(a))
			}
			continue
		}
		if marks := markedWrong(a, own); marks != "" {
			fault("%s: %s", own.Object, marks)
		}
		if same(s, q, a, own.Object, policies) {
			fault("without %s, which decides at the %s, the answer is the same", own.Object, own.Decides)
		}
	}
	if got := ends(s, q, a, losers...); got != endsOf(a) {
		fault("without all that does not count it is %s and not %s", got, endsOf(a))
	}
	return faults
}

// names reports whether a text names an object.
func names(text, object string) bool {
	_, rest, found := strings.Cut(text, object)
	return found && (rest == "" || rest[0] == ' ' || rest[0] == ',')
}

// endsOf is what is said of a hop, and which objects decide it.
func endsOf(a EndpointAnswer) string {
	return strings.Join([]string{string(a.Says), string(a.Refusal), string(a.Server.Mode), a.Server.Policy, string(a.Client.Mode), a.Client.Object}, "|")
}

// ends is endsOf the answer without objects.
func ends(s Snapshot, q Question, a EndpointAnswer, objects ...string) string {
	return endsOf(again(bare(s, objects...), q, a))
}

// same reports whether the answer is the same without an object, and no other decides in its place; of several that refuse, or that
// lead there, without all.
func same(s Snapshot, q Question, a EndpointAnswer, object string, policies []Policy) bool {
	gone := []string{object}
	for _, together := range [][]string{a.grounds.refusers, a.grounds.led} {
		if slices.Contains(together, object) {
			gone = together
		}
	}
	without := bare(s, gone...)
	other := again(without, q, a)
	left := slices.DeleteFunc(deciding(policies), func(own string) bool { return slices.Contains(gone, own) })
	return reflect.DeepEqual(other.Answer, a.Answer) && slices.Equal(deciding(without.InForce(other)), left)
}

// deciding are the objects that decide.
func deciding(policies []Policy) []string {
	var all []string
	for _, own := range policies {
		if own.Decides != "" {
			all = append(all, own.Object)
		}
	}
	return all
}

// again asks once more for the endpoint of an answer.
func again(s Snapshot, q Question, a EndpointAnswer) EndpointAnswer {
	all := s.AskEach(q)
	i := slices.IndexFunc(all, func(other EndpointAnswer) bool { return other.Endpoint == a.Endpoint && other.Address == a.Address })
	return all[max(i, 0)]
}

// bare is a snapshot without objects.
func bare(s Snapshot, objects ...string) Snapshot {
	s.index = nil
	s.PeerAuthentications = unnamed(s.PeerAuthentications, objects)
	s.AuthorizationPolicies = unnamed(s.AuthorizationPolicies, objects)
	s.DestinationRules = unnamed(s.DestinationRules, objects)
	s.Gateways = unnamed(s.Gateways, objects)
	s.Sidecars = unnamed(s.Sidecars, objects)
	s.ServiceEntries = unnamed(s.ServiceEntries, objects)
	s.VirtualServices = unnamed(s.VirtualServices, objects)
	s.HTTPRoutes = unnamed(s.HTTPRoutes, objects)
	s.GRPCRoutes = unnamed(s.GRPCRoutes, objects)
	s.BackendTLSPolicies = unnamed(s.BackendTLSPolicies, objects)
	s.Services = slices.DeleteFunc(slices.Clone(s.Services), func(own Service) bool { return slices.Contains(objects, "Service "+own.String()) })
	return s
}

func unnamed[Spec any](all []Object[Spec], objects []string) []Object[Spec] {
	return slices.DeleteFunc(slices.Clone(all), func(own Object[Spec]) bool { return slices.Contains(objects, own.String()) })
}

// writtenWrong is how a text is not that of its object: it must be read as the object again, and its lines must be there.
func writtenWrong(s Snapshot, own Policy) []string {
	var all []string
	if (own.Decides == "") == (own.Lost == "") || (own.Lost == "") != (own.Why == "") {
		all = append(all, fmt.Sprintf("it decides %q, and is lost by %q: %q", own.Decides, own.Lost, own.Why))
	}
	count := strings.Count(own.Text, "\n")
	for _, line := range own.Lines {
		if line < 1 || line > count {
			all = append(all, fmt.Sprintf("line %d of %d", line, count))
		}
	}
	read, err := Decode([]byte(own.Text), "")
	if err != nil {
		return append(all, err.Error())
	}
	if !rewritten(s.PeerAuthentications, read.PeerAuthentications, own.Object) && !rewritten(s.AuthorizationPolicies, read.AuthorizationPolicies, own.Object) &&
		!rewritten(s.DestinationRules, read.DestinationRules, own.Object) && !rewritten(s.Gateways, read.Gateways, own.Object) &&
		!rewritten(s.Sidecars, read.Sidecars, own.Object) && !rewritten(s.ServiceEntries, read.ServiceEntries, own.Object) &&
		!rewritten(s.VirtualServices, read.VirtualServices, own.Object) && !rewritten(s.HTTPRoutes, read.HTTPRoutes, own.Object) &&
		!rewritten(s.GRPCRoutes, read.GRPCRoutes, own.Object) && !rewritten(s.BackendTLSPolicies, read.BackendTLSPolicies, own.Object) &&
		!strings.HasPrefix(own.Object, "Service ") {
		all = append(all, "its text is not read as the object:\n"+own.Text)
	}
	return all
}

// rewritten reports whether objects that were read are the one of a name, alone.
func rewritten[Spec any](from, read []Object[Spec], object string) bool {
	i := slices.IndexFunc(from, func(own Object[Spec]) bool { return own.String() == object })
	if i < 0 || len(read) != 1 || read[0].String() != object || !read[0].Created.Equal(from[i].Created) {
		return false
	}
	before, isMessage := any(from[i].Spec).(proto.Message)
	if isMessage {
		return proto.Equal(before, any(read[0].Spec).(proto.Message))
	}
	return reflect.DeepEqual(from[i].Spec, read[0].Spec)
}

// markedWrong is how the marked lines of an object that decides do not show what it decides.
func markedWrong(a EndpointAnswer, own Policy) string {
	lines := strings.Split(own.Text, "\n")
	var marked []string
	for _, line := range own.Lines {
		marked = append(marked, strings.TrimSpace(lines[line-1]))
	}
	shows := func(word string) bool {
		return slices.ContainsFunc(marked, func(line string) bool { return strings.HasSuffix(line, word) })
	}
	mode := "mode: "
	switch kind, _, _ := strings.Cut(own.Object, " "); {
	case slices.Contains(a.grounds.refusers, own.Object):
		if !shows("action: DENY") && !shows("action: ALLOW") {
			return fmt.Sprintf("%q show no action", marked)
		}
	case kind == "Gateway" && a.Server.Mode == Disable: // a server without TLS settings
	case kind == "PeerAuthentication" && own.Object == a.Server.Policy && slices.Contains(a.Rules, ServerUnsetMesh):
	case kind == "PeerAuthentication" && own.Decides == AtClient:
		if !shows(mode + "DISABLE") {
			return fmt.Sprintf("%q do not show DISABLE", marked)
		}
	case own.Object == a.Server.Policy:
		if !shows(mode + string(a.Server.Mode)) {
			return fmt.Sprintf("%q do not show %s", marked, a.Server.Mode)
		}
	case kind == backendTLSKind:
		if !shows("validation:") {
			return fmt.Sprintf("%q do not show validation", marked)
		}
	case kind != "DestinationRule":
	case a.Client.Rule == RuleCredentialDropped:
		if !slices.ContainsFunc(marked, func(line string) bool { return strings.HasPrefix(line, "credentialName: ") }) {
			return fmt.Sprintf("%q do not show a credential", marked)
		}
	case own.Object == a.Client.Object:
		if !shows(mode + string(a.Client.Mode)) {
			return fmt.Sprintf("%q do not show %s", marked, a.Client.Mode)
		}
	default:
		if !slices.ContainsFunc(marked, func(line string) bool {
			return strings.HasPrefix(line, "host: ") || strings.HasPrefix(strings.TrimPrefix(line, "- "), "name: ")
		}) {
			return fmt.Sprintf("%q show neither the host nor a subset", marked)
		}
	}
	return ""
}

func BenchmarkInForce(b *testing.B) {
	type asked struct {
		snapshot Snapshot
		answer   EndpointAnswer
	}
	var all []asked
	for own := range catalogueQuestions(b) {
		all = append(all, asked{own.snapshot, own.snapshot.AskEach(own.question)[0]})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		own := all[i%len(all)]
		own.snapshot.InForce(own.answer)
	}
}
