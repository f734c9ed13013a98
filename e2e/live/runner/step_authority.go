package runner

import (
	"context"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// began is the authority that every cluster begins with.
var began = fixture.Authority{Trusts: []fixture.Root{fixture.FirstRoot}, Signs: fixture.FirstRoot}

// signers are the CAs that an authority may name.
func (r *Runner) signers() map[fixture.Root]mesh.Signer {
	return map[fixture.Root]mesh.Signer{
		fixture.FirstRoot:   {CA: r.Authorities.Mesh, Root: r.Authorities.MeshRoot},
		fixture.ForeignRoot: {CA: r.Authorities.Next, Root: r.Authorities.Foreign.PEM()},
	}
}

// authority changes whom the mesh trusts and who signs for its workloads.
func (c *CaseRun) authority(ctx context.Context, step int, act string, to fixture.Authority) error {
	signers := c.r.signers()
	wanted := mesh.Authority{Signer: signers[to.Signs]}
	for _, root := range to.Trusts {
		wanted.Roots = append(wanted.Roots, signers[root].Root)
	}
	agent, err := c.r.Sender.PlainClient()
	if err != nil {
		return err
	}
	c.r.trust = to
	c.r.Prober.Trust(wanted.Roots)
	objects := []string{fmt.Sprintf("trusts %s, signs %s", to.Trusts, to.Signs)}
	return c.changed(ctx, step, act, objects, mesh.RuleAuthority, func(*verdict.Change) error {
		return c.r.Mesh.SetAuthority(ctx, wanted, c.r.Places.Proxies(), c.r.Places.Clients[agent].First().Proxy, timeout.Authority.Duration())
	})
}

// back lists the authorities by which the mesh comes back to the one it began with: the first root is trusted again,
// then signs again, and what else was trusted goes last.
func back(from fixture.Authority) []fixture.Authority {
	both := from.Trusts
	if !slices.Contains(both, fixture.FirstRoot) {
		both = append(slices.Clone(both), fixture.FirstRoot)
	}
	var way []fixture.Authority
	for _, next := range []fixture.Authority{{Trusts: both, Signs: from.Signs}, {Trusts: both, Signs: fixture.FirstRoot}, began} {
		if !equal(next, from) {
			way = append(way, next)
			from = next
		}
	}
	return way
}

func equal(a, b fixture.Authority) bool {
	return a.Signs == b.Signs && slices.Equal(a.Trusts, b.Trusts)
}

// rootOf is the root, PEM, that vouches for a probe's certificate.
func (r *Runner) rootOf(certificate fixture.Certificate) string {
	root := fixture.FirstRoot
	switch certificate {
	case fixture.MeshCertificate:
		root = r.trust.Signs
	case fixture.ForeignCA:
		root = fixture.ForeignRoot
	}
	return r.signers()[root].Root
}
