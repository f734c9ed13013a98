package handshake

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// errRead ends crypto/tls's handshake once it has read the ClientHello.
var errRead = errors.New("read")

// readClientHello reads a ClientHello message by crypto/tls. Its interface for QUIC takes a message without records
// and without a connection (RFC 9001 section 4.1.3); what it asks of QUIC clients it asks later.
func readClientHello(message []byte) (*tls.ClientHelloInfo, error) {
	var hello *tls.ClientHelloInfo
	server := tls.QUICServer(&tls.QUICConfig{TLSConfig: &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) {
			hello = info
			return nil, errRead
		},
	}})
	if err := server.Start(context.Background()); err != nil {
		return nil, err
	}
	err := server.HandleData(tls.QUICEncryptionLevelInitial, message)
	_ = server.Close() // it repeats the error
	if hello == nil {
		return nil, err
	}
	return hello, nil
}

// offer writes what a ClientHello offers.
func offer(facts *hop.TLSFacts, hello *tls.ClientHelloInfo) {
	facts.SNI, facts.Offered = hello.ServerName, hello.SupportedProtos
	newest := slices.Clone(hello.SupportedVersions)
	slices.Sort(newest)
	slices.Reverse(newest)
	facts.Versions, facts.Suites, facts.Groups = nil, nil, nil
	for _, version := range newest {
		facts.Versions = append(facts.Versions, named(versions, version))
	}
	for _, suite := range hello.CipherSuites {
		facts.Suites = append(facts.Suites, tls.CipherSuiteName(suite))
	}
	for _, group := range hello.SupportedCurves {
		facts.Groups = append(facts.Groups, named(groups, uint16(group)))
	}
}
