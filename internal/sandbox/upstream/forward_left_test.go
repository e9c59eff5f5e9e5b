package upstream

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/describe"
)

// leaver sends a call and leaves when the upstream is told of it.
func leaver(t *testing.T, at, request string, begun <-chan bool) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, request)
	if begun != nil {
		<-begun
	}
	conn.Close()
}

// passed waits for the call that passed.
func passed(t *testing.T, p *passer) *call.Call {
	t.Helper()
	select {
	case c := <-p.calls:
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("the call does not end")
		return nil
	}
}

// Who hangs up has made the call: the upstream does what it was asked for, and
// its answer is read for the record.
func TestWhoLeavesIsRecorded(t *testing.T) {
	for name, body := range map[string]string{"without a body": "", "with a body": strings.Repeat("x", 100), "with a long one": strings.Repeat("x", 300_000)} {
		begun, left := make(chan bool), make(chan bool)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			close(begun)
			<-left
			time.Sleep(50 * time.Millisecond) // until the proxy knows it
			w.Header().Set("X-Amz-Request-Id", "theirs")
			w.WriteHeader(http.StatusConflict)
			io.WriteString(w, "<Error><Code>BucketAlreadyExists</Code><Message>")
			w.(http.Flusher).Flush()
			for range 20 {
				io.WriteString(w, strings.Repeat("y", 1000))
				w.(http.Flusher).Flush()
			}
			io.WriteString(w, "</Message></Error>")
		}))
		p, at := front(t, srv.URL, "s3", describe.REST, nil)
		head := "PUT /left HTTP/1.1\r\nHost: x\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
		leaver(t, at, head+body, begun)
		close(left)
		c := passed(t, p)
		if c.Unrecorded || c.RequestID != "theirs" || c.Error == nil || c.Error.Code != "BucketAlreadyExists" {
			t.Errorf("%s: unrecorded %v, %s, %v", name, c.Unrecorded, c.RequestID, c.Error)
		}
		srv.Close()
	}
}

// Nobody waits for ever for the answer to somebody who has left.
func TestWhoLeavesIsWaitedForSoLong(t *testing.T) {
	tests := map[string]struct {
		request  string
		patience time.Duration
		close    bool // of the sandbox
		told     bool
	}{
		"a whole call":         {"GET /2015-03-31/functions HTTP/1.1\r\nHost: x\r\n\r\n", 50 * time.Millisecond, false, true},
		"one that broke off":   {"POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + strings.Repeat("x", 3<<20), time.Hour, false, false},
		"the end of a sandbox": {"GET /2015-03-31/functions HTTP/1.1\r\nHost: x\r\n\r\n", time.Hour, true, false},
	}
	for name, tt := range tests {
		begun, ended := make(chan bool), make(chan bool)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			close(ended)
		}))
		var log bytes.Buffer
		p, at := front(t, srv.URL, "lambda", describe.REST, slog.New(slog.NewTextHandler(&log, nil)))
		p.patience = tt.patience
		leaver(t, at, tt.request, begun)
		if tt.close {
			p.Close()
		}
		if c := passed(t, p); !c.Unrecorded || strings.Contains(log.String(), "did not answer") != tt.told {
			t.Errorf("%s: unrecorded %v, log %q", name, c.Unrecorded, log.String())
		}
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: the upstream's call goes on", name)
		}
		srv.Close()
	}
}

// An answer of which nothing is recorded ends when its caller has left.
func TestWhoLeavesGetsNoMore(t *testing.T) {
	ended := make(chan bool)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	p, at := front(t, srv.URL, "s3", describe.REST, nil)
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", at+"/b/k", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	resp.Body.Close()
	if c := passed(t, p); c.Unrecorded || c.Operation != "GetObject" {
		t.Errorf("unrecorded %v %s", c.Unrecorded, c.Operation)
	}
	<-ended
}
