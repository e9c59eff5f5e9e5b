package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/internal/term"
	"trailctl/logs"
)

// trouble answers for one object in some bad way. again counts the requests
// for it from 0.
type trouble func(f *files, w http.ResponseWriter, r *http.Request, body []byte, again int)

func TestDownloadFaults(t *testing.T) {
	half := func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
	}
	wrong := func(body []byte) []byte {
		changed := bytes.Clone(body)
		changed[len(changed)/2] ^= 1
		return changed
	}
	crc := func(w http.ResponseWriter, body []byte) {
		var sum [4]byte
		binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE(body))
		w.Header().Set("X-Amz-Checksum-Crc32", base64.StdEncoding.EncodeToString(sum[:]))
	}
	for _, c := range []struct {
		name   string
		answer trouble
		want   string // "" when it comes all the same
	}{
		{"busy once", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, again int) {
			if again == 0 {
				refuse(w, http.StatusServiceUnavailable, "SlowDown")
				return
			}
			f.get(w, r, body, body)
		}, ""},
		{"busy", func(_ *files, w http.ResponseWriter, _ *http.Request, _ []byte, _ int) {
			refuse(w, http.StatusServiceUnavailable, "SlowDown")
		}, "SlowDown"},
		{"refused", func(_ *files, w http.ResponseWriter, _ *http.Request, _ []byte, _ int) {
			refuse(w, http.StatusForbidden, "AccessDenied")
		}, "access denied"},
		{"archived", func(_ *files, w http.ResponseWriter, _ *http.Request, _ []byte, _ int) {
			refuse(w, http.StatusForbidden, "InvalidObjectState")
		}, "Glacier"},
		{"gone", func(_ *files, w http.ResponseWriter, _ *http.Request, _ []byte, _ int) {
			refuse(w, http.StatusNotFound, "NoSuchKey")
		}, "not found"},
		{"cut once", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, again int) {
			if again == 0 {
				half(w, body)
				panic(http.ErrAbortHandler)
			}
			f.get(w, r, body, body)
		}, ""},
		{"cut", func(_ *files, w http.ResponseWriter, _ *http.Request, body []byte, _ int) {
			half(w, body)
			panic(http.ErrAbortHandler)
		}, "connection broke after"},
		{"cut once, and then goes on with other bytes", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, again int) {
			if again%2 == 0 {
				crc(w, body)
				w.Header().Set("ETag", tagOf(body))
				half(w, body)
				panic(http.ErrAbortHandler)
			}
			changed := bytes.Clone(body)
			changed[len(changed)-1] ^= 1
			f.get(w, r, changed, body)
		}, "checksum"},
		{"stalls once", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, again int) {
			if again == 0 {
				half(w, body)
				<-r.Context().Done()
				return
			}
			f.get(w, r, body, body)
		}, ""},
		{"stalls", func(_ *files, w http.ResponseWriter, r *http.Request, body []byte, _ int) {
			half(w, body)
			<-r.Context().Done()
		}, "connection broke after"},
		{"wrong MD5 once", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, again int) {
			if again == 0 {
				f.get(w, r, wrong(body), body)
				return
			}
			f.get(w, r, body, body)
		}, ""},
		{"wrong MD5", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, _ int) {
			f.get(w, r, wrong(body), body)
		}, "checksum differs (MD5) (3 times)"},
		{"an ETag that is no MD5, of a KMS key", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, _ int) {
			w.Header().Set("X-Amz-Server-Side-Encryption", "aws:kms")
			f.get(w, r, body, []byte("something else"))
		}, ""},
		{"wrong CRC-32", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, _ int) {
			crc(w, body)
			f.get(w, r, wrong(body), body)
		}, "checksum differs"},
		{"right CRC-32", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, _ int) {
			crc(w, body)
			f.get(w, r, body, body)
		}, ""},
		{"shorter than it says in the listing", func(f *files, w http.ResponseWriter, r *http.Request, body []byte, _ int) {
			f.get(w, r, body[:10], body[:10])
		}, "when it was listed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := someFiles(20)
			bad := f.keys[7]
			var mu sync.Mutex
			asked := 0
			f.fault = func(w http.ResponseWriter, r *http.Request, key string) bool {
				if key != bad {
					return false
				}
				mu.Lock()
				again := asked
				asked++
				mu.Unlock()
				c.answer(f, w, r, f.objects[key], again)
				return true
			}
			cfg, err := awsconf.Load(t.Context(), awsconf.Options{Region: "us-east-1", EndpointURL: f.serve(t), Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})
			if err != nil {
				t.Fatal(err)
			}
			client := s3.New(cfg.S3("").Options(), func(o *s3.Options) {
				o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.MaxBackoff = 2, 10*time.Millisecond })
			})
			src := &bucket.S3{Client: client, Name: "logs", Patience: 100 * time.Millisecond}
			dest := t.TempDir()
			var named []string
			d := &logs.Download{Source: src, Dest: dest, Done: func(_ logs.Ledger, found logs.Found, err error) {
				if err != nil {
					named = append(named, err.Error())
				}
			}}
			ledger, err := d.Run(t.Context(), logs.Find(t.Context(), src, logs.Query{}))
			want := 20
			if c.want != "" {
				want = 19
			}
			if err != nil || !ledger.Balanced() || ledger.Fetched != want || ledger.Failed != 20-want {
				t.Errorf("%+v, %v; %q", ledger, err, named)
			}
			if n, others := f.compare(t, dest); n != want || len(others) > 0 {
				t.Errorf("%d files are there, and %q", n, others)
			}
			if c.want != "" && (len(named) != 1 || !strings.Contains(named[0], "s3://logs/"+bad) || !strings.Contains(named[0], c.want)) {
				t.Errorf("named %q, want %q", named, c.want)
			}
		})
	}
}

// One region cannot be listed: it is named, the other one is copied, and the
// exit code is 1.
func TestDownloadWithoutOneRegion(t *testing.T) {
	f := someFiles(20)
	f.fault = func(w http.ResponseWriter, r *http.Request, key string) bool {
		refused := key == "" && strings.Contains(r.URL.Query().Get("prefix"), "/eu-west-1/")
		if refused {
			refuse(w, http.StatusForbidden, "AccessDenied")
		}
		return refused
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	dest := t.TempDir()
	var out, messages bytes.Buffer
	code := Main(t.Context(), []string{"trailctl", "logs", "download", "s3://logs", "--dest", dest, "--no-digests", "--endpoint-url", f.serve(t)},
		term.Streams{In: strings.NewReader(""), Out: &out, Err: &messages})
	n, others := f.compare(t, dest)
	if code != 1 || n != 10 || len(others) > 0 || !strings.Contains(messages.String(), "CloudTrail/eu-west-1/") || !strings.Contains(out.String(), `"listsFailed": 1`) {
		t.Errorf("exit code %d, %d files and %q\n%s%s", code, n, others, out.String(), messages.String())
	}
}
