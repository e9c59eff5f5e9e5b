package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trailctl/internal/term"
)

// On a terminal, and only there, what takes long says how far it is.
func TestProgressOfSeeding(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var out, errs bytes.Buffer
		a := &app{streams: term.Streams{Out: &out, Err: &errs, ErrTerminal: terminal}}
		o := sandboxOptions{
			listen: "127.0.0.1:0", regions: "us-east-1", logEvery: time.Minute, digestEvery: time.Hour, seedEvents: 40, seedDays: 1,
		}
		r, err := o.start(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		said := errs.String()
		if strings.Contains(said, "\r\x1b[Kmade 1 of 40 events") != terminal || terminal && !strings.HasSuffix(said, "\r\x1b[K") {
			t.Errorf("terminal %v: %q", terminal, said)
		}
	}
}

func TestProgressOfAdvance(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var looks atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			minute := int32(0)
			if r.Method == http.MethodPost {
				for deadline := time.Now().Add(10 * time.Second); terminal && looks.Load() < 3 && time.Now().Before(deadline); {
					time.Sleep(10 * time.Millisecond)
				}
				minute = 60
			} else {
				minute = looks.Add(1) - 1
			}
			fmt.Fprintf(w, `{"version":1,"time":%q}`, start.Add(time.Duration(minute)*time.Minute).Format(time.RFC3339))
		}))
		var out, errs bytes.Buffer
		o := &sandboxAdvance{
			app:      &app{streams: term.Streams{Out: &out, Err: &errs, ErrTerminal: terminal}},
			endpoint: srv.URL, length: "1h", output: outputOptions{format: "table"},
		}
		if err := o.run(t.Context()); err != nil {
			t.Error(err)
		}
		srv.Close()
		want := "\r\x1b[Kit is 2026-01-15T09:01:00Z in the sandbox, on the way to 2026-01-15T10:00:00Z"
		if said := errs.String(); strings.HasPrefix(said, want) != terminal || !terminal && said != "" {
			t.Errorf("terminal %v: %q", terminal, said)
		}
		if want := "It is 2026-01-15T10:00:00Z in the sandbox now.\n"; out.String() != want {
			t.Errorf("got %q", out.String())
		}
	}
}
