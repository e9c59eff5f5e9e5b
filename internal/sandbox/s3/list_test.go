package s3

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func (f *front) fill(keys ...string) {
	f.t.Helper()
	f.must("PUT", "/bkt", "")
	for _, k := range keys {
		if err := f.s.Put("bkt", k, []byte("x"), "", "", nil); err != nil {
			f.t.Fatal(err)
		}
	}
}

// listAll pages through a listing; common prefixes stand among the keys.
func (f *front) listAll(v2 bool, prefix, delimiter, after string, size int32) []string {
	f.t.Helper()
	c := f.client("us-east-1")
	var got []string
	var token *string
	for range 10000 {
		var keys, prefixes []string
		var more bool
		if v2 {
			in := &s3.ListObjectsV2Input{Bucket: aws.String("bkt"), Prefix: &prefix, Delimiter: &delimiter, StartAfter: &after, MaxKeys: &size, ContinuationToken: token}
			out, err := c.ListObjectsV2(ctx, in)
			if err != nil {
				f.t.Fatal(err)
			}
			for _, o := range out.Contents {
				keys = append(keys, *o.Key)
			}
			for _, p := range out.CommonPrefixes {
				prefixes = append(prefixes, *p.Prefix)
			}
			if int(*out.KeyCount) != len(keys)+len(prefixes) {
				f.t.Errorf("KeyCount %d for %d and %d", *out.KeyCount, len(keys), len(prefixes))
			}
			more, token = *out.IsTruncated, out.NextContinuationToken
		} else {
			in := &s3.ListObjectsInput{Bucket: aws.String("bkt"), Prefix: &prefix, Delimiter: &delimiter, Marker: &after, MaxKeys: &size}
			if token != nil {
				in.Marker = token
			}
			out, err := c.ListObjects(ctx, in)
			if err != nil {
				f.t.Fatal(err)
			}
			for _, o := range out.Contents {
				keys = append(keys, *o.Key)
			}
			for _, p := range out.CommonPrefixes {
				prefixes = append(prefixes, *p.Prefix)
			}
			more, token = *out.IsTruncated, out.NextMarker
			if more && delimiter == "" {
				if token != nil {
					f.t.Errorf("NextMarker %q without a delimiter", *token)
				}
				token = &keys[len(keys)-1]
			}
		}
		if n := len(keys) + len(prefixes); n > int(size) {
			f.t.Errorf("%d on a page of %d", n, size)
		}
		page := append(keys, prefixes...)
		slices.Sort(page)
		got = append(got, page...)
		if !more {
			return got
		}
	}
	f.t.Fatal("the listing has no end")
	return nil
}

// plainListing is the definition of a listing, without any index.
func plainListing(keys []string, prefix, delimiter, after string) []string {
	var out []string
	slices.Sort(keys)
	for _, k := range keys {
		rest, ok := strings.CutPrefix(k, prefix)
		if !ok || k <= after {
			continue
		}
		if i := strings.Index(rest, delimiter); delimiter != "" && i >= 0 {
			k = prefix + rest[:i+len(delimiter)]
			if k == after {
				continue
			}
		}
		if len(out) == 0 || out[len(out)-1] != k {
			out = append(out, k)
		}
	}
	return out
}

func TestListings(t *testing.T) {
	f := newFront(t, "")
	keys := []string{"a", "a/", "a/b", "a/b/c", "a0", "a b", "b//c", "b/x", "é", "z&<>'\"", "zz+%/k", "𝒳/y", "c1", "c/"}
	f.fill(keys...)
	for _, v2 := range []bool{false, true} {
		for _, prefix := range []string{"", "a", "a/", "b/", "z", "none"} {
			for _, delimiter := range []string{"", "/", "b", "//"} {
				for _, after := range []string{"", "a/", "a/b", "c"} {
					want := plainListing(keys, prefix, delimiter, after)
					for _, size := range []int32{2, 1000} {
						got := f.listAll(v2, prefix, delimiter, after, size)
						if !slices.Equal(got, want) {
							t.Errorf("v2 %t prefix %q delimiter %q after %q, %d at a time: %q, want %q", v2, prefix, delimiter, after, size, got, want)
						}
					}
				}
			}
		}
	}
}

func TestListingDetails(t *testing.T) {
	f := newFront(t, "")
	f.fill("a b/ü+", "k", "k2")
	get := func(query string) sent { return sent{method: "GET", path: "/bkt?" + query} }
	f.run([]row{
		{"url encoding", get("encoding-type=url&prefix=a"), 200, "", []string{"<Key>a%20b/%C3%BC%2B</Key>", "<EncodingType>url</EncodingType>"}},
		{"url encoding, prefixes", get("encoding-type=url&delimiter=%2F"), 200, "", []string{"<Prefix>a%20b/</Prefix>", "<Delimiter>/</Delimiter>"}},
		{"version 1 has owners", get("prefix=k2"), 200, "", []string{"<Owner><ID>", "<Marker></Marker>", "<StorageClass>STANDARD</StorageClass>", "<Size>1</Size>"}},
		{"version 2, owner asked for", get("list-type=2&fetch-owner=true&prefix=k2"), 200, "", []string{"<Owner><ID>", "<KeyCount>1</KeyCount>"}},
		{"nothing at a time", get("list-type=2&max-keys=0"), 200, "", []string{"<KeyCount>0</KeyCount>", "<IsTruncated>false</IsTruncated>"}},
		{"more than S3 gives", get("max-keys=5000"), 200, "", []string{"<MaxKeys>1000</MaxKeys>"}},
		{"max-keys", get("max-keys=-1"), 400, "InvalidArgument", nil},
		{"max-keys no number", get("max-keys=x"), 400, "InvalidArgument", []string{"<ArgumentName>max-keys</ArgumentName>"}},
		{"encoding", get("encoding-type=rot13"), 400, "InvalidArgument", nil},
		{"list type", get("list-type=3"), 400, "InvalidArgument", nil},
		{"token", get("list-type=2&continuation-token=%21%21"), 400, "InvalidArgument", nil},
		{"empty token", get("list-type=2&continuation-token="), 400, "InvalidArgument", nil},
	})
	if a := f.send(get("list-type=2")); strings.Contains(a.body, "Owner") || strings.Contains(a.body, "Marker") {
		t.Errorf("version 2 has what is of version 1: %s", a.body)
	}
}

func TestIndexAgainstAMap(t *testing.T) {
	var x index
	have := map[string]bool{}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		key := fmt.Sprintf("%04x", rng.IntN(6000))
		if rng.IntN(3) == 0 {
			x.remove(key)
			delete(have, key)
			continue
		}
		x.add(key).versions = []*version{{Key: key}}
		have[key] = true
	}
	var got []string
	for e := x.ceil(""); e != nil; e = x.ceil(e.key + "\x00") {
		got = append(got, e.key)
	}
	if want := slices.Sorted(maps.Keys(have)); !slices.Equal(got, want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
	for _, c := range x.chunks {
		if len(c) == 0 || len(c) > maxChunk {
			t.Errorf("a chunk of %d", len(c))
		}
	}
	for key := range have {
		x.remove(key)
	}
	if !x.empty() || x.ceil("") != nil || x.get("0000") != nil {
		t.Error("an index without keys is not empty")
	}
}

func BenchmarkListPage(b *testing.B) {
	s, err := New(Options{Account: account})
	if err != nil {
		b.Fatal(err)
	}
	bk := newBucket("bkt")
	s.buckets["bkt"] = bk
	for i := range 100_000 {
		if err := s.Put("bkt", fmt.Sprintf("AWSLogs/%d/CloudTrail/%07d", i%50, i*7919%100_000), nil, "", "", nil); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if p := bk.list(listing{prefix: "AWSLogs/25/", limit: 1000}); len(p.objects) != 1000 {
			b.Fatal(len(p.objects))
		}
		if p := bk.list(listing{prefix: "AWSLogs/", delimiter: "/", limit: 1000}); len(p.prefixes) != 50 {
			b.Fatal(len(p.prefixes))
		}
	}
}

func TestKeysSurviveTheURL(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	for _, key := range []string{"a//b", "../up", "./here", "a/../b", "/lead", "trail/", "q?x=1", "h#x", "%2F", "+", "ü", "a&b", ".."} {
		path := "/bkt/" + strings.ReplaceAll(url.PathEscape(key), "%2F", "/")
		if key == "%2F" {
			path = "/bkt/%252F"
		}
		f.must("PUT", path, key)
		body, _, err := f.s.Get("bkt", key)
		if err != nil || string(body) != key {
			t.Errorf("%q: %q, %v", key, body, err)
		}
	}
}
