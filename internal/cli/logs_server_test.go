package cli

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// files is a server of one bucket in memory, as far as a download needs one.
type files struct {
	objects map[string][]byte
	keys    []string
	// fault, when set, may answer in the place of the server: a listing has
	// no key. It is called from many requests at the same time.
	fault func(w http.ResponseWriter, r *http.Request, key string) bool
}

const listPage = 200

// someFiles makes n log files of many sizes in two regions over some days, of
// bytes that are always the same.
func someFiles(n int) *files {
	random := rand.New(rand.NewPCG(1, 2))
	f := &files{objects: map[string][]byte{}}
	for i := range n {
		region := []string{"eu-west-1", "us-east-1"}[i%2]
		at := time.Date(2026, 1, 1+i%5, i/5%24, i%60, 0, 0, time.UTC)
		body := make([]byte, min(200+int(random.ExpFloat64()*8000), 300_000))
		for j := range body {
			body[j] = byte(random.Uint32())
		}
		key := fmt.Sprintf("AWSLogs/123456789012/CloudTrail/%s/%s/123456789012_CloudTrail_%s_%s_%016d.json.gz",
			region, at.Format("2006/01/02"), region, at.Format("20060102T1504Z"), i)
		f.objects[key] = body
		f.keys = append(f.keys, key)
	}
	slices.Sort(f.keys)
	return f
}

func (f *files) serve(t *testing.T) string {
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return srv.URL
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if f.fault != nil && f.fault(w, r, key) {
		return
	}
	body, ok := f.objects[key]
	switch {
	case key == "" && r.Method == http.MethodGet:
		f.list(w, r)
	case key == "":
		w.Header().Set("X-Amz-Bucket-Region", "us-east-1")
	case !ok:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		f.get(w, r, body, body)
	}
}

func tagOf(body []byte) string {
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>because</Message></Error>", code)
}

// get sends a body, or what of it is asked for, with the MD5 of want.
func (f *files) get(w http.ResponseWriter, r *http.Request, body, want []byte) {
	w.Header().Set("ETag", tagOf(want))
	status, from := http.StatusOK, 0
	if n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")); err == nil {
		from, status = n, http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(body)-1, len(body)))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)-from))
	w.WriteHeader(status)
	w.Write(body[from:])
}

func (f *files) list(w http.ResponseWriter, r *http.Request) {
	type content struct {
		Key, LastModified, ETag string
		Size                    int
	}
	type prefix struct{ Prefix string }
	var answer struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []content
		CommonPrefixes        []prefix
	}
	q := r.URL.Query()
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	for _, k := range f.keys {
		rest, ok := strings.CutPrefix(k, q.Get("prefix"))
		if !ok || k <= after {
			continue
		}
		if name, _, deeper := strings.Cut(rest, "/"); deeper && q.Get("delimiter") == "/" {
			p := prefix{q.Get("prefix") + name + "/"}
			if !slices.Contains(answer.CommonPrefixes, p) {
				answer.CommonPrefixes = append(answer.CommonPrefixes, p)
			}
			continue
		}
		if len(answer.Contents) == listPage {
			answer.IsTruncated, answer.NextContinuationToken = true, answer.Contents[listPage-1].Key
			break
		}
		answer.Contents = append(answer.Contents, content{k, "2026-01-10T00:00:00.000Z", tagOf(f.objects[k]), len(f.objects[k])})
	}
	xml.NewEncoder(w).Encode(answer)
}
