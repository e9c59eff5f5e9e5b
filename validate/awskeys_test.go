package validate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"

	"trailctl/bucket"
)

// pages answers ListPublicKeys one key at a time.
type pages struct {
	t      *testing.T
	region string
	from   time.Time
	left   int
}

func (p *pages) ListPublicKeys(_ context.Context, in *cloudtrail.ListPublicKeysInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.ListPublicKeysOutput, error) {
	if !in.StartTime.Equal(p.from) || !in.EndTime.Equal(p.from.Add(time.Hour)) {
		p.t.Errorf("asked for %v to %v", in.StartTime, in.EndTime)
	}
	if p.left == 0 {
		return nil, &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
	}
	p.left--
	out := &cloudtrail.ListPublicKeysOutput{PublicKeyList: []types.PublicKey{{Fingerprint: aws.String(fmt.Sprint(p.left)), Value: []byte{byte(p.left)}}}}
	if p.left > 0 {
		out.NextToken = aws.String(fmt.Sprint("after ", p.left))
	}
	return out, nil
}

func TestAWSKeysFollowsPages(t *testing.T) {
	t.Parallel()
	p := &pages{t: t, from: corpusStart, left: 3}
	keys := AWSKeys{Client: func(region string) KeyLister { p.region = region; return p }}
	got, err := keys.PublicKeys(context.Background(), "eu-west-1", p.from, p.from.Add(time.Hour))
	if err != nil || len(got) != 3 || got[2].Fingerprint != "0" || got[0].Region != "eu-west-1" || p.region != "eu-west-1" {
		t.Errorf("%+v, %v, region %s", got, err, p.region)
	}
	_, err = keys.PublicKeys(context.Background(), "eu-west-1", p.from, p.from.Add(time.Hour))
	if err == nil || reason(err) != "AccessDenied: no" {
		t.Errorf("%v", err)
	}
	p.left = 1 << 30
	if _, err = keys.PublicKeys(context.Background(), "eu-west-1", p.from, p.from.Add(time.Hour)); err == nil || !strings.Contains(err.Error(), "does not end") {
		t.Errorf("%v", err)
	}
}

// Keys that cannot be asked for are no tampering.
func TestKeysThatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 3)
	o := k.options()
	o.Keys = denied{}
	r := k.check(o)
	if r.Verdict != VerdictIncomplete || len(r.Findings) != 1 || r.Findings[0].Code != CodeNoKeys || !strings.Contains(r.Findings[0].Message, "eu-west-1: access denied") {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

type denied struct{}

func (denied) PublicKeys(context.Context, string, time.Time, time.Time) ([]PublicKey, error) {
	return nil, fmt.Errorf("asking: %w", bucket.ErrDenied)
}

func TestReason(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"access denied":          fmt.Errorf("reading x: %w: %w", bucket.ErrDenied, errors.New("long")),
		"ExpiredToken: old":      fmt.Errorf("reading x: %w", &smithy.GenericAPIError{Code: "ExpiredToken", Message: "old"}),
		"no answer: EOF":         fmt.Errorf("reading x: %w", &url.Error{Op: "Get", URL: "http://x", Err: io.EOF}),
		"larger than is checked": errTooLarge,
		"connection broke after 7 bytes: unexpected EOF": fmt.Errorf("reading s3://a/b: connection broke after 7 bytes: %w", io.ErrUnexpectedEOF),
		"archived: restore it from Glacier first":        fmt.Errorf("x: %w", bucket.ErrArchived),
		"plain": errors.New("plain"),
	} {
		if got := reason(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 1)
	for name, change := range map[string]func(*Options){
		"no store":    func(o *Options) { o.Open = nil },
		"no keys":     func(o *Options) { o.Keys = nil },
		"no clock":    func(o *Options) { o.Now = time.Time{} },
		"empty range": func(o *Options) { o.End = o.Start },
		"no bucket":   func(o *Options) { o.Bucket = "nowhere" },
	} {
		o := k.options()
		change(&o)
		if r, err := Check(context.Background(), o); err == nil || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}
