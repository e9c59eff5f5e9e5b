// Package awsconf turns profile, region and endpoint, from flags, files and
// the environment, into the SDK clients that every AWS command uses. It is
// the only package that reads AWS settings, and it calls no AWS service but
// STS, to learn whose account this is.
package awsconf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"trailctl/internal/awserr"
)

// Options are what the command line says; empty fields leave it to the
// environment and the shared configuration files, as in the AWS CLI.
type Options struct {
	Profile     string
	Region      string
	EndpointURL string // reaches every client
	// Credentials replace those of the environment and the files; nil leaves
	// them as they are.
	Credentials aws.CredentialsProvider
	// Debug is where requests are logged, without secrets, but with whatever
	// characters a server may send; nil for nowhere.
	Debug io.Writer
}

// SettingError is a setting that cannot be used as it stands.
type SettingError struct{ text string }

func (e *SettingError) Error() string { return e.text }

// IsRegion tells whether a text is in the form of a region's name.
func IsRegion(s string) bool { return regionPattern.MatchString(s) }

var regionPattern = regexp.MustCompile(`^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$`)

// ErrNoRegion says that no region was given in any way.
var ErrNoRegion = errors.New("no region is set")

// Config makes clients.
type Config struct {
	Region string

	aws      aws.Config
	endpoint string
}

// maxConnections lets as many fetch workers as anyone asks for keep their
// connections; the SDK's own transport keeps ten.
const maxConnections = 512

// maxAttempts of one call, with the SDK's exponential backoff between them,
// unless AWS_MAX_ATTEMPTS or the profile say otherwise.
const maxAttempts = 6

// retryer makes a retryer for each client; most is 0 where nobody set it.
func retryer(most int) func() aws.Retryer {
	return func() aws.Retryer {
		standard := retry.NewStandard(func(s *retry.StandardOptions) {
			// Many workers share one client: the token bucket would give up
			// on all of them because of one bad minute.
			s.RateLimiter = ratelimit.None
			s.Retryables = append([]retry.IsErrorRetryable{
				retry.IsErrorRetryableFunc(nobodyThere), retry.IsErrorRetryableFunc(outOfBounds), retry.IsErrorRetryableFunc(cut),
				retry.IsErrorRetryableFunc(nobodyBehind),
			}, s.Retryables...)
		})
		return retry.AddWithMaxAttempts(impatient{standard}, cmp.Or(most, maxAttempts))
	}
}

// cut asks again where an answer broke off in the middle. The SDK takes it for
// one that it does not understand.
func cut(err error) aws.Ternary {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// nobodyBehind ends the retries of a call that the sandbox could not pass on:
// the AWS behind it does not come back by itself.
func nobodyBehind(err error) aws.Ternary {
	if awserr.NobodyBehind(err) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// Whoever is silent for so long is asked again, but not as often as somebody
// who answers: the rest of the work waits.
const (
	silence        = 15 * time.Second
	silentAttempts = 3
)

// pageAttempts is how often a call is made to a server that answers with web
// pages. AWS may, once; what imitates AWS and lacks the call always will.
const pageAttempts = 2

// impatient is a retryer that gives up early on silence and on web pages.
type impatient struct{ aws.RetryerV2 }

func (r impatient) RetryDelay(attempt int, err error) (time.Duration, error) {
	var late net.Error
	if attempt >= silentAttempts && errors.As(err, &late) && late.Timeout() {
		return 0, err
	}
	if attempt >= pageAttempts && awserr.WebPage(err) && !onTheWay(err) {
		return 0, err
	}
	return r.RetryerV2.RetryDelay(attempt, err)
}

// onTheWay tells the errors of proxies and load balancers, whose own language
// is web pages, and which pass.
func onTheWay(err error) bool {
	var resp *awshttp.ResponseError
	return errors.As(err, &resp) && resp.HTTPStatusCode() > http.StatusNotImplemented
}

// AppID stands in the user agent of every call as app/trailctl, and so in the
// records of these calls, unless AWS_SDK_UA_APP_ID or the profile's
// sdk_ua_app_id name another.
const AppID = "trailctl"

// Load reads the settings.
func Load(ctx context.Context, o Options) (*Config, error) {
	if o.EndpointURL != "" {
		if err := CheckEndpoint(o.EndpointURL); err != nil {
			return nil, err
		}
	}
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns = maxConnections
		t.MaxIdleConnsPerHost = maxConnections
		t.ResponseHeaderTimeout = silence
	})
	load := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // what fails comes back as an error
		config.WithHTTPClient(client),
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.Credentials != nil {
		load = append(load, config.WithCredentialsProvider(o.Credentials))
	}
	if o.Debug != nil {
		load = append(load,
			// Headers without bodies, and of those what debugLogger lets through.
			config.WithClientLogMode(aws.LogRequest|aws.LogResponse|aws.LogRetries),
			config.WithLogger(debugLogger{o.Debug}))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("reading AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return nil, ErrNoRegion
	}
	if !IsRegion(cfg.Region) {
		return nil, &SettingError{fmt.Sprintf("%q is not the name of a region such as us-east-1", cfg.Region)}
	}
	cfg.Retryer = retryer(cfg.RetryMaxAttempts)
	cfg.AppID = cmp.Or(cfg.AppID, AppID)
	cfg.HTTPClient = bounded(cfg.HTTPClient, maxAnswer) // not before: AWS_CA_BUNDLE asks for the SDK's own
	c := &Config{Region: cfg.Region, aws: cfg, endpoint: o.EndpointURL}
	return c, c.checkEndpoints()
}

// checkEndpoints looks at those that the environment and the files name.
func (c *Config) checkEndpoints() error {
	for _, base := range []*string{
		c.S3("").Options().BaseEndpoint, c.CloudTrail("").Options().BaseEndpoint, c.STS("").Options().BaseEndpoint,
		c.SNS("").Options().BaseEndpoint, c.Logs("").Options().BaseEndpoint, c.IAM().Options().BaseEndpoint,
		c.KMS("").Options().BaseEndpoint, c.Organizations().Options().BaseEndpoint, c.CloudWatch("").Options().BaseEndpoint,
	} {
		if base == nil {
			continue
		}
		if err := CheckEndpoint(*base); err != nil {
			return err
		}
	}
	return nil
}

// nobodyThere ends the retries of a call to an address where nobody listens,
// or to a host that does not exist: a mistyped endpoint or region is told at
// once, not after half a minute.
func nobodyThere(err error) aws.Ternary {
	var name *net.DNSError
	if errors.Is(err, syscall.ECONNREFUSED) || (errors.As(err, &name) && name.IsNotFound) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// CheckEndpoint refuses what is no URL of a server. The error is a SettingError.
func CheckEndpoint(s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return &SettingError{fmt.Sprintf("the endpoint %q is not a URL such as http://127.0.0.1:4566", ShownEndpoint(s))}
	}
	return nil
}

// ShownEndpoint is an endpoint without its password, if it has one.
func ShownEndpoint(s string) string {
	if u, err := url.Parse(s); err == nil && u.Opaque == "" {
		return u.Redacted()
	}
	if i := strings.LastIndex(s, "@"); i >= 0 {
		return notShown + s[i:]
	}
	return s
}

// CloudTrail is a client for one region; "" means the configured one.
func (c *Config) CloudTrail(region string) *cloudtrail.Client {
	return cloudtrail.NewFromConfig(c.aws, func(o *cloudtrail.Options) {
		o.Region, o.BaseEndpoint = c.in(region), c.base(o.BaseEndpoint)
	})
}

// STS is a client for one region; "" means the configured one.
func (c *Config) STS(region string) *sts.Client {
	return sts.NewFromConfig(c.aws, func(o *sts.Options) {
		o.Region, o.BaseEndpoint = c.in(region), c.base(o.BaseEndpoint)
	})
}

// S3 is a client for one region; "" means the configured one. Buckets are
// named in the path when the endpoint is not AWS's own, because a local
// endpoint has no names for them.
func (c *Config) S3(region string) *s3.Client {
	return s3.NewFromConfig(c.aws, func(o *s3.Options) {
		o.Region, o.BaseEndpoint = c.in(region), c.base(o.BaseEndpoint)
		o.UsePathStyle = o.BaseEndpoint != nil && !awsOwn(*o.BaseEndpoint)
		o.DisableLogOutputChecksumValidationSkipped = true
	})
}

func (c *Config) in(region string) string {
	if region == "" {
		return c.Region
	}
	return region
}

// base lets --endpoint-url win over what the SDK found in the environment
// (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 and the like).
func (c *Config) base(found *string) *string {
	if c.endpoint != "" {
		return &c.endpoint
	}
	return found
}

// Agent is what the user agent of every call holds that c's clients make.
func (c *Config) Agent() string { return "app/" + c.aws.AppID }

// Local tells whether calls of a service go to this machine and not to AWS.
func (c *Config) Local() bool {
	base := c.S3("").Options().BaseEndpoint
	if base == nil {
		return false
	}
	u, err := url.Parse(*base)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

func awsOwn(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") ||
		strings.HasSuffix(host, ".amazonaws.eu")
}

// Identity is who the credentials belong to.
type Identity struct {
	Account   string
	ARN       string
	Partition string // "aws", "aws-cn", "aws-us-gov", ...
}

// Identity asks STS.
func (c *Config) Identity(ctx context.Context) (Identity, error) {
	out, err := c.STS("").GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, fmt.Errorf("asking STS whose credentials these are: %w", err)
	}
	id := Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), Partition: "aws"}
	if a, err := arn.Parse(id.ARN); err == nil {
		id.Partition = a.Partition
	}
	return id, nil
}

// Setting is one variable of the environment, for packages that must not read
// it themselves (NO_COLOR and the like).
func Setting(name string) (string, bool) { return os.LookupEnv(name) }
