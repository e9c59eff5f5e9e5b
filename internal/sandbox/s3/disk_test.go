package s3

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStateIsReloaded(t *testing.T) {
	dir := t.TempDir()
	f := newFront(t, dir)
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt?policy", policyOf(`{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/denied"}`))
	f.must("PUT", "/bkt/plain", "zero", "Content-Type: text/x", "x-amz-meta-a: b", "x-amz-tagging: t=1")
	f.must("PUT", "/bkt/replaced", "old")
	f.must("PUT", "/bkt/replaced", "new")
	f.must("PUT", "/bkt/gone", "x")
	f.must("DELETE", "/bkt/gone", "")
	f.must("PUT", "/bkt/..%2F..%2Fetc/passwd%00", "odd")
	f.versioning("Enabled")
	one := f.must("PUT", "/bkt/plain", "one").header.Get("x-amz-version-id")
	f.must("DELETE", "/bkt/plain", "")
	f.must("PUT", "/bkt/plain?tagging&versionId="+one, document("Tagging", "<TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet>"))
	f.must("PUT", "/bkt/denied", "x")
	f.must("PUT", "/other", "")
	f.must("DELETE", "/other", "")
	f.startUpload("unfinished")

	list := func(f *front) any {
		out, err := f.client("us-east-1").ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String("bkt")})
		if err != nil {
			t.Fatal(err)
		}
		return []any{out.Versions, out.DeleteMarkers}
	}
	g := newFront(t, dir)
	if was, is := list(f), list(g); !reflect.DeepEqual(was, is) {
		t.Errorf("versions were %+v, are %+v", was, is)
	}
	g.run([]row{
		{"attributes", sent{method: "GET", path: "/bkt/plain?versionId=null"}, 200, "", []string{"zero", "> Content-Type: text/x", "> x-amz-meta-a: b", "> x-amz-tagging-count: 1"}},
		{"tags", sent{method: "GET", path: "/bkt/plain?tagging&versionId=" + one}, 200, "", []string{"<Value>v</Value>"}},
		{"delete marker", sent{method: "GET", path: "/bkt/plain"}, 404, "NoSuchKey", nil},
		{"replaced", sent{method: "GET", path: "/bkt/replaced"}, 200, "", []string{"new"}},
		{"odd key", sent{method: "GET", path: "/bkt/..%2F..%2Fetc/passwd%00"}, 200, "", []string{"odd"}},
		{"policy", sent{method: "GET", path: "/bkt/denied"}, 403, "AccessDenied", nil},
		{"deleted bucket", sent{method: "GET", path: "/other"}, 404, "NoSuchBucket", nil},
		{"newest after a restart", sent{method: "PUT", path: "/bkt/plain", body: "two"}, 200, "", nil},
		{"is the newest", sent{method: "GET", path: "/bkt/plain"}, 200, "", []string{"two"}},
	})
	for _, name := range files(t, dir) {
		if strings.Contains(name, "passwd") || strings.Contains(name, filepath.Join(dir, "tmp")) {
			t.Errorf("file %s", name)
		}
	}
}

func TestWhatACrashLeavesIsCleared(t *testing.T) {
	dir := t.TempDir()
	f := newFront(t, dir)
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "old")
	kept := files(t, dir)
	body := func() string {
		for _, name := range files(t, dir) {
			if strings.HasSuffix(name, ".body") {
				return name
			}
		}
		t.Fatal("no body")
		return ""
	}()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "tmp", "99"), "half an upload")
	write(strings.TrimSuffix(body, "1.body")+"2.body", "renamed, not yet described")
	write(filepath.Join(dir, "buckets", "half", "objects", "aa", "aa"+strings.Repeat("0", 30)+"-0000000000000001.json"), "a bucket being deleted")
	g := newFront(t, dir)
	if got := files(t, dir); !reflect.DeepEqual(got, kept) {
		t.Errorf("files %v, want %v", got, kept)
	}
	if got, _, err := g.s.Get("bkt", "k"); err != nil || string(got) != "old" {
		t.Errorf("%q, %v", got, err)
	}
}

// What nobody has stored through S3 stays, whatever the folder looks like.
func TestForeignFilesAreKept(t *testing.T) {
	rows := []struct{ name, target string }{
		{"tmp/notes", ""}, {"tmp/7/notes", ""}, {"tmp/7", "../../victim"},
		{"tmp", "../victim"}, {"buckets", "../victim"}, {"tmp", "buckets"},
		{"buckets/notes", ""}, {"buckets/mydata/file", ""}, {"buckets/mydata/objects/aa/x.body", ""}, {"buckets/mydata/objects", "../../tmp"},
		{"buckets/mydata", "../../victim"}, {"buckets/mydata", "bkt"},
		{"buckets/bkt/file", ""}, {"buckets/bkt/objects/aa/x.body", ""}, {"buckets/bkt/objects/aa", "../../../tmp"},
		{"buckets/bkt/objects/aa/" + strings.Repeat("a", 32) + "-0000000000000001.body/file", ""},
	}
	for _, row := range rows {
		dir := filepath.Join(t.TempDir(), "s3")
		f := newFront(t, dir)
		f.must("PUT", "/bkt", "")
		file := filepath.Join(dir, filepath.FromSlash(row.name))
		victim := filepath.Join(dir, "..", "victim", "data")
		err := errors.Join(os.MkdirAll(filepath.Dir(victim), 0o700), os.WriteFile(victim, []byte("precious"), 0o600))
		if row.target == "" {
			err = errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("precious"), 0o600))
		} else {
			err = errors.Join(err, os.RemoveAll(file), os.MkdirAll(filepath.Dir(file), 0o700), os.Symlink(row.target, file))
		}
		if err != nil {
			t.Fatal(err)
		}
		kept := files(t, filepath.Dir(dir))
		if _, err := New(Options{Dir: dir, Account: account}); err == nil {
			t.Errorf("%s -> %q: taken", row.name, row.target)
		}
		if got := files(t, filepath.Dir(dir)); !reflect.DeepEqual(got, kept) {
			t.Errorf("%s -> %q: files %v, want %v", row.name, row.target, got, kept)
		}
	}
}

// A bucket whose folder somebody put a file into cannot be deleted.
func TestDeletedBucketKeepsForeignFiles(t *testing.T) {
	dir := t.TempDir()
	f := newFront(t, dir)
	f.must("PUT", "/bkt", "")
	if err := os.WriteFile(filepath.Join(dir, "buckets", "bkt", "notes"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := files(t, dir)
	f.run([]row{{"delete", sent{method: "DELETE", path: "/bkt"}, 500, "InternalError", nil}})
	if got := files(t, dir); !reflect.DeepEqual(got, kept) {
		t.Errorf("files %v, want %v", got, kept)
	}
}

func TestBucketsNamedAsFilesAre(t *testing.T) {
	dir := t.TempDir()
	f := newFront(t, dir)
	for _, name := range []string{"logs.json", "logs.body", "bucket.json", "objects"} {
		f.must("PUT", "/"+name, "")
		f.must("PUT", "/"+name+"/k", name)
	}
	g := newFront(t, dir)
	for _, name := range []string{"logs.json", "logs.body", "bucket.json", "objects"} {
		if got, _, err := g.s.Get(name, "k"); err != nil || string(got) != name {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		g.must("DELETE", "/"+name+"/k", "")
		g.must("DELETE", "/"+name, "")
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func TestBrokenStateIsRefused(t *testing.T) {
	rows := map[string]func(body, json string) error{
		"no body":        func(body, _ string) error { return os.Remove(body) },
		"no JSON":        func(_, json string) error { return os.WriteFile(json, []byte("{"), 0o600) },
		"another object": func(_, json string) error { return os.WriteFile(json, []byte(`{"key":"../../x"}`), 0o600) },
	}
	for name, spoil := range rows {
		dir := t.TempDir()
		f := newFront(t, dir)
		f.must("PUT", "/bkt", "")
		f.must("PUT", "/bkt/k", "x")
		var body, json string
		for _, file := range files(t, dir) {
			switch {
			case strings.HasSuffix(file, ".body"):
				body = file
			case strings.Contains(file, "objects"):
				json = file
			}
		}
		if err := spoil(body, json); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Options{Dir: dir, Account: account}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestAbandonedBodiesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	f := newFront(t, dir)
	f.must("PUT", "/bkt", "")
	id := f.startUpload("k")
	f.must("PUT", "/bkt/k?partNumber=1&uploadId="+id, "one")
	f.must("PUT", "/bkt/k?partNumber=1&uploadId="+id, "two")
	f.must("DELETE", "/bkt/k?uploadId="+id, "")
	f.send(sent{method: "PUT", path: "/bkt/k", body: "x", headers: []string{contentMD5("y")}})
	f.send(sent{method: "PUT", path: "/bkt/k", body: "x", headers: []string{"If-Match: 1"}})
	if left := files(t, filepath.Join(dir, "tmp")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}
