package kube

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"sync"
)

// discovered are the paths of what the API server serves of one group: klient, which is made anew for each use, asks for them
// each time before it can name an object's resource.
var discovered = regexp.MustCompile(`^/(api/v1|apis/[^/]+(/[^/]+)?)$`)

// discovery remembers answers of the API server to what it serves. That it serves a group not is not remembered: its
// definitions may be applied later.
type discovery struct {
	next    http.RoundTripper
	mu      sync.Mutex
	answers map[string]answer
}

type answer struct {
	header http.Header
	body   []byte
}

// remember puts a discovery between a client and the API server.
func remember(next http.RoundTripper) http.RoundTripper {
	return &discovery{next: next, answers: map[string]answer{}}
}

// RoundTrip answers by itself what was answered before.
func (d *discovery) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet || !discovered.MatchString(request.URL.Path) {
		return d.next.RoundTrip(request)
	}
	key := request.URL.Path + " " + request.Header.Get("Accept")
	d.mu.Lock()
	known, found := d.answers[key]
	d.mu.Unlock()
	if found {
		return known.response(request), nil
	}
	response, err := d.next.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	known = answer{header: response.Header, body: body}
	d.mu.Lock()
	d.answers[key] = known
	d.mu.Unlock()
	return known.response(request), nil
}

func (a answer) response(request *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header.Clone(), Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: request,
	}
}
