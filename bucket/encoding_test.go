package bucket

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// lister answers ListObjectsV2 in pages of two names. One that knows the
// URL's encoding writes names in it when it is asked to; one that does not
// writes references to characters, which XML does not have for all of them.
type lister struct {
	keys, folders []string
	encodes       bool
}

func (l lister) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	names := l.keys
	if q.Get("delimiter") != "" {
		names = l.folders
	}
	names = slices.Sorted(slices.Values(names)) // as S3 lists them
	encode := func(s string) string {
		var b strings.Builder
		xml.EscapeText(&b, []byte(s))
		return strings.NewReplacer("\x1b", "&#x1b;").Replace(b.String())
	}
	var answer strings.Builder
	if l.encodes && q.Get("encoding-type") == "url" {
		answer.WriteString("<EncodingType>url</EncodingType>")
		encode = func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }
	}
	from := 0
	fmt.Sscanf(q.Get("continuation-token"), "%d", &from)
	for _, name := range names[from:min(from+2, len(names))] {
		if q.Get("delimiter") != "" {
			fmt.Fprintf(&answer, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", encode(name))
		} else {
			fmt.Fprintf(&answer, "<Contents><Key>%s</Key><Size>1</Size></Contents>", encode(name))
		}
	}
	if from+2 < len(names) {
		fmt.Fprintf(&answer, "<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>", from+2)
	}
	fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", &answer)
}

func TestListOddNames(t *testing.T) {
	odd := []string{"p/a b", "p/a+b", "p/a%2Fb", "p/100%", "p/<&>\"'", "p/\u00fc\u202e", "p/z"}
	folders := []string{"p/a b/", "p/a+b/", "p/%41/", "p/<&>/", "p/ü/"}
	for _, c := range []struct {
		name    string
		server  lister
		keys    []string
		folders []string
	}{
		{"a server that encodes", lister{append([]string{"p/\x1b[2J", "p/\x01"}, odd...), append([]string{"p/\x1b/"}, folders...), true},
			append([]string{"p/\x1b[2J", "p/\x01"}, odd...), []string{"\x1b", "a b", "a+b", "%41", "<&>", "ü"}},
		{"one that does not", lister{odd, folders, false}, odd, []string{"a b", "a+b", "%41", "<&>", "ü"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &S3{Client: client(t, c.server.ServeHTTP), Name: "b"}
			var keys []string
			for o, err := range b.List(t.Context(), "p/", "") {
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, o.Key)
			}
			slices.Sort(c.keys)
			slices.Sort(c.folders)
			if !slices.Equal(keys, c.keys) {
				t.Errorf("got the keys %q, want %q", keys, c.keys)
			}
			names, err := b.Folders(t.Context(), "p/")
			if err != nil || !slices.Equal(names, c.folders) {
				t.Errorf("got the folders %q, %v, want %q", names, err, c.folders)
			}
		})
	}
}
