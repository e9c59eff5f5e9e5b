package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/describe"
)

// passer puts a Forward behind a server and keeps the calls that passed.
type passer struct {
	*Forward
	calls chan *call.Call
}

// front serves calls of one service in front of an upstream.
func front(t *testing.T, to, service string, format describe.Format, log *slog.Logger) (*passer, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	p := &passer{New(u, log, func(kind, account, name string) string { return kind + name }, false), make(chan *call.Call, 16)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call.Call{HTTP: r, Service: service, AccessKeyID: "alice", Account: "123456789012", Region: "us-east-1", RequestID: "ours"}
		pass, err := p.Take(c, format, func(w http.ResponseWriter, e *call.Error) { http.Error(w, e.Error(), e.Status) })
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		pass.Describe()
		defer func() { p.calls <- c }()
		pass.Serve(w, c)
		if pass.Cut() {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(func() {
		srv.Close()
		p.Close()
	})
	return p, srv.URL
}

// raw is an upstream of bytes: it answers each connection with the same ones,
// after the headers of a request, and keeps what it was sent.
func raw(t *testing.T, answer string) (address string, requests chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	requests = make(chan string, 16)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				var text strings.Builder
				in := bufio.NewReader(conn)
				for !strings.HasSuffix(text.String(), "\r\n\r\n") {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					text.WriteString(line)
				}
				requests <- text.String()
				io.WriteString(conn, answer)
			}()
		}
	}()
	return "http://" + l.Addr().String(), requests
}

// exchange sends bytes to an address and returns the bytes that come back.
func exchange(t *testing.T, address, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, request)
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func sorted(message string) []string {
	lines := strings.Split(strings.TrimRight(message, "\r\n"), "\r\n")
	slices.Sort(lines[1:])
	return lines
}

func TestRequestsPassByteForByte(t *testing.T) {
	for _, target := range []string{
		"/bucket/a%2Fb", "/bucket/a%20b;c+d=e%3B", "/bucket/%C3%BC//x", "/bucket/it's(1)*~!@$&,", "/bucket/../up/./x",
		`/bucket/"quoted"<>^|{}`, "/b/k?x=a;b&y=%zz&=&&z", "/b/k?", "/b/k?policy", "/?Action=X&Action=Y", "//double//",
	} {
		to, requests := raw(t, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		_, at := front(t, to, "s3", describe.REST, nil)
		headers := "Accept-Encoding: identity\r\nAuthorization: AWS4-HMAC-SHA256 x\r\nHost: bucket.s3.us-east-1.amazonaws.com\r\n" +
			"User-Agent: Boto3\r\nX-Forwarded-For: 10.0.0.1\r\nx-amz-meta-color: red\r\nx-amz-meta-color: blue\r\n"
		exchange(t, at, "GET "+target+" HTTP/1.1\r\n"+headers+"Connection: close\r\n\r\n")
		want := sorted("GET " + target + " HTTP/1.1\r\n" + headers)
		if got := sorted(<-requests); !slices.Equal(got, want) {
			t.Errorf("%s arrived as\n%q, want\n%q", target, got, want)
		}
	}
}

// That there is no body is said to the upstream as it was said by the caller.
func TestNoBodyIsSaidOrNot(t *testing.T) {
	for _, request := range []string{
		"DELETE /b HTTP/1.1\r\nContent-Length: 0\r\n", "DELETE /b HTTP/1.1\r\n", "PUT /b HTTP/1.1\r\nContent-Length: 0\r\n",
	} {
		to, requests := raw(t, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		_, at := front(t, to, "s3", describe.REST, nil)
		exchange(t, at, request+"Host: x\r\nConnection: close\r\n\r\n")
		if got, want := sorted(<-requests), sorted(request+"Host: x\r\n"); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAnswersPassByteForByte(t *testing.T) {
	tests := map[string]string{
		"an error": "HTTP/1.1 404 NOT FOUND\r\nContent-Length: 9\r\nContent-Type: application/xml\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n" +
			"Server: Werkzeug\r\nx-amz-request-id: theirs\r\n\r\n<Error/>\n",
		"metadata": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nEtag: \"1\"\r\nx-amz-meta-color: red\r\nx-amz-meta-two-words: b\r\nx-amz-request-id: theirs\r\n\r\nok",
		"a head":   "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nx-amz-request-id: theirs\r\n\r\n",
		"nothing":  "HTTP/1.1 204 No Content\r\nServer: x\r\nx-amz-request-id: theirs\r\n\r\n",
	}
	for name, answer := range tests {
		to, _ := raw(t, answer)
		p, at := front(t, to, "s3", describe.REST, nil)
		method := "GET"
		if name == "a head" {
			method = "HEAD"
		}
		got := exchange(t, at, method+" /b/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		got = strings.Replace(got, "Connection: close\r\n", "", 1)
		wantHead, wantBody, _ := strings.Cut(answer, "\r\n\r\n")
		head, body, _ := strings.Cut(got, "\r\n\r\n")
		if body != wantBody || !slices.Equal(sorted(head)[1:], sorted(wantHead)[1:]) || head[:12] != wantHead[:12] {
			t.Errorf("%s became\n%q, want\n%q", name, got, answer)
		}
		if c := <-p.calls; c.RequestID != "theirs" {
			t.Errorf("%s: the call's id is %s", name, c.RequestID)
		}
	}
}

func TestAnswersStream(t *testing.T) {
	for _, length := range []string{"", "10"} {
		more := make(chan bool)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			io.WriteString(w, "first")
			w.(http.Flusher).Flush()
			<-more
			io.WriteString(w, "later")
		}))
		_, at := front(t, srv.URL, "s3", describe.REST, nil)
		resp, err := http.Get(at + "/b/k")
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 5)
		if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != "first" {
			t.Errorf("length %q: %q, %v", length, b, err)
		}
		close(more)
		if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "later" {
			t.Errorf("length %q: the rest is %q, %v", length, rest, err)
		}
		resp.Body.Close()
		srv.Close()
	}
}

// Bodies that are sent piece by piece arrive piece by piece, of S3 objects at
// least, of which nothing is copied.
func TestRequestsStream(t *testing.T) {
	arrived := make(chan string)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 5)
		for range 2 {
			io.ReadFull(r.Body, b)
			arrived <- string(b)
		}
	}))
	defer srv.Close()
	_, at := front(t, srv.URL, "s3", describe.REST, nil)
	out, in := io.Pipe()
	req, err := http.NewRequest("PUT", at+"/b/k", out)
	if err != nil {
		t.Fatal(err)
	}
	go http.DefaultClient.Do(req)
	io.WriteString(in, "first")
	if got := <-arrived; got != "first" {
		t.Errorf("%q arrived", got)
	}
	io.WriteString(in, "later")
	if got := <-arrived; got != "later" {
		t.Errorf("%q arrived", got)
	}
	in.Close()
}

// zeros is so many zeros.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestLargeBodiesTakeNoMemory(t *testing.T) {
	const size = 64 << 20
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", fmt.Sprint(n))
		io.Copy(w, zeros(n))
	}))
	defer srv.Close()
	for _, tt := range []struct {
		service string
		format  describe.Format
	}{{"s3", describe.REST}, {"lambda", describe.REST}, {"dynamodb", describe.JSON}} {
		_, at := front(t, srv.URL, tt.service, tt.format, nil)
		req, err := http.NewRequest("POST", at+"/b/k", zeros(size))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = size
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		runtime.ReadMemStats(&after)
		if n != size || err != nil {
			t.Errorf("%s: %d bytes came back: %v", tt.service, n, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: %d MB were allocated for a body of 64 MB", tt.service, used>>20)
		}
	}
}

func TestCutAnswersAreCut(t *testing.T) {
	for name, answer := range map[string]string{
		"by length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
		"in chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
	} {
		to, _ := raw(t, answer)
		p, at := front(t, to, "s3", describe.REST, nil)
		resp, err := http.Get(at + "/b/k")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !errors.Is(err, io.ErrUnexpectedEOF) || string(got) != "only this" {
			t.Errorf("%s: %q came whole: %v", name, got, err)
		}
		if c := <-p.calls; c.Unrecorded {
			t.Errorf("%s: a call that the upstream has answered is not recorded", name)
		}
	}
}

// Within the process there is no connection to end: that the answer is cut is
// told all the same.
func TestCutAnswersAreCutInside(t *testing.T) {
	to, _ := raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
	p, _ := front(t, to, "s3", describe.REST, nil)
	c := &call.Call{HTTP: httptest.NewRequest("GET", "/b/k", nil), Service: "s3"}
	pass, err := p.Take(c, describe.REST, func(http.ResponseWriter, *call.Error) {})
	if err != nil {
		t.Fatal(err)
	}
	pass.Serve(httptest.NewRecorder(), c)
	if !pass.Cut() {
		t.Error("it looks complete")
	}
}

// A request that breaks off is not the upstream's fault, and never looks
// complete to it.
func TestBrokenRequests(t *testing.T) {
	ended := make(chan error, 4)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		ended <- err
	}))
	defer srv.Close()
	var log bytes.Buffer
	_, at := front(t, srv.URL, "s3", describe.REST, slog.New(slog.NewTextHandler(&log, nil)))
	conn, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nonly this")
	time.Sleep(50 * time.Millisecond) // so that it is on its way
	conn.Close()
	if err := <-ended; err == nil {
		t.Error("the upstream took it for complete")
	}
	if log.Len() > 0 {
		t.Errorf("told: %s", log.String())
	}
}

func TestSilenceIsToldOncePerSpell(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var log bytes.Buffer
	p, at := front(t, "http://"+address, "sqs", describe.JSON, slog.New(slog.NewTextHandler(&log, nil)))
	ask := func() (int, string, *call.Call) {
		resp, err := http.Post(at, "application/x-amz-json-1.0", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text), <-p.calls
	}
	for range 3 {
		status, text, c := ask()
		want := NotReachable + ": the upstream at " + address + " does not answer: connection refused\n"
		if status != 424 || text != want || !c.Unrecorded {
			t.Errorf("%d %q, unrecorded %v", status, text, c.Unrecorded)
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
	again, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip("the port was taken")
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})}
	go srv.Serve(again)
	defer srv.Close()
	if status, _, c := ask(); status != 200 || c.Unrecorded {
		t.Errorf("after it is back: %d", status)
	}
	if !strings.Contains(log.String(), "answers again") {
		t.Errorf("its return is not told:\n%s", log.String())
	}
}

func TestConnectionsAreUpgraded(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, both, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := both.ReadString('\n')
		io.WriteString(conn, "you said "+line)
	}))
	defer srv.Close()
	_, at := front(t, srv.URL, "transcribe", describe.REST, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, "GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	io.WriteString(conn, "hello\n")
	if got, err := in.ReadString('\n'); got != "you said hello\n" {
		t.Errorf("%q, %v", got, err)
	}
}
