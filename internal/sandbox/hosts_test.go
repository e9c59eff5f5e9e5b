package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestForeignPagesAreRefused(t *testing.T) {
	rows := []struct {
		host, header string
		want         bool
	}{
		{"127.0.0.1:4566", "", true},
		{"[::1]:4566", "", true},
		{"::1", "", true},
		{"192.0.2.7:80", "", true},
		{"localhost", "", true},
		{"LocalHost.:4566", "", true},
		{"bkt.s3.localhost:4566", "", true},
		{"my.bkt.s3.us-east-1.amazonaws.com", "", true},
		{"s3.cn-north-1.amazonaws.com.cn", "", true},
		{"bkt.127.0.0.1.nip.io:4566", "", true},
		{"bkt.s3.localhost.localstack.cloud:4566", "", true},
		{"", "", false},
		{"evil.com", "", false},
		{"evil.com:4566", "", false},
		{"localhost.evil.com", "", false},
		{"evillocalhost", "", false},
		{"evilamazonaws.com", "", false},
		{"bkt.127.0.0.1.evil.com", "", false},
		{"bkt.s3.evil.com", "", false},
		{"127.0.0.1:4566:1", "", false},
		{"127.0.0.1", "Origin: http://127.0.0.1:3000", true},
		{"127.0.0.1", "Origin: http://[::1]:3000", true},
		{"127.0.0.1", "Origin: https://app.localhost", true},
		{"127.0.0.1", "Origin: http://evil.com", false},
		{"127.0.0.1", "Origin: http://192.0.2.7", false},
		{"127.0.0.1", "Origin: http://bkt.s3.amazonaws.com", false},
		{"127.0.0.1", "Origin: null", false},
		{"127.0.0.1", "Origin: ", false},
		{"127.0.0.1", "Origin: http://%", false},
		{"127.0.0.1", "Sec-Fetch-Site: cross-site", false},
		{"127.0.0.1", "Sec-Fetch-Site: same-site", true},
		{"127.0.0.1", "Sec-Fetch-Site: none", true},
	}
	strict, open := newTest(t, Options{}), newTest(t, Options{AllowRemote: true})
	for _, row := range rows {
		for _, path := range []string{"/_sandbox/status", "/"} {
			r := httptest.NewRequest("GET", path, nil)
			r.Host = row.host
			if name, value, ok := strings.Cut(row.header, ": "); ok {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			strict.ServeHTTP(w, r.Clone(t.Context()))
			refused := w.Code == http.StatusForbidden && strings.HasPrefix(w.Body.String(), "the sandbox refuses ")
			if refused == row.want {
				t.Errorf("%q %q %s: HTTP %d %s", row.host, row.header, path, w.Code, w.Body)
			}
			w = httptest.NewRecorder()
			open.ServeHTTP(w, r)
			if strings.HasPrefix(w.Body.String(), "the sandbox refuses ") {
				t.Errorf("%q %q %s is refused although anybody may call", row.host, row.header, path)
			}
		}
	}
}

// A call that is refused has changed and recorded nothing.
func TestRefusedCallsDoNothing(t *testing.T) {
	s := newTest(t, Options{})
	r := httptest.NewRequest("PUT", "/evil-bucket?X-Amz-Credential=root/20260101/us-east-1/s3/aws4_request", nil)
	r.Host = "127.0.0.1:4566"
	r.Header.Set("Origin", "http://evil.com")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if st := s.Status(); w.Code != http.StatusForbidden || st.Calls != 0 || len(st.Mutating) != 0 {
		t.Errorf("HTTP %d, then %+v", w.Code, st)
	}
}
