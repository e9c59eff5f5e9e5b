package upstream

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
)

// A server that fails half way answers with the same page as for what it does
// not serve: only of a question it says that nothing was done.
func TestPagesSayNothingOfWhatIsStored(t *testing.T) {
	for status, sure := range map[int]bool{http.StatusInternalServerError: false, http.StatusNotImplemented: true} {
		puts := 0
		n := newNeighbours(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if r.Method == http.MethodPut {
				puts++
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			io.WriteString(w, "<!doctype html><title>Internal Server Error</title>")
		})
		for name, err := range map[string]error{
			"PutObject":    n.Bucket.Put(t.Context(), cloudtrail.Object{Bucket: "trail", Key: "AWSLogs/k", Body: []byte("text")}),
			"Publish":      n.Topics.Publish(t.Context(), testTopic, "", "text"),
			"PutLogEvents": n.Groups.PutEvents(t.Context(), "123456789012", "us-east-1", "g", "s", []cloudtrail.LogEvent{{Message: "{}"}}),
		} {
			if refused := errors.As(err, new(*call.Error)); err == nil || refused != sure {
				t.Errorf("HTTP %d to %s: %v", status, name, err)
			}
		}
		if want := map[bool]int{false: 1, true: 2}[sure]; puts != want { // a second one without an ACL
			t.Errorf("HTTP %d: a file was put %d times", status, puts)
		}
		if _, err := n.Bucket.Bucket(t.Context(), "trail"); !isLack(err) {
			t.Errorf("HTTP %d to a question: %v", status, err)
		}
	}
}
