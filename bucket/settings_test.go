package bucket

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// placed answers HeadBucket and GetBucketLocation as S3 does for one bucket.
type placed struct {
	exists   bool
	owner    string
	readable bool   // for those who do not name an owner
	region   string // as the header says; empty for servers that say nothing
	location string // as GetBucketLocation says
}

func refused(status int, code, region string) error {
	h := http.Header{}
	if region != "" {
		h.Set("x-amz-bucket-region", region)
	}
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: h}},
		Err:      &smithy.GenericAPIError{Code: code},
	}
}

func (h placed) HeadBucket(_ context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	switch {
	case !h.exists:
		return nil, refused(404, "NotFound", "")
	case !h.readable, in.ExpectedBucketOwner != nil && *in.ExpectedBucketOwner != h.owner:
		return nil, refused(403, "Forbidden", h.region)
	}
	return &s3.HeadBucketOutput{BucketRegion: aws.String(h.region)}, nil
}

func (h placed) GetBucketLocation(context.Context, *s3.GetBucketLocationInput, ...func(*s3.Options)) (*s3.GetBucketLocationOutput, error) {
	return &s3.GetBucketLocationOutput{LocationConstraint: types.BucketLocationConstraint(h.location)}, nil
}

func TestLocate(t *testing.T) {
	const me = "111122223333"
	tests := map[string]struct {
		bucket placed
		want   Place
	}{
		"missing":             {placed{}, Place{Owner: Nobody}},
		"ours":                {placed{exists: true, owner: me, readable: true, region: "eu-west-1"}, Place{Account, "eu-west-1"}},
		"another account's":   {placed{exists: true, owner: "4", region: "eu-west-1"}, Place{Other, "eu-west-1"}},
		"a trap, readable":    {placed{exists: true, owner: "4", readable: true, region: "eu-west-1"}, Place{Other, "eu-west-1"}},
		"no header":           {placed{exists: true, owner: me, readable: true, location: "eu-central-1"}, Place{Account, "eu-central-1"}},
		"no header, Virginia": {placed{exists: true, owner: me, readable: true}, Place{Account, "us-east-1"}},
		"no header, old name": {placed{exists: true, owner: me, readable: true, location: "EU"}, Place{Account, "eu-west-1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Locate(t.Context(), func(string) Locator { return tt.bucket }, "logs", me)
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

// settingsServer answers each read with one error.
type settingsServer struct{ block, owner, encryption error }

func (s settingsServer) GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error) {
	on := aws.Bool(true)
	return &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
		BlockPublicAcls: on, IgnorePublicAcls: on, BlockPublicPolicy: on, RestrictPublicBuckets: on,
	}}, s.block
}

func (s settingsServer) GetBucketOwnershipControls(context.Context, *s3.GetBucketOwnershipControlsInput, ...func(*s3.Options)) (*s3.GetBucketOwnershipControlsOutput, error) {
	return &s3.GetBucketOwnershipControlsOutput{OwnershipControls: &types.OwnershipControls{
		Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}},
	}}, s.owner
}

func (s settingsServer) GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: "aws:kms"}}},
	}}, s.encryption
}

func TestReadSettings(t *testing.T) {
	code := func(c string) error { return &smithy.GenericAPIError{Code: c} }
	got, err := ReadSettings(t.Context(), settingsServer{}, "logs", "1")
	if err != nil || !got.PublicAccess.All() || got.Ownership != OwnerEnforced || got.Encryption != "aws:kms" || len(got.Unread) != 0 {
		t.Errorf("all set: %+v, %v", got, err)
	}
	got, err = ReadSettings(t.Context(), settingsServer{
		code("NoSuchPublicAccessBlockConfiguration"), code("OwnershipControlsNotFoundError"), code("ServerSideEncryptionConfigurationNotFoundError"),
	}, "logs", "1")
	if err != nil || got.PublicAccess != nil || got.Ownership != "" || got.Encryption != "" || len(got.Unread) != 0 {
		t.Errorf("none set: %+v, %v", got, err)
	}
	got, err = ReadSettings(t.Context(), settingsServer{block: code("AccessDenied"), encryption: code("NotImplemented")}, "logs", "1")
	if err != nil || got.Unread[PublicAccessSetting] == nil || got.Unread[EncryptionSetting] == nil || got.Ownership != OwnerEnforced {
		t.Errorf("not allowed: %+v, %v", got, err)
	}
	if _, err = ReadSettings(t.Context(), settingsServer{owner: code("InternalError")}, "logs", "1"); err == nil {
		t.Error("an internal error was taken for an answer")
	}
	if _, err = ReadSettings(t.Context(), settingsServer{owner: code("NoSuchBucket")}, "logs", "1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a missing bucket: %v", err)
	}
}

// creator remembers the configuration of the bucket it was asked for.
type creator struct {
	SettingsWriter
	in  *s3.CreateBucketInput
	err error
}

func (c *creator) CreateBucket(_ context.Context, in *s3.CreateBucketInput, _ ...func(*s3.Options)) (*s3.CreateBucketOutput, error) {
	c.in = in
	return &s3.CreateBucketOutput{}, c.err
}

func TestCreate(t *testing.T) {
	tests := []struct {
		region, constraint string
		err                error
		fails              bool
	}{
		{region: "us-east-1"},
		{region: "eu-west-1", constraint: "eu-west-1"},
		{region: "eu-west-1", constraint: "eu-west-1", err: &smithy.GenericAPIError{Code: "BucketAlreadyOwnedByYou"}},
		{region: "eu-west-1", constraint: "eu-west-1", err: &smithy.GenericAPIError{Code: "BucketAlreadyExists"}, fails: true},
	}
	for _, tt := range tests {
		c := &creator{err: tt.err}
		if err := Create(t.Context(), c, "logs", tt.region); (err != nil) != tt.fails {
			t.Errorf("%s: %v", tt.region, err)
		}
		got := ""
		if c.in.CreateBucketConfiguration != nil {
			got = string(c.in.CreateBucketConfiguration.LocationConstraint)
		}
		if got != tt.constraint || c.in.ObjectOwnership != types.ObjectOwnershipBucketOwnerEnforced {
			t.Errorf("%s: constraint %q, ownership %s", tt.region, got, c.in.ObjectOwnership)
		}
	}
}

// The SDK's own client reads an answer to HEAD, which has no body, by its
// status and headers.
func TestLocateOverHTTP(t *testing.T) {
	const me = "111122223333"
	answers := map[string]struct {
		owned, any int // status with and without an expected owner
		want       Place
	}{
		"ours":     {200, 200, Place{Account, "eu-west-1"}},
		"trap":     {403, 200, Place{Other, "eu-west-1"}},
		"closed":   {403, 403, Place{Other, "eu-west-1"}},
		"absent":   {404, 404, Place{Owner: Nobody}},
		"redirect": {200, 301, Place{Account, "eu-west-1"}},
	}
	for name, tt := range answers {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				status := tt.any
				if r.Header.Get("x-amz-expected-bucket-owner") == me {
					status = tt.owned
				}
				if status != http.StatusNotFound {
					w.Header().Set("x-amz-bucket-region", "eu-west-1")
				}
				w.WriteHeader(status)
			}))
			defer srv.Close()
			clients := func(region string) Locator {
				return s3.New(s3.Options{
					Region: cmp.Or(region, "us-east-1"), BaseEndpoint: &srv.URL, UsePathStyle: true, RetryMaxAttempts: 1,
					Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
				})
			}
			if got, err := Locate(t.Context(), clients, "logs", me); err != nil || got != tt.want {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}
