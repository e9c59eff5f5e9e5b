package upstream

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trailctl/internal/sandbox/describe"
)

// An answer that begins while the request is still being sent passes at once,
// and the rest of the request still arrives.
func TestAnswersBeginBeforeRequestsEnd(t *testing.T) {
	const half, large = 1 << 19, 4 << 20
	arrived := make(chan int64, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		io.CopyN(io.Discard, r.Body, half)
		w.Header().Set("Content-Length", fmt.Sprint(large))
		w.WriteHeader(http.StatusForbidden)
		io.CopyN(w, zeros(large/2), large/2)
		w.(http.Flusher).Flush()
		n, _ := io.Copy(io.Discard, r.Body)
		arrived <- half + n
		io.CopyN(w, zeros(large/2), large/2)
	}))
	defer srv.Close()
	p, at := front(t, srv.URL, "s3", describe.REST, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 2*half)
	io.CopyN(conn, zeros(half), half)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer before the end of the request: %v", err)
	}
	if n, err := io.CopyN(io.Discard, resp.Body, large/2); err != nil {
		t.Fatalf("%d bytes of the answer came: %v", n, err)
	}
	io.CopyN(conn, zeros(half), half)
	if n := <-arrived; n != 2*half {
		t.Errorf("%d bytes of the request arrived", n)
	}
	if n, err := io.Copy(io.Discard, resp.Body); n != large/2 || err != nil {
		t.Errorf("%d bytes of the rest of the answer came: %v", n, err)
	}
	if c := passed(t, p); c.Unrecorded || c.Error == nil || c.Error.Status != http.StatusForbidden {
		t.Errorf("unrecorded %v, %v", c.Unrecorded, c.Error)
	}
}
