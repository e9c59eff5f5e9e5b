package upstream

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// answering listens and gives each connection to answer.
func answering(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				answer(c)
			}()
		}
	}()
	return l.Addr().String()
}

// readLine waits for the caller's first line.
func readLine(c net.Conn) { bufio.NewReader(c).ReadString('\n') }

// An upstream that is called by the wrong one of http and https is told from
// one that is not there.
func TestAskWithTheWrongScheme(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	plain := httptest.NewServer(hello)
	defer plain.Close()
	secure := httptest.NewUnstartedServer(hello)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	cert := secure.TLS.Certificates[0]

	// As Python's servers, which end a connection that does not begin with TLS.
	abrupt := answering(t, func(c net.Conn) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
		if s.Handshake() == nil {
			readLine(s)
		}
	})
	// A server that answers nonsense to TLS, and HTTP to HTTP.
	nonsense := answering(t, func(c net.Conn) {
		b := make([]byte, 3)
		if io.ReadFull(c, b); string(b) != "GET" {
			io.WriteString(c, "hello, whoever you are\n")
			return
		}
		readLine(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	silent := answering(t, func(net.Conn) {})

	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	for _, tt := range []struct{ scheme, host, why, instead string }{
		{"https", host(plain), "it speaks http, not https", "http://" + host(plain)},
		{"https", nonsense, "it speaks http, not https", "http://" + nonsense},
		{"http", host(secure), "it speaks https, not http", "https://" + host(secure)},
		{"http", abrupt, "it speaks https, not http", "https://" + abrupt},
		{"https", host(secure), "its certificate is not trusted: x509: ", ""},
		{"http", silent, "", ""},
		{"https", silent, "", ""},
	} {
		_, err := Ask(t.Context(), &url.URL{Scheme: tt.scheme, Host: tt.host}, "", false)
		var e *SilentError
		if !errors.As(err, &e) || !strings.HasPrefix(e.Why, tt.why) || e.Instead != tt.instead || tt.why == "" && strings.Contains(e.Why, "speaks") {
			t.Errorf("%s://%s: %v, instead %+v", tt.scheme, tt.host, err, e)
		}
	}
}

func TestIsSandbox(t *testing.T) {
	for body, want := range map[string]bool{
		`{"version":1,"account":"123456789012","events":1,"mutating":{}}`: true,
		`{"version":1,"account":"me","mutating":{}}`:                      false,
		`{"version":1,"account":"123456789012"}`:                          false,
		`{"services":{}}`:                                                 false,
		`<Error><Code>NoSuchBucket</Code></Error>`:                        false,
		``: false,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/_sandbox/status" {
				http.NotFound(w, r)
				return
			}
			io.WriteString(w, body)
		}))
		u, err := url.Parse(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got := IsSandbox(t.Context(), u); got != want {
			t.Errorf("%s: %v", body, got)
		}
		srv.Close()
		if IsSandbox(t.Context(), u) {
			t.Error("a server that is gone is a sandbox")
		}
	}
}
