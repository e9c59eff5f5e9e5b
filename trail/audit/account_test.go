package audit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trailctl/trail"
)

// refused is an error as the SDK makes it.
func refused() error {
	return fmt.Errorf("reading KMS key k: %w", &smithy.OperationError{ServiceID: "KMS", OperationName: "DescribeKey", Err: &awshttp.ResponseError{
		RequestID: "r-1", ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 400}}, Err: &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}},
	}})
}

func TestReasonsAreAWSsOwnWords(t *testing.T) {
	a := clean()
	a.Trails[0].Key, a.Trails[0].Unread["key"] = nil, refused()
	a.Trails[0].Selectors, a.Trails[0].Unread["selectors"] = nil, refused()
	r, err := Evaluate(a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range r.Findings {
		if strings.Contains(f.Why, "operation error") || strings.Contains(f.Why, "https response error") {
			t.Errorf("%s: %s", f.Control.ID(), f.Why)
		}
		if strings.Contains(f.Why, "reading KMS key k: KMS DescribeKey: AccessDeniedException: no (request r-1)") {
			seen++
		}
	}
	if seen < 2 {
		t.Errorf("the reason stands in %d findings", seen)
	}
}

// One line is enough, however many trails there are: the nearest trail is
// named, and which others there are is evidence.
func TestManyTrailsAreOneReason(t *testing.T) {
	many := func(change func(i int, s *Subject)) Account {
		a := clean()
		a.Trails = nil
		for i := range 26 {
			s := cleanTrail()
			s.Trail.Name = fmt.Sprintf("t%d", i)
			s.Trail.ARN = trail.ARN("aws", "us-east-1", account, s.Trail.Name)
			change(i, &s)
			a.Trails = append(a.Trails, s)
		}
		return a
	}
	off := func(i int, s *Subject) { s.Status.Logging, s.Trail.MultiRegion = false, i == 7 }
	partial := many(off)
	partial.Partial = errors.New("eu-west-1 is closed")
	for name, tt := range map[string]struct {
		account Account
		result  Result
		why     string
	}{
		"all fail": {many(off), Fail, "trail t7: it is not logging; and 25 others"},
		"one cannot be read": {many(func(i int, s *Subject) {
			off(i, s)
			if i == 20 {
				s.StatusErr = errors.New("denied")
			}
		}), Unknown, "trail t20: its status could not be read: denied; and 25 others"},
		"not all are listed": {partial, Unknown, "trail t7: it is not logging; and 25 others; not all trails could be listed: eu-west-1 is closed"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.account.lead = tt.account.pick("")
			v := enabled(tt.account)
			if v.Result != tt.result || v.Why != tt.why {
				t.Errorf("%s: %s\nwant %s: %s", v.Result, v.Why, tt.result, tt.why)
			}
			if tt.result == Fail && len(v.Evidence) != 26 {
				t.Errorf("%d values, want one of each trail", len(v.Evidence))
			}
		})
	}
}

func TestManyDuplicatesAreOneReason(t *testing.T) {
	a := clean()
	for i := range 25 {
		s := cleanTrail()
		s.Trail.Name = fmt.Sprintf("t%d", i)
		a.Trails = append(a.Trails, s)
	}
	v := duplicates(a)
	if want := "recorded 26 times, by main (all regions) and t0 (all regions) and t1 (all regions) and t2 (all regions) and 22 others: the first"; !strings.Contains(v.Why, want) {
		t.Errorf("%s\ndoes not say %s", v.Why, want)
	}
}
