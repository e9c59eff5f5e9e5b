package s3

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const versioningDocument = `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>%s</Status></VersioningConfiguration>`

func (f *front) versioning(status string) {
	f.t.Helper()
	f.must("PUT", "/bkt?versioning", fmt.Sprintf(versioningDocument, status))
}

func TestVersions(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	if id := f.must("PUT", "/bkt/k", "zero").header.Get("x-amz-version-id"); id != "" {
		t.Errorf("version %q without versioning", id)
	}
	f.versioning("Enabled")
	one := f.must("PUT", "/bkt/k", "one").header.Get("x-amz-version-id")
	two := f.must("PUT", "/bkt/k", "two").header.Get("x-amz-version-id")
	if len(one) != 32 || one == two {
		t.Errorf("versions %q, %q", one, two)
	}
	marker := f.must("DELETE", "/bkt/k", "").header
	gone := marker.Get("x-amz-version-id")
	if marker.Get("x-amz-delete-marker") != "true" || gone == "" {
		t.Errorf("delete: %v", marker)
	}
	get := func(id string) sent { return sent{method: "GET", path: "/bkt/k?versionId=" + id} }
	f.run([]row{
		{"behind a delete marker", sent{method: "GET", path: "/bkt/k"}, 404, "NoSuchKey", []string{"> x-amz-delete-marker: true", "> x-amz-version-id: " + gone}},
		{"one", get(one), 200, "", []string{"one", "> x-amz-version-id: " + one}},
		{"two", get(two), 200, "", []string{"two"}},
		{"null", get("null"), 200, "", []string{"zero", "> x-amz-version-id: null"}},
		{"the marker itself", get(gone), 405, "MethodNotAllowed", []string{"> x-amz-delete-marker: true", "> Allow: DELETE"}},
		{"unknown", get(strings.Repeat("x", 32)), 404, "NoSuchVersion", nil},
		{"not a version", get("nope"), 400, "InvalidArgument", nil},
		{"delete unknown", sent{method: "DELETE", path: "/bkt/k?versionId=" + strings.Repeat("x", 32)}, 204, "", nil},
		{"copy of an old one", sent{method: "PUT", path: "/bkt/c", headers: []string{"x-amz-copy-source: bkt/k?versionId=" + one}}, 200, "", []string{"> x-amz-copy-source-version-id: " + one}},
		{"delete the marker", sent{method: "DELETE", path: "/bkt/k?versionId=" + gone}, 204, "", []string{"> x-amz-delete-marker: true", "> x-amz-version-id: " + gone}},
		{"two is back", sent{method: "GET", path: "/bkt/k"}, 200, "", []string{"two"}},
		{"delete two", sent{method: "DELETE", path: "/bkt/k?versionId=" + two}, 204, "", []string{"> x-amz-version-id: " + two}},
		{"one is the newest", sent{method: "GET", path: "/bkt/k"}, 200, "", []string{"one"}},
		{"delete what never was", sent{method: "DELETE", path: "/bkt/k?versionId=nope"}, 400, "InvalidArgument", nil},
	})
	if body, _, _ := f.s.Get("bkt", "c"); string(body) != "one" {
		t.Errorf("the copy holds %q", body)
	}
}

func TestSuspendedVersioningReplacesTheNullVersion(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "zero")
	f.versioning("Enabled")
	f.must("PUT", "/bkt/k", "one")
	f.versioning("Suspended")
	if id := f.must("PUT", "/bkt/k", "null again").header.Get("x-amz-version-id"); id != "null" {
		t.Errorf("version %q", id)
	}
	list := func() string {
		out, err := f.client("us-east-1").ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String("bkt")})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range out.Versions {
			got = append(got, fmt.Sprintf("%d:%t", *v.Size, *v.IsLatest))
		}
		for _, m := range out.DeleteMarkers {
			got = append(got, fmt.Sprintf("marker %s:%t", *m.VersionId, *m.IsLatest))
		}
		return strings.Join(got, " ")
	}
	if got := list(); got != "10:true 3:false" {
		t.Errorf("versions %s", got)
	}
	f.must("DELETE", "/bkt/k", "")
	if got := list(); got != "3:false marker null:true" {
		t.Errorf("after the deletion: %s", got)
	}
}

func TestListVersionsPages(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.versioning("Enabled")
	var want []string
	for _, key := range []string{"a", "d/x", "d/y", "z"} {
		for i := range 3 {
			f.must("PUT", "/bkt/"+key, strings.Repeat("x", i))
		}
		want = append(want, key+"2", key+"1", key+"0")
	}
	f.must("DELETE", "/bkt/z", "")
	want = append(want[:9], append([]string{"z!"}, want[9:]...)...)
	for _, size := range []int32{1, 2, 5, 100} {
		in := &s3.ListObjectVersionsInput{Bucket: aws.String("bkt"), MaxKeys: aws.Int32(size)}
		var got []string
		for pages := s3.NewListObjectVersionsPaginator(f.client("us-east-1"), in); pages.HasMorePages(); {
			p, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range p.DeleteMarkers { // the SDK gives them apart
				got = append(got, *m.Key+"!")
			}
			for _, v := range p.Versions {
				got = append(got, fmt.Sprint(*v.Key, *v.Size))
			}
		}
		if size < 100 && strings.Join(got, " ") != strings.Join(want, " ") && size == 1 {
			t.Errorf("%d at a time: %v, want %v", size, got, want)
		}
		if len(got) != len(want) {
			t.Errorf("%d at a time: %d versions, want %d", size, len(got), len(want))
		}
	}
	out, err := f.client("us-east-1").ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String("bkt"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(4)})
	if err != nil || len(out.Versions) != 3 || len(out.CommonPrefixes) != 1 || !*out.IsTruncated || *out.NextKeyMarker != "d/" {
		t.Errorf("%+v, %v", out, err)
	}
	out, err = f.client("us-east-1").ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String("bkt"), Delimiter: aws.String("/"), KeyMarker: out.NextKeyMarker})
	if err != nil || len(out.Versions) != 3 || len(out.DeleteMarkers) != 1 || len(out.CommonPrefixes) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	f.run([]row{{"version marker alone", sent{method: "GET", path: "/bkt?versions&version-id-marker=x"}, 400, "InvalidArgument", nil}})
}

func TestDeleteObjects(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	c := f.client("us-east-1")
	for _, k := range []string{"a", "b", "c"} {
		put(t, c, "bkt", k, k)
	}
	ids := func(keys ...string) *types.Delete {
		d := &types.Delete{}
		for _, k := range keys {
			d.Objects = append(d.Objects, types.ObjectIdentifier{Key: aws.String(k)})
		}
		return d
	}
	out, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String("bkt"), Delete: ids("a", "nope")})
	if err != nil || len(out.Deleted) != 2 || len(out.Errors) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	f.must("PUT", "/bkt?policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::bkt/b"}]}`)
	quiet := ids("b", "c")
	quiet.Quiet = aws.Bool(true)
	out, err = c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String("bkt"), Delete: quiet})
	if err != nil || len(out.Deleted) != 0 || len(out.Errors) != 1 || *out.Errors[0].Code != "AccessDenied" || *out.Errors[0].Key != "b" {
		t.Errorf("%+v, %v", out, err)
	}
	body := "<Delete><Object><Key>c</Key></Object></Delete>"
	f.run([]row{
		{"no checksum", sent{method: "POST", path: "/bkt?delete", body: body}, 400, "InvalidRequest", nil},
		{"wrong checksum", sent{method: "POST", path: "/bkt?delete", body: body, headers: []string{contentMD5("x")}}, 400, "BadDigest", nil},
		{"nothing to delete", sent{method: "POST", path: "/bkt?delete", body: "<Delete/>", headers: []string{contentMD5("<Delete/>")}}, 400, "MalformedXML", nil},
		{"no XML", sent{method: "POST", path: "/bkt?delete", body: "x", headers: []string{contentMD5("x")}}, 400, "MalformedXML", nil},
	})
}
