package bucket

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// seen is what a server saw of a request.
type seen struct {
	uri, host string
	header    http.Header
}

// TestDirectAsksAsTheSDKDid compares requests for one key: the first of a
// store goes through the SDK and the second does not.
func TestDirectAsksAsTheSDKDid(t *testing.T) {
	for _, key := range []string{
		"AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/a_b.json.gz", "a b+c%2Fd", "ü/日本", "a//b/../c", "?x=y&z#f", "'()*!~$@:;,",
	} {
		var got []seen
		var bad []string
		b := &S3{Name: "some.bucket", Client: client(t, func(w http.ResponseWriter, r *http.Request) {
			got = append(got, seen{r.RequestURI, r.Host, r.Header.Clone()})
			if err := signedWith(r, "b"); err != nil {
				bad = append(bad, err.Error())
			}
			w.Header().Set("X-Amz-Meta-Signature", "ab")
			w.Header().Set("Etag", `"5d41402abc4b2a76b9719d911017c592"`)
			w.Header().Set("X-Amz-Version-Id", "3HL4kqtJvjVBH40Nrjfkd")
			io.WriteString(w, "hello")
		})}
		var bodies [2]*Body
		for i := range bodies {
			body, err := b.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(body)
			if err != nil || string(text) != "hello" || !body.Verified() {
				t.Errorf("%s: %q, %v, verified %v", key, text, err, body.Verified())
			}
			body.Close()
			bodies[i] = body
		}
		if b.direct.learned.Load() == nil || got[1].header.Get("Amz-Sdk-Invocation-Id") != "" {
			t.Fatalf("%s: the second one went through the SDK, too", key)
		}
		if bad != nil {
			t.Errorf("%s: %s", key, bad)
		}
		if got[0].uri != got[1].uri || got[0].host != got[1].host {
			t.Errorf("%s: asked %s of %s, then %s of %s", key, got[0].uri, got[0].host, got[1].uri, got[1].host)
		}
		for _, s := range got {
			for _, name := range ofOneRequest {
				s.header.Del(name)
			}
		}
		if fmt.Sprint(got[0].header) != fmt.Sprint(got[1].header) {
			t.Errorf("%s: headers\n%v\n%v", key, got[0].header, got[1].header)
		}
		if bodies[0].Size != bodies[1].Size || bodies[0].MD5 != bodies[1].MD5 || !maps.Equal(bodies[0].Metadata, bodies[1].Metadata) {
			t.Errorf("%s: %+v and %+v", key, bodies[0], bodies[1])
		}
		for _, b := range bodies {
			if b.ETag != "5d41402abc4b2a76b9719d911017c592" || b.VersionID != "3HL4kqtJvjVBH40Nrjfkd" {
				t.Errorf("%s: ETag %q, version %q", key, b.ETag, b.VersionID)
			}
		}
	}
}

// signedWith computes a request's signature anew (AWS general reference,
// "Signature Version 4"), with S3's rule that the path is taken as it is.
func signedWith(r *http.Request, secret string) error {
	auth := r.Header.Get("Authorization")
	field := func(name string) string {
		_, rest, _ := strings.Cut(auth, name+"=")
		value, _, _ := strings.Cut(rest, ",")
		return value
	}
	credential := strings.Split(field("Credential"), "/")
	if len(credential) != 5 {
		return fmt.Errorf("Authorization %q", auth)
	}
	names := strings.Split(field("SignedHeaders"), ";")
	if !slices.Contains(names, "host") || !slices.Contains(names, "x-amz-date") {
		return fmt.Errorf("not signed: host or date, in %q", auth)
	}
	var headers strings.Builder
	for _, n := range names {
		value := r.Header.Get(n)
		if n == "host" {
			value = r.Host
		}
		fmt.Fprintf(&headers, "%s:%s\n", n, strings.Join(strings.Fields(value), " "))
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if values, err := url.ParseQuery(query); err == nil {
		query = values.Encode()
	}
	canonical := strings.Join([]string{r.Method, path, query, headers.String(), strings.Join(names, ";"), r.Header.Get("X-Amz-Content-Sha256")}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), strings.Join(credential[1:], "/"), hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range append(slices.Clone(credential[1:]), text) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	if got := field("Signature"); got != hex.EncodeToString(key) {
		return fmt.Errorf("signature %s does not fit:\n%s", got, canonical)
	}
	return nil
}

// TestDirectLeavesTroubleToTheSDK shows that whatever goes wrong with a
// request of ours is the SDK's to deal with, its words and its retries.
func TestDirectLeavesTroubleToTheSDK(t *testing.T) {
	for name, c := range map[string]struct {
		answers []int // after the first request, then 200
		want    error
		calls   int
	}{
		"missing":   {[]int{404, 404}, ErrNotFound, 3},
		"denied":    {[]int{403, 403}, ErrDenied, 3},
		"throttled": {[]int{503}, nil, 3},
		"cut":       {[]int{0}, nil, 3},
	} {
		calls := 0
		b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			status := http.StatusOK
			if n := calls - 2; n >= 0 && n < len(c.answers) {
				status = c.answers[n]
			}
			switch status {
			case 0:
				panic(http.ErrAbortHandler)
			case http.StatusOK:
				io.WriteString(w, "hello")
				return
			}
			w.WriteHeader(status)
			code := map[int]string{404: "NoSuchKey", 403: "AccessDenied", 503: "SlowDown"}[status]
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
		})}
		if _, err := b.Get(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		body, err := b.Get(t.Context(), "k")
		if c.want == nil && err == nil {
			text, readErr := io.ReadAll(body)
			if string(text) != "hello" || readErr != nil {
				t.Errorf("%s: %q, %v", name, text, readErr)
			}
		}
		if (c.want == nil) != (err == nil) || c.want != nil && !errors.Is(err, c.want) || calls != c.calls {
			t.Errorf("%s: %v after %d calls, want %v after %d", name, err, calls, c.want, c.calls)
		}
	}
}

func TestDirectGivesUp(t *testing.T) {
	calls := 0
	b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls > 1 {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Error><Code>RequestTimeTooSkewed</Code></Error>")
			return
		}
		io.WriteString(w, "hello")
	})}
	for range directFailures + 11 {
		b.Get(t.Context(), "k")
	}
	if want := 1 + 2*directFailures + 10; calls != want {
		t.Errorf("%d calls, want %d", calls, want)
	}
}

func TestDirectComparesChecksums(t *testing.T) {
	crc := func(s string) string {
		h := crc32.NewIEEE()
		h.Write([]byte(s))
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	for name, c := range map[string]struct {
		header, value string
		want          error
		verified      bool
	}{
		"none":          {"X-None", "1", nil, false},
		"right":         {"X-Amz-Checksum-Crc32", crc("hello"), nil, true},
		"wrong":         {"X-Amz-Checksum-Crc32", crc("hallo"), ErrChecksum, false},
		"of parts":      {"X-Amz-Checksum-Crc32", crc("hallo") + "-2", nil, false},
		"no checksum":   {"X-Amz-Checksum-Crc32", "!", nil, false},
		"a wrong MD5":   {"Etag", `"00000000000000000000000000000000"`, ErrChecksum, false},
		"of a KMS key":  {"X-Amz-Server-Side-Encryption", "aws:kms", nil, false},
		"64 bits right": {"X-Amz-Checksum-Crc64nvme", "M3eFcAZSQlc=", nil, true},
	} {
		calls := 0
		b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls > 1 {
				if c.header == "X-Amz-Server-Side-Encryption" {
					w.Header().Set("Etag", `"00000000000000000000000000000000"`)
				}
				w.Header().Set(c.header, c.value)
			}
			io.WriteString(w, "hello")
		})}
		if _, err := b.Get(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		body, err := b.Get(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(body)
		if !errors.Is(err, c.want) || body.Verified() != c.verified {
			t.Errorf("%s: %v, verified %v", name, err, body.Verified())
		}
	}
}

func TestCRC64NVME(t *testing.T) {
	// The check value of the catalogue of parametrised CRC algorithms.
	c := checksumOf(http.Header{"X-Amz-Checksum-Crc64nvme": {base64.StdEncoding.EncodeToString([]byte{0xae, 0x8b, 0x14, 0x86, 0x0a, 0x79, 0x98, 0x88})}}, "")
	io.WriteString(c, "123456789")
	if !c.right() {
		t.Errorf("%x", c.Sum(nil))
	}
}

// A body that is cut is taken up again, and the checksum is over all of it.
func TestDirectResumes(t *testing.T) {
	whole := bytes.Repeat([]byte("0123456789"), 1000)
	s := &cutter{body: whole, ranges: true}
	b := &S3{Name: "b", Patience: time.Second, Client: client(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amz-Checksum-Sha256", sha(whole))
		s.ServeHTTP(w, r)
	})}
	if _, err := b.Get(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	s.cuts = 2
	body, err := b.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(got, whole) || !body.Verified() {
		t.Errorf("%d bytes, %v, verified %v; requests %q", len(got), err, body.Verified(), s.served)
	}
}

func sha(raw []byte) string {
	sum := sha256.Sum256(raw)
	return base64.StdEncoding.EncodeToString(sum[:])
}
