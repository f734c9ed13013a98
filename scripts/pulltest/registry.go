package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// served is a registry at an address of 127.0.0.1 that it keeps, also while it is down.
type served struct {
	address string
	images  http.Handler
	server  *http.Server // nil while it is down
}

func newRegistry(ctx context.Context, blobs string) (*served, error) {
	if err := os.MkdirAll(blobs, 0o700); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	quiet := log.New(io.Discard, "", 0)
	return &served{
		address: listener.Addr().String(),
		images:  registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(blobs)), registry.Logger(quiet)),
	}, listener.Close()
}

// up serves the images through a fault.
func (s *served) up(ctx context.Context, through fault) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0)}
	server.Handler = through(s.images, func() { _ = server.Close() })
	s.server = server
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "error: the registry ended:", err)
		}
	}()
	return nil
}

// down ends the server with its connections.
func (s *served) down() {
	if s.server != nil {
		_ = s.server.Close()
		s.server = nil
	}
}

func (s *served) reference(repository, tag string) (name.Tag, error) {
	return name.NewTag(s.address+"/"+repository+":"+tag, name.Insecure)
}

// push gives an image to the registry.
func (s *served) push(image v1.Image, repository, tag string) error {
	reference, err := s.reference(repository, tag)
	if err != nil {
		return err
	}
	return remote.Write(reference, image)
}

// digest is that of an image of the registry.
func (s *served) digest(repository, tag string) (string, error) {
	reference, err := s.reference(repository, tag)
	if err != nil {
		return "", err
	}
	found, err := remote.Head(reference)
	if err != nil {
		return "", err
	}
	return found.Digest.String(), nil
}
