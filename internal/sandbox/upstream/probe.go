package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"trailctl/internal/sandbox/cloudtrail"
)

// SilentError tells that nothing answers at the address of an upstream.
type SilentError struct {
	Address string // host:port
	Why     string
	// Instead is the address at which it does answer, with the other of http
	// and https; empty when none is known.
	Instead string
}

func (e *SilentError) Error() string {
	return fmt.Sprintf("the upstream at %s does not answer: %s", e.Address, e.Why)
}

// About is what an upstream tells of itself. What it does not tell is empty.
type About struct {
	Account string   // twelve digits
	Regions []string // enabled ones, sorted
	// Untold says of either why the upstream does not tell it.
	UntoldAccount, UntoldRegions error
}

const (
	probeTimeout = 10 * time.Second
	maxProbe     = 1 << 20
	maxRegions   = 100
	probeKey     = "sandbox" // the access key id that asks
)

// Ask asks an upstream for its account and regions, in the name of an access
// key id. The error is a *SilentError when nothing answers. Without remote it
// connects to this machine only.
func Ask(ctx context.Context, to *url.URL, accessKeyID string, remote bool) (About, error) {
	if accessKeyID == "" {
		accessKeyID = probeKey
	}
	t := transport(remote)
	defer t.CloseIdleConnections()
	a := asker{
		url: to, key: accessKeyID, remote: remote,
		client: &http.Client{Transport: t, Timeout: probeTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	var about About
	var err error
	if about.Account, err = a.account(ctx); errors.As(err, new(*SilentError)) {
		return about, err
	}
	about.UntoldAccount = err
	if about.Regions, err = a.regions(ctx); errors.As(err, new(*SilentError)) {
		return about, err
	}
	about.UntoldRegions = err
	return about, nil
}

type asker struct {
	url    *url.URL
	key    string
	remote bool
	client *http.Client
}

var accountPattern = regexp.MustCompile(`^\d{12}$`)

// account is the account of whoever calls (STS API reference, GetCallerIdentity).
func (a *asker) account(ctx context.Context) (string, error) {
	var answer struct {
		Account string `xml:"GetCallerIdentityResult>Account"`
	}
	if err := a.ask(ctx, "sts", "Action=GetCallerIdentity&Version=2011-06-15", &answer); err != nil {
		return "", err
	}
	if !accountPattern.MatchString(answer.Account) {
		return "", errors.New("its answer names no account")
	}
	return answer.Account, nil
}

var regionPattern = regexp.MustCompile(`^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$`)

// regions are those that the account has enabled (EC2 API reference,
// DescribeRegions).
func (a *asker) regions(ctx context.Context) ([]string, error) {
	var answer struct {
		Regions []struct {
			Name  string `xml:"regionName"`
			OptIn string `xml:"optInStatus"`
		} `xml:"regionInfo>item"`
	}
	if err := a.ask(ctx, "ec2", "Action=DescribeRegions&Version=2016-11-15", &answer); err != nil {
		return nil, err
	}
	var list []string
	for _, r := range answer.Regions {
		if r.OptIn != "not-opted-in" && regionPattern.MatchString(r.Name) {
			list = append(list, r.Name)
		}
	}
	if slices.ContainsFunc(list, commercial) { // an account's regions are of one partition
		list = slices.DeleteFunc(list, func(r string) bool { return !commercial(r) })
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 0 || len(list) > maxRegions {
		return nil, fmt.Errorf("its answer names %d regions", len(list))
	}
	return list, nil
}

// commercial tells the regions of the partition "aws" from those of China, of
// governments and of the European Sovereign Cloud, which moto lists together.
func commercial(region string) bool {
	for _, other := range []string{"cn-", "us-gov-", "us-iso", "eu-iso", "eusc-"} {
		if strings.HasPrefix(region, other) {
			return false
		}
	}
	return true
}

// ask makes one call and reads its answer.
func (a *asker) ask(ctx context.Context, service, form string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url.Scheme+"://"+a.url.Host+"/", strings.NewReader(form))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	sum := sha256.Sum256([]byte(form))
	who := aws.Credentials{AccessKeyID: a.key, SecretAccessKey: a.key}
	if err := v4.NewSigner().SignHTTP(ctx, who, req, hex.EncodeToString(sum[:]), service, "us-east-1", time.Now()); err != nil {
		return err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return a.silent(ctx, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxProbe))
	switch {
	case err != nil:
		return a.silent(ctx, err)
	case wantsTLS(resp.StatusCode, text) && speaksTLS(ctx, otherScheme(a.url), a.remote):
		return &SilentError{Address: a.url.Host, Why: "it speaks https, not http", Instead: otherScheme(a.url).String()}
	case resp.StatusCode == cloudtrail.NotReachableStatus && strings.Contains(string(text), NotReachable):
		return &SilentError{Address: a.url.Host, Why: "it is a sandbox whose own upstream does not answer"}
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("it answers with HTTP %d", resp.StatusCode)
	}
	if err := xml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("its answer cannot be read: %w", err)
	}
	return nil
}
