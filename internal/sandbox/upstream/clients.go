package upstream

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trailctl/internal/sandbox/cloudtrail"
)

// NeighbourOptions says where the services around CloudTrail are. Account and
// Region are used for what names none itself, such as a bucket.
type NeighbourOptions struct {
	URL     *url.URL
	Account string // twelve digits
	Region  string
	Log     *slog.Logger
	Now     func() time.Time // the time that policies are told; default the machine's
	Spell   *Spell           // what Forward knows of the upstream's silence; default one of its own
	Remote  bool             // URL may be another machine's
}

// Neighbours are the services of another local AWS, as CloudTrail asks them:
// through its own API, as the account that a thing belongs to. They read no
// environment and no configuration file.
func Neighbours(o NeighbourOptions) cloudtrail.Neighbours {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Spell == nil {
		o.Spell = NewSpell(o.URL.Host, o.Log)
	}
	c := &clients{NeighbourOptions: o, http: newHTTPClient(o.Spell, o.Remote), made: map[place]*set{}, refusing: map[string]bool{}}
	return cloudtrail.Neighbours{
		Bucket: bucket{c}, Topics: topics{c}, Groups: groups{c}, Roles: roles{c}, Keys: keys{c},
		Organizations: &accounts{clients: c, told: map[string]*membership{}},
	}
}

// questionTime is how long a question may take with all its repetitions, and
// how long a file may be on its way.
const (
	questionTime = 10 * time.Second
	putTime      = 20 * time.Second
)

// clients are the SDK's clients for each account and region.
type clients struct {
	NeighbourOptions
	http *http.Client

	mu       sync.Mutex
	made     map[place]*set
	refusing map[string]bool // log streams that did not take all events last
}

type place struct{ account, region string }

// set is one place's clients.
type set struct {
	s3            *s3.Client
	sns           *sns.Client
	logs          *cloudwatchlogs.Client
	iam           *iam.Client
	kms           *kms.Client
	organizations *organizations.Client
}

// in are the clients that act as an account in a region.
func (c *clients) in(account, region string) *set {
	if account == "" {
		account = c.Account
	}
	if region == "" {
		region = c.Region
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{account, region}
	if c.made[at] == nil {
		c.made[at] = c.make(at)
	}
	return c.made[at]
}

func (c *clients) make(at place) *set {
	cfg := aws.Config{
		Region: at.region, BaseEndpoint: aws.String(c.URL.String()), HTTPClient: c.http,
		// LocalStack takes a key id of twelve digits for the account.
		Credentials:                credentials.NewStaticCredentialsProvider(at.account, "cloudtrail", ""),
		Retryer:                    func() aws.Retryer { return newRetryer(retry.DefaultRetryables) },
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	return &set{
		s3:  s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }),
		sns: sns.NewFromConfig(cfg), logs: cloudwatchlogs.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg),
		kms: kms.NewFromConfig(cfg), organizations: organizations.NewFromConfig(cfg),
	}
}

func newRetryer(when []retry.IsErrorRetryable) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = 2, 50*time.Millisecond
		o.RateLimiter = ratelimit.None
		o.Retryables = when
	})
}

// newOnce repeats a call only when it has not reached anybody: one that would
// have its effect twice.
func newOnce() aws.Retryer {
	return newRetryer([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
		var failed *net.OpError
		return aws.BoolTernary(errors.As(err, &failed) && failed.Op == "dial")
	})})
}

// question bounds how long an answer is waited for.
func question(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, questionTime)
}
