package upstream

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// telling is an upstream that answers STS and EC2 with these.
func telling(t *testing.T, status int, account, regions string) *url.URL {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if auth := r.Header.Get("Authorization"); !strings.Contains(auth, "Credential=sandbox/") || r.URL.Path != "/" {
			t.Errorf("%s is asked with %q", r.URL, auth)
		}
		w.WriteHeader(status)
		if strings.Contains(string(body), "GetCallerIdentity") {
			io.WriteString(w, account)
		} else {
			io.WriteString(w, regions)
		}
	}))
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAsk(t *testing.T) {
	who := func(account string) string {
		return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>x</Arn><Account>` + account + `</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	}
	regions := func(list ...string) string {
		text := `<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><regionInfo>`
		for _, r := range list {
			name, state, _ := strings.Cut(r, "/")
			text += `<item><regionName>` + name + `</regionName><optInStatus>` + state + `</optInStatus></item>`
		}
		return text + `</regionInfo></DescribeRegionsResponse>`
	}
	tests := []struct {
		name             string
		status           int
		account, regions string
		want             string
		list             []string
	}{
		{"LocalStack", 200, who("000000000000"), regions("us-east-1/opt-in-not-required", "eu-west-1/opt-in-not-required"), "000000000000", []string{"eu-west-1", "us-east-1"}},
		{"regions that are not enabled", 200, who("123456789012"), regions("us-east-1/", "af-south-1/not-opted-in", "me-south-1/opted-in"), "123456789012", []string{"me-south-1", "us-east-1"}},
		{"partitions in one list", 200, who("123456789012"), regions("us-east-1/", "cn-north-1/", "us-gov-west-1/"), "123456789012", []string{"us-east-1"}},
		{"another partition", 200, who("123456789012"), regions("cn-north-1/", "cn-northwest-1/"), "123456789012", []string{"cn-north-1", "cn-northwest-1"}},
		{"nonsense", 200, who("me"), regions("mars", "../x"), "", nil},
		{"no XML", 200, "hello", "hello", "", nil},
		{"not implemented", 501, who("123456789012"), regions("us-east-1/"), "", nil},
	}
	for _, tt := range tests {
		about, err := Ask(t.Context(), telling(t, tt.status, tt.account, tt.regions), "", false)
		if err != nil || about.Account != tt.want || !slices.Equal(about.Regions, tt.list) {
			t.Errorf("%s: %+v, %v", tt.name, about, err)
		}
		if (about.UntoldAccount == nil) != (tt.want != "") || (about.UntoldRegions == nil) != (tt.list != nil) {
			t.Errorf("%s: reasons %v, %v", tt.name, about.UntoldAccount, about.UntoldRegions)
		}
	}
}

func TestAskASilentUpstream(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	behind := telling(t, http.StatusFailedDependency, `<Code>`+NotReachable+`</Code>`, "")
	for host, why := range map[string]string{closed: "connection refused", behind.Host: "whose own upstream does not answer"} {
		_, err := Ask(t.Context(), &url.URL{Scheme: "http", Host: host}, "", false)
		var silent *SilentError
		if !errors.As(err, &silent) || silent.Address != host || !strings.Contains(silent.Why, why) {
			t.Errorf("%s: %v", host, err)
		}
	}
}
