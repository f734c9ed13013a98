package verdict

import "mtls.test/conformance/e2e/hop"

// required is the table of the observers that a verdict rests on, by what stands at the client and what is wanted.
// A plain client is observed at its socket, the others in their proxy's access log.
var required = map[hop.ClientKind]map[hop.Outcome][]hop.Source{
	hop.Gateway: {
		hop.MTLS:      {hop.Client, hop.Server, hop.Application, hop.Wire},
		hop.Plaintext: {hop.Client, hop.Server, hop.Application, hop.Wire},
		hop.Refused:   {hop.Client, hop.Server, hop.Application, hop.Wire},
	},
	hop.Sidecar: {
		hop.MTLS:      {hop.Client, hop.Server, hop.Application, hop.Wire},
		hop.Plaintext: {hop.Client, hop.Server, hop.Application, hop.Wire},
		hop.Refused:   {hop.Client, hop.Server, hop.Application, hop.Wire},
	},
	hop.Plain: {
		hop.Plaintext: {hop.Client, hop.Server, hop.Application, hop.Wire},
		hop.Refused:   {hop.Client, hop.Server, hop.Application, hop.Wire},
	},
}

// unavailable names the observers that no build of this stage has, and why.
var unavailable = map[hop.Source]string{
	hop.Wire: "no tap reads packets yet",
}

// NoIntent stands where the oracle's answer will.
const NoIntent = "no oracle reads the policies yet"

// Required divides the observers of a hop into those a verdict needs and those it would need if this build had them.
func Required(kind hop.ClientKind, want hop.Outcome) (needed []hop.Source, lacking map[hop.Source]string) {
	for _, source := range required[kind][want] {
		why, lacks := unavailable[source]
		if !lacks {
			needed = append(needed, source)
			continue
		}
		if lacking == nil {
			lacking = map[hop.Source]string{}
		}
		lacking[source] = why
	}
	return needed, lacking
}
