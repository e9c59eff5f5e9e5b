package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trailctl/internal/sandbox"
)

// A sandbox that refuses the name it is called by says so, and that is passed on.
func TestRefusedAdvanceSaysWhy(t *testing.T) {
	box, err := sandbox.New(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "my-laptop:4566"
		box.ServeHTTP(w, r)
	}))
	defer srv.Close()
	_, err = advanceSandbox(t.Context(), srv.URL, time.Minute)
	if err == nil || !strings.Contains(err.Error(), `the sandbox refuses the call because its Host is "my-laptop:4566"`) {
		t.Error(err)
	}
}
