package awsconf

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// environment replaces every AWS setting by those given.
func environment(t *testing.T, set map[string]string) {
	t.Helper()
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	for k, v := range set {
		t.Setenv(k, v)
	}
}

func TestEndpoints(t *testing.T) {
	const (
		flag  = "http://127.0.0.1:1"
		all   = "http://127.0.0.1:2"
		only3 = "http://127.0.0.1:3"
	)
	for _, c := range []struct {
		name           string
		env            map[string]string
		flag           string
		s3, cloudtrail string
		pathStyle      bool
	}{
		{"AWS itself", nil, "", "", "", false},
		{"the flag reaches every client", nil, flag, flag, flag, true},
		{"the environment reaches every client", map[string]string{"AWS_ENDPOINT_URL": all}, "", all, all, true},
		{"one service's variable reaches that service", map[string]string{"AWS_ENDPOINT_URL_S3": only3}, "", only3, "", true},
		{"one service's variable wins over the general one", map[string]string{"AWS_ENDPOINT_URL": all, "AWS_ENDPOINT_URL_S3": only3}, "", only3, all, true},
		{"the flag wins over both", map[string]string{"AWS_ENDPOINT_URL": all, "AWS_ENDPOINT_URL_S3": only3}, flag, flag, flag, true},
		{"an endpoint of AWS's own keeps host names", map[string]string{"AWS_ENDPOINT_URL_S3": "https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com"}, "",
			"https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			environment(t, c.env)
			cfg, err := Load(t.Context(), Options{Region: "us-east-1", EndpointURL: c.flag})
			if err != nil {
				t.Fatal(err)
			}
			if got := aws.ToString(cfg.S3("").Options().BaseEndpoint); got != c.s3 {
				t.Errorf("S3 is at %q, want %q", got, c.s3)
			}
			if got := aws.ToString(cfg.CloudTrail("").Options().BaseEndpoint); got != c.cloudtrail {
				t.Errorf("CloudTrail is at %q, want %q", got, c.cloudtrail)
			}
			if got := cfg.S3("").Options().UsePathStyle; got != c.pathStyle {
				t.Errorf("path style is %v, want %v", got, c.pathStyle)
			}
		})
	}
}

func TestRegions(t *testing.T) {
	environment(t, nil)
	if _, err := Load(t.Context(), Options{}); !errors.Is(err, ErrNoRegion) {
		t.Errorf("without a region: %v", err)
	}
	t.Setenv("AWS_REGION", "eu-west-1")
	cfg, err := Load(t.Context(), Options{})
	if err != nil || cfg.Region != "eu-west-1" {
		t.Errorf("from the environment: %+v, %v", cfg, err)
	}
	cfg, err = Load(t.Context(), Options{Region: "us-west-2"})
	if err != nil || cfg.Region != "us-west-2" {
		t.Errorf("from the flag: %+v, %v", cfg, err)
	}
	if r := cfg.CloudTrail("ap-south-1").Options().Region; r != "ap-south-1" {
		t.Errorf("a client for another region calls %s", r)
	}
	for _, bad := range []string{"mars", "US-EAST-1", "us-east", "us-east-1/../x"} {
		var setting *SettingError
		if _, err := Load(t.Context(), Options{Region: bad}); !errors.As(err, &setting) {
			t.Errorf("region %q: %v", bad, err)
		}
	}
	for _, bad := range []string{"127.0.0.1:4566", "ftp://x", "http://", "%"} {
		if _, err := Load(t.Context(), Options{Region: "us-east-1", EndpointURL: bad}); err == nil {
			t.Errorf("endpoint %q is taken", bad)
		}
	}
}

// The program's name stands in the user agent of each call, and a name of the
// user's own in its place.
func TestUserAgent(t *testing.T) {
	for _, c := range []struct{ set, want string }{{"", "app/trailctl"}, {"nightly", "app/nightly"}} {
		got := ""
		cfg := against(t, func(w http.ResponseWriter, r *http.Request) {
			got = r.UserAgent()
			w.WriteHeader(http.StatusForbidden)
		})
		if c.set != "" {
			t.Setenv("AWS_SDK_UA_APP_ID", c.set)
			again, err := Load(t.Context(), Options{Region: "us-east-1", EndpointURL: cfg.endpoint})
			if err != nil {
				t.Fatal(err)
			}
			again.aws.Credentials = cfg.aws.Credentials
			cfg = again
		}
		_, _ = cfg.CloudTrail("").DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{})
		if !slices.Contains(strings.Fields(got), c.want) || cfg.Agent() != c.want {
			t.Errorf("the user agent is %q and is said to hold %q, want %q", got, cfg.Agent(), c.want)
		}
	}
}
