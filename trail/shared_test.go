package trail

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"trailctl/internal/policy"
)

// undo takes our part out of a document, as a writer does who read it before
// we wrote.
func undoings() map[string]func(*fakeAWS) {
	return map[string]func(*fakeAWS){
		"bucket policy": func(f *fakeAWS) {
			f.buckets["logs"].policy = `{"Statement":[{"Sid":"Late","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/r"},"Action":"s3:GetObject","Resource":"*"}]}`
		},
		"topic policy": func(f *fakeAWS) {
			f.topics[topicHome].policy = `{"Statement":[{"Sid":"Late","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"SNS:Publish","Resource":"*"}]}`
		},
		"key policy": func(f *fakeAWS) {
			f.keys[keyHome].policy = `{"Statement":[{"Sid":"Late","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`
		},
		"role policy": func(f *fakeAWS) {
			delete(f.roles[DefaultRole("audit")].inline, rolePolicyName)
		},
		"bucket notification": func(f *fakeAWS) {
			f.buckets["logs"].notifications.TopicConfigurations = nil
		},
	}
}

// What others take away after it was written is written again before the end,
// in a first run and where it was there before; what they wrote stays.
func TestUndoneMeanwhile(t *testing.T) {
	for name, undo := range undoings() {
		for _, kept := range []bool{false, true} {
			f := settled()
			spec := everyOption(t)
			if kept {
				if _, _, err := create(t, f, spec, Options{}); err != nil {
					t.Fatal(err)
				}
				f.logging[auditARN] = false
			}
			told := 0
			_, r, err := create(t, f, spec, Options{Observe: func(p Progress) {
				switch {
				case p.State == Done && p.Step.Target == "logging":
					undo(f)
				case p.State == Again:
					told++
					if !strings.HasPrefix(p.Step.Target, name) || !slices.Contains(p.Step.Notes, redoneNote) {
						t.Errorf("%s: told of %+v", name, p)
					}
				}
			}})
			if err != nil || told != 1 {
				t.Errorf("%s, kept %t: told %d times, %v", name, kept, told, err)
			}
			if p, err := planned(t, f, spec); err != nil || !p.Empty() {
				t.Errorf("%s, kept %t: something is missing at the end: %v, %v", name, kept, outline(p), err)
			}
			if strings.HasSuffix(name, "bucket policy") && !strings.Contains(f.buckets["logs"].policy, `"Late"`) {
				t.Errorf("%s: what others wrote is lost: %s", name, f.buckets["logs"].policy)
			}
			if !kept && !strings.HasPrefix(name, "bucket notification") && !slices.ContainsFunc(r.Done, func(s Step) bool { return slices.Contains(s.Notes, redoneNote) }) {
				t.Errorf("%s: no step says that it was done again", name)
			}
		}
	}
}

// Who is undone for ever hears of it.
func TestUndoneForEver(t *testing.T) {
	f, undo := settled(), undoings()["bucket policy"]
	_, r, err := create(t, f, everyOption(t), Options{Observe: func(p Progress) {
		if p.State == Again || p.State == Done && p.Step.Target == "logging" {
			undo(f)
		}
	}})
	if !errors.Is(err, policy.ErrContest) || r.Failed == nil || r.Failed.Target != "bucket policy" || len(r.Left) > 0 || !strings.Contains(err.Error(), "bucket policy") {
		t.Errorf("%+v, %v", r.Failed, err)
	}
}

// The look at the end costs one read for each document, and nothing for a run
// that changes nothing or no such thing.
func TestLookAgainIsCheap(t *testing.T) {
	f, spec := settled(), everyOption(t)
	reads := func() int {
		n := 0
		for _, c := range f.calls {
			if slices.Contains([]string{"GetBucketPolicy", "GetTopicAttributes", "GetKeyPolicy", "GetRolePolicy", "GetRole", "GetBucketNotificationConfiguration"}, c) {
				n++
			}
		}
		return n
	}
	if _, _, err := create(t, f, spec, Options{}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func()
		more   int
	}{
		"nothing":  {func() {}, 0},
		"only tag": {func() { f.tags[auditARN] = map[string]string{} }, 5},
	} {
		f.calls = nil
		p, err := planned(t, f, spec)
		if err != nil {
			t.Fatal(err)
		}
		look := reads()
		tt.change()
		if p, err = planned(t, f, spec); err != nil {
			t.Fatal(err)
		}
		f.calls = nil
		if _, err := Apply(t.Context(), f.clients(), p, Options{Sleep: noSleep}); err != nil {
			t.Fatal(err)
		}
		if got := reads(); got != tt.more {
			t.Errorf("%s: %d reads at the end, want %d (a description takes %d): %v", name, got, tt.more, look, f.calls)
		}
	}
}

// A refusal that a lost grant explains is answered with the grant, not with
// waiting until the time is up.
func TestRefusalIsHealed(t *testing.T) {
	for name, undo := range undoings() {
		if name == "bucket notification" {
			continue
		}
		f, spec := settled(), everyOption(t)
		waits := 0
		_, _, err := create(t, f, spec, Options{Observe: func(p Progress) {
			switch {
			case p.State == Started && p.Step.Target == "trail audit":
				undo(f)
			case p.State == Waiting:
				waits++
			}
		}})
		if err != nil || waits != 1 {
			t.Errorf("%s: %d waits, %v", name, waits, err)
		}
	}
}

func TestDeniesOf(t *testing.T) {
	write := []policy.Grant{{Action: "s3:PutObject"}, {Action: "s3:GetBucketAcl"}}
	key := []policy.Grant{{Action: "kms:GenerateDataKey*"}, {Action: "kms:DescribeKey"}}
	deny := func(rest string) string { return `{"Sid":"D","Effect":"Deny","Principal":"*",` + rest + `}` }
	tests := []struct {
		statements string
		grants     []policy.Grant
		want       bool
	}{
		{deny(`"Action":"s3:PutObject"`), write, true},
		{deny(`"Action":["s3:DeleteObject","S3:put*"]`), write, true},
		{deny(`"Action":"*"`), write, true},
		{deny(`"Action":"s3:Get*"`), write, true},
		{deny(`"Action":["s3:DeleteObject","s3:DeleteBucket"]`), write, false},
		{deny(`"Action":"s3:PutObjectAcl"`), write, false},
		{deny(`"Action":"s3:[Put"`), write, true}, // nobody knows what that matches
		{deny(`"NotAction":"s3:PutObject"`), write, true},
		{deny(`"NotAction":["s3:Put*","s3:GetBucketAcl"]`), write, false},
		{deny(`"NotAction":"s3:*"`), write, false},
		{deny(`"NotAction":"iam:*"`), write, true},
		{deny(`"Resource":"*"`), write, true},
		{strings.Replace(deny(`"Action":"s3:*"`), "Deny", "Allow", 1), write, false},
		{deny(`"Action":"kms:GenerateDataKey"`), key, true},
		{deny(`"Action":"kms:GenerateDataKeyPair"`), key, true},
		{deny(`"Action":["kms:Decrypt","kms:ScheduleKeyDeletion"]`), key, false},
		{`{"Effect":"Deny","Action":"s3:DeleteObject"},` + deny(`"Action":"s3:*"`), write, true},
		{`{`, write, false},
	}
	for _, tt := range tests {
		got := deniesOf(`{"Statement":[`+tt.statements+`]}`, tt.grants)
		if (len(got) == 1 && strings.Contains(got[0], "D")) != tt.want || len(got) > 1 {
			t.Errorf("%s: %q, want %t", tt.statements, got, tt.want)
		}
	}
}

// A Deny that cannot be the reason is not named.
func TestOtherDenyIsNotNamed(t *testing.T) {
	f := newFake()
	f.refusals = 1000
	f.buckets["logs"] = &fakeBucket{owner: account, region: home,
		policy: `{"Statement":[{"Sid":"Keep","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"*"}]}`}
	_, _, err := create(t, f, Spec{Name: "audit", Region: home, Bucket: "logs"}, Options{})
	if err == nil || strings.Contains(err.Error(), "Keep") {
		t.Errorf("got %v", err)
	}
}
