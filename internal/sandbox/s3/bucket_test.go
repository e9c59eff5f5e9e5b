package s3

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const constraintDocument = `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>`

func TestCreateBucket(t *testing.T) {
	f := newFront(t, "")
	in := func(region string) string { return fmt.Sprintf(constraintDocument, region) }
	create := func(name, constraint, signed string) sent {
		q := sent{method: "PUT", path: "/" + name, region: signed}
		if constraint != "" {
			q.body = in(constraint)
		}
		return q
	}
	f.run([]row{
		{"us-east-1", create("one", "", "us-east-1"), 200, "", []string{"> Location: /one"}},
		{"again in us-east-1", create("one", "", "us-east-1"), 200, "", nil},
		{"elsewhere from us-east-1", create("two", "eu-west-1", "us-east-1"), 200, "", nil},
		{"elsewhere in its region", create("three", "eu-west-1", "eu-west-1"), 200, "", nil},
		{"again elsewhere", create("three", "eu-west-1", "eu-west-1"), 409, "BucketAlreadyOwnedByYou", nil},
		{"own name in another region", create("two", "", "us-east-1"), 409, "BucketAlreadyOwnedByYou", nil},
		{"no constraint outside us-east-1", create("four", "", "eu-west-1"), 400, "IllegalLocationConstraintException", nil},
		{"constraint of another region", create("four", "us-west-2", "eu-west-1"), 400, "IllegalLocationConstraintException", nil},
		{"constraint us-east-1", create("four", "us-east-1", "us-east-1"), 400, "InvalidLocationConstraint", nil},
		{"constraint that is no region", create("four", "mars", "us-east-1"), 400, "InvalidLocationConstraint", nil},
		{"a region of the European sovereign cloud", create("five-eusc", "eusc-de-east-1", "eusc-de-east-1"), 200, "", nil},
		{"broken document", sent{method: "PUT", path: "/four", body: "<Create"}, 400, "MalformedXML", nil},
		{"other document", sent{method: "PUT", path: "/four", body: "<Other/>"}, 400, "MalformedXML", nil},
		{"anonymous", sent{method: "PUT", path: "/four", as: "-"}, 403, "AccessDenied", nil},
		{"another account", sent{method: "PUT", path: "/four", as: "OTHER"}, 403, "AccessDenied", nil},
		{"public from the start", sent{method: "PUT", path: "/four", headers: []string{"x-amz-acl: public-read"}}, 400, "InvalidBucketAclWithObjectOwnership", nil},
		{"object lock", sent{method: "PUT", path: "/four", headers: []string{"x-amz-bucket-object-lock-enabled: true"}}, 501, "NotServedBySandbox.s3.CreateBucketWithObjectLock", nil},
		{"not there", sent{method: "GET", path: "/nope"}, 404, "NoSuchBucket", []string{"<BucketName>nope</BucketName>"}},
	})
	if region, ok := f.s.BucketRegion("two"); region != "eu-west-1" || !ok {
		t.Errorf("BucketRegion = %q, %t", region, ok)
	}
	if _, ok := f.s.BucketRegion("four"); ok {
		t.Error("a refused bucket exists")
	}
}

func TestBucketNames(t *testing.T) {
	valid := []string{"abc", "a-b.c", "1bucket", strings.Repeat("a", 63)}
	invalid := []string{"ab", strings.Repeat("a", 64), "Abc", "a_b", "-ab", "ab-", "a..b", "192.168.5.4", "xn--a", "sthree-a", "a-s3alias", "a--ol-s3", ".ab", "ab."}
	for _, name := range valid {
		if !validBucketName(name) {
			t.Errorf("%s is refused", name)
		}
	}
	for _, name := range invalid {
		if validBucketName(name) {
			t.Errorf("%s is taken", name)
		}
	}
	f := newFront(t, "")
	f.run([]row{{"over HTTP", sent{method: "PUT", path: "/A_b"}, 400, "InvalidBucketName", nil}})
}

func TestOtherRegion(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/there", fmt.Sprintf(constraintDocument, "eu-west-1"))
	f.run([]row{
		{"list", sent{method: "GET", path: "/there"}, 301, "PermanentRedirect",
			[]string{"> x-amz-bucket-region: eu-west-1", "<Region>eu-west-1</Region>", "<Endpoint>there.s3.eu-west-1.amazonaws.com</Endpoint>"}},
		{"head", sent{method: "HEAD", path: "/there"}, 301, "", []string{"> x-amz-bucket-region: eu-west-1"}},
		{"head object", sent{method: "HEAD", path: "/there/k"}, 301, "", []string{"> x-amz-bucket-region: eu-west-1"}},
		{"location from anywhere", sent{method: "GET", path: "/there?location"}, 200, "", []string{">eu-west-1</LocationConstraint>"}},
		{"its own region", sent{method: "HEAD", path: "/there", region: "eu-west-1"}, 200, "", []string{"> x-amz-bucket-region: eu-west-1"}},
		{"unsigned", sent{method: "HEAD", path: "/there", as: "-"}, 403, "", []string{"> x-amz-bucket-region: eu-west-1"}},
	})
}

func TestSDKSeesTheOtherRegion(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/there", fmt.Sprintf(constraintDocument, "eu-west-1"))
	c := f.client("us-east-1")
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("there"), Key: aws.String("k")})
	wantCode(t, err, "PermanentRedirect")
	_, err = c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("there")})
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) || resp.Response.Header.Get("x-amz-bucket-region") != "eu-west-1" {
		t.Errorf("HeadBucket: %v", err)
	}
}

func TestLocationOfUsEast1IsEmpty(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/here", "")
	out, err := f.client("us-east-1").GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("here")})
	if err != nil || out.LocationConstraint != "" {
		t.Errorf("%v, %v", out, err)
	}
}

func TestDeleteBucket(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/gone", "")
	f.must("PUT", "/gone/k", "x")
	f.run([]row{{"not empty", sent{method: "DELETE", path: "/gone"}, 409, "BucketNotEmpty", nil}})
	f.must("DELETE", "/gone/k", "")
	f.run([]row{
		{"empty", sent{method: "DELETE", path: "/gone"}, 204, "", nil},
		{"again", sent{method: "DELETE", path: "/gone"}, 404, "NoSuchBucket", nil},
	})
	if err := f.s.Put("gone", "k", nil, "", "", nil); err == nil {
		t.Error("an object went into a bucket that is gone")
	}
}

func TestListBuckets(t *testing.T) {
	f := newFront(t, "")
	for _, name := range []string{"bb2", "aa1", "bb1"} {
		f.must("PUT", "/"+name, "")
	}
	c := f.client("us-east-1")
	var names []string
	pages := s3.NewListBucketsPaginator(c, &s3.ListBucketsInput{MaxBuckets: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page.Buckets {
			names = append(names, *b.Name)
		}
	}
	if got := strings.Join(names, " "); got != "aa1 bb1 bb2" {
		t.Errorf("buckets %s", got)
	}
	out, err := c.ListBuckets(ctx, &s3.ListBucketsInput{Prefix: aws.String("bb")})
	if err != nil || len(out.Buckets) != 2 || *out.Buckets[0].BucketRegion != "us-east-1" {
		t.Errorf("%v, %v", out, err)
	}
	if out, err = c.ListBuckets(ctx, nil); err != nil || len(out.Buckets) != 3 || out.Buckets[0].BucketRegion != nil {
		t.Errorf("regions without a parameter: %v, %v", out, err)
	}
	f.run([]row{
		{"nobody", sent{method: "GET", path: "/", as: "-"}, 403, "AccessDenied", nil},
		{"none at a time", sent{method: "GET", path: "/?max-buckets=0"}, 400, "InvalidArgument", nil},
		{"token of nobody's", sent{method: "GET", path: "/?continuation-token=%21"}, 400, "InvalidArgument", nil},
	})
}

func TestVirtualHosts(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1:4566": "", "localhost:4566": "", "[::1]:4566": "", "s3.us-east-1.amazonaws.com": "", "s3.localhost:4566": "",
		"example.test:80": "", "b.s3.us-east-1.amazonaws.com": "b", "my.b.s3.localhost:4566": "my.b", "b.localhost:4566": "b",
		"b.s3.localhost.localstack.cloud:4566": "b", "b.127.0.0.1.nip.io": "b", "b.s3-eu-west-1.amazonaws.com": "b",
	} {
		if got := hostBucket(host); got != want {
			t.Errorf("%s: bucket %q, want %q", host, got, want)
		}
	}
	f := newFront(t, "")
	f.must("PUT", "/", "", "Host: bkt.localhost:4566")
	f.must("PUT", "/dir/k", "x", "Host: bkt.s3.localhost:4566")
	if body, _, err := f.s.Get("bkt", "dir/k"); err != nil || string(body) != "x" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestNotServed(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	rows := []struct{ method, path, name string }{
		{"GET", "/bkt?cors", "GetBucketCors"},
		{"GET", "/bkt?object-lock", "GetBucketObjectLockConfiguration"},
		{"GET", "/bkt?accelerate", "GetAccelerateConfiguration"},
		{"PUT", "/bkt/k?acl", "PutObjectAcl"},
		{"GET", "/bkt/k?legal-hold", "GetObjectLegalHold"},
		{"POST", "/bkt/k?restore", "RestoreObject"},
		{"GET", "/bkt?something-new", "GetBucketSomethingNew"},
		{"POST", "/bkt", "PostBucket"},
		{"OPTIONS", "/bkt/k", "OptionsObject"},
	}
	for _, row := range rows {
		a := f.send(sent{method: row.method, path: row.path})
		if a.status != 501 || a.code() != "NotServedBySandbox.s3."+row.name {
			t.Errorf("%s %s: %d %s", row.method, row.path, a.status, a.body)
		}
		if c := f.recorded(); c.Error == nil || c.Operation != row.name || c.Error.Status != 501 {
			t.Errorf("%s %s: recorded as %s, %v", row.method, row.path, c.Operation, c.Error)
		}
	}
}

func TestExpectedOwner(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	c := f.client("us-east-1")
	_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bkt"), ExpectedBucketOwner: aws.String("999988887777")})
	wantCode(t, err, "AccessDenied")
	_, err = c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bkt"), ExpectedBucketOwner: aws.String(account)})
	if err != nil {
		t.Error(err)
	}
}

func TestNewBucketIsClosed(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	c, b := f.client("us-east-1"), aws.String("bkt")
	pab, err := c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})
	if err != nil || !*pab.PublicAccessBlockConfiguration.BlockPublicAcls || !*pab.PublicAccessBlockConfiguration.IgnorePublicAcls ||
		!*pab.PublicAccessBlockConfiguration.BlockPublicPolicy || !*pab.PublicAccessBlockConfiguration.RestrictPublicBuckets {
		t.Errorf("public access block: %v, %v", pab, err)
	}
	own, err := c.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b})
	if err != nil || own.OwnershipControls.Rules[0].ObjectOwnership != types.ObjectOwnershipBucketOwnerEnforced {
		t.Errorf("ownership: %v, %v", own, err)
	}
	enc, err := c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b})
	if err != nil || enc.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "AES256" {
		t.Errorf("encryption: %v, %v", enc, err)
	}
}
