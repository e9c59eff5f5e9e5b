package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bucketName is the one bucket that the loopback S3 has.
const bucketName = "bench-trail-logs"

// store serves a folder from memory as a bucket, with a pause before each
// answer. It knows HEAD, GET and ListObjects of both versions, and no
// signatures. Beside that it answers what a validation asks CloudTrail.
type store struct {
	objects map[string]object
	keys    []string
	pause   time.Duration
	public  []byte // what ListPublicKeys answers
}

type object struct {
	body []byte
	etag string
	meta map[string]string
}

func loadStore(dir string, pause time.Duration) (*store, error) {
	s := &store{objects: map[string]object{}, pause: pause}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		key := filepath.ToSlash(name)
		switch {
		case err != nil || strings.HasSuffix(key, metadataSuffix):
			return err
		case key == keyFile:
			s.public, err = publicKeys(body)
			return err
		}
		sum := md5.Sum(body)
		o := object{body: body, etag: `"` + hex.EncodeToString(sum[:]) + `"`}
		if raw, err := os.ReadFile(path + metadataSuffix); err == nil {
			if err := json.Unmarshal(raw, &o.meta); err != nil {
				return err
			}
		}
		s.objects[key] = o
		s.keys = append(s.keys, key)
		return nil
	})
	slices.Sort(s.keys)
	return s, err
}

// served starts a loopback S3 over a folder as a process of its own. In this
// one it would be counted to each program that is measured: the peak memory of
// a process begins with that of the one that started it.
func served(ctx context.Context, dir string, pause time.Duration) (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	c := command(ctx, nil, self, "serve", dir, pause.String())
	in, err := c.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := c.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { in.Close(); _ = c.Wait() }
	if url, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		stop()
		return "", nil, fmt.Errorf("the loopback S3 did not start: %w", err)
	}
	return strings.TrimSpace(url), stop, nil
}

// serve is the other process. It says where it listens and answers until its
// standard input ends.
func serve(dir, pause string) error {
	wait, err := time.ParseDuration(pause)
	if err != nil {
		return err
	}
	s, err := loadStore(dir, wait)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s}
	go server.Serve(l)
	fmt.Println("http://" + l.Addr().String())
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, server.Close())
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.pause)
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		s.cloudTrail(w, target)
		return
	}
	w.Header().Set("x-amz-bucket-region", home)
	switch o, ok := s.objects[key]; {
	case name == "" && r.Method == http.MethodGet:
		xmlAnswer(w, struct {
			XMLName xml.Name `xml:"ListAllMyBucketsResult"`
			Names   []string `xml:"Buckets>Bucket>Name"`
		}{Names: []string{bucketName}})
	case name != bucketName:
		w.WriteHeader(http.StatusNotFound)
	case key == "" && r.Method == http.MethodHead:
	case key == "" && r.URL.Query().Has("location"):
		xmlAnswer(w, struct {
			XMLName xml.Name `xml:"LocationConstraint"`
		}{})
	case key == "":
		s.list(w, r)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		xmlAnswer(w, struct {
			XMLName xml.Name `xml:"Error"`
			Code    string
		}{Code: "NoSuchKey"})
	default:
		h := w.Header()
		h.Set("ETag", o.etag)
		h.Set("Last-Modified", modified.Format(http.TimeFormat))
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(o.body)))
		for name, value := range o.meta {
			h["x-amz-meta-"+name] = []string{value} // in lower case, as S3 does
		}
		if r.Method != http.MethodHead {
			w.Write(o.body)
		}
	}
}

var modified = firstDay.AddDate(0, 0, 4)

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name, Prefix          string
	KeyCount, MaxKeys     int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []content
	CommonPrefixes        []common
}

type content struct {
	Key, LastModified, ETag string
	Size                    int
	StorageClass            string
}

type common struct{ Prefix string }

func (s *store) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	prefix, delimiter, after := q.Get("prefix"), q.Get("delimiter"), q.Get("start-after")
	if token := cmp.Or(q.Get("continuation-token"), q.Get("marker")); token != "" {
		after = token
	}
	most := 1000
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil && n > 0 {
		most = min(most, n)
	}
	out := listing{Name: bucketName, Prefix: prefix, MaxKeys: most}
	i, _ := slices.BinarySearch(s.keys, max(prefix, after))
	for last := after; i < len(s.keys) && strings.HasPrefix(s.keys[i], prefix); {
		key := s.keys[i]
		if key <= after || delimiter != "" && strings.HasSuffix(after, delimiter) && strings.HasPrefix(key, after) {
			i++
			continue
		}
		if out.KeyCount == most {
			out.IsTruncated, out.NextContinuationToken = true, last
			break
		}
		out.KeyCount++
		if n := strings.Index(key[len(prefix):], delimiter); delimiter != "" && n >= 0 {
			last = key[:len(prefix)+n+len(delimiter)]
			out.CommonPrefixes = append(out.CommonPrefixes, common{last})
			i, _ = slices.BinarySearch(s.keys, last+"\xff")
			continue
		}
		last = key
		o := s.objects[key]
		out.Contents = append(out.Contents, content{key, modified.Format("2006-01-02T15:04:05.000Z"), o.etag, len(o.body), "STANDARD"})
		i++
	}
	xmlAnswer(w, out)
}

func xmlAnswer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/xml")
	raw, err := xml.Marshal(v)
	if err == nil {
		w.Write(append([]byte(xml.Header), raw...))
	}
}
