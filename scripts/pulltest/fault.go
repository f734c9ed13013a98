package main

import (
	"net/http"
	"strings"
)

// fault stands in front of a registry's images. It may end the server by die.
type fault func(images http.Handler, die func()) http.Handler

// beginning is how much of a layer comes before a fault in the middle of it, and ballast how long the layer of the pilot image is
// that is new to every engine.
const (
	beginning = 1 << 20
	ballast   = 4 * beginning
)

// none is a registry that works.
func none(images http.Handler, _ func()) http.Handler { return images }

// silent takes every request and answers none.
func silent(http.Handler, func()) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// stalls ends to send in the middle of an image, and keeps the connection.
func stalls(images http.Handler, _ func()) http.Handler {
	return inTheMiddle(images, func(r *http.Request) { <-r.Context().Done() })
}

// dies ends as a whole in the middle of an image.
func dies(images http.Handler, die func()) http.Handler {
	return inTheMiddle(images, func(*http.Request) { die() })
}

// inTheMiddle does something when the beginning of a blob of the pilot image was sent, and sends no more of it.
func inTheMiddle(images http.Handler, then func(*http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v2/istio/pilot/blobs/") {
			w = &cut{ResponseWriter: w, left: beginning, then: func() { then(r) }}
		}
		images.ServeHTTP(w, r)
	})
}

// cut lets the beginning of an answer pass.
type cut struct {
	http.ResponseWriter
	left int
	then func()
}

func (c *cut) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	c.then()
	panic(http.ErrAbortHandler)
}

// Unwrap is for http.ResponseController.
func (c *cut) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// instead answers a question for manifests of one repository with those of another name.
func instead(of, path string) fault {
	return func(images http.Handler, _ func()) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/v2/"+of+"/manifests/") {
				r.URL.Path = "/v2/" + path
			}
			images.ServeHTTP(w, r)
		})
	}
}

// limits refuses manifests as Docker Hub does to those who have pulled too much.
func limits(images http.Handler, _ func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/manifests/") {
			images.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}]}`))
	})
}
