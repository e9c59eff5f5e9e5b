package logs

import (
	"slices"
	"testing"
	"time"
)

func TestRecordFields(t *testing.T) {
	r := Record{Raw: []byte(`{"eventTime":"2026-01-02T03:04:05Z","eventName":"A","eventSource":"s3.amazonaws.com","awsRegion":"r",
		"sourceIPAddress":"::1","userAgent":"u","errorCode":"E","errorMessage":"m","eventID":"i","requestID":"q","eventType":"t",
		"recipientAccountId":"1","readOnly":"True","unknown":{"eventID":"not this"},
		"resources":[{"ARN":"a","accountId":"2","type":"T"},{"arn":"b"},{"type":"O","ARNPrefix":"c/"},{},null,5]}`)}
	at, ok := r.Time()
	ro, known := r.ReadOnly()
	got := []string{r.Name(), r.Source(), r.Region(), r.SourceAddress(), r.UserAgent(), r.ErrorCode(), r.ErrorMessage(), r.ID(), r.RequestID(), r.Type(), r.Account()}
	want := []string{"A", "s3.amazonaws.com", "r", "::1", "u", "E", "m", "i", "q", "t", "1"}
	if !slices.Equal(got, want) || !ok || !at.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) || !ro || !known {
		t.Errorf("%q, %v %v, %v %v", got, at, ok, ro, known)
	}
	res := []Resource{{"a", "2", "T"}, {ARN: "b"}, {ARN: "c/", Type: "O"}}
	if !slices.Equal(r.Resources(), res) {
		t.Errorf("resources %v, want %v", r.Resources(), res)
	}
}

// Nothing that a record may hold is an error to its reader.
func TestRecordOddities(t *testing.T) {
	for _, raw := range []string{
		`{}`, `{"eventTime":null}`, `{"eventTime":5}`, `{"eventTime":"yesterday"}`, `{"userIdentity":[]}`, `{"userIdentity":"x"}`,
		`{"resources":{"ARN":"x"}}`, `{"readOnly":"perhaps"}`, `{"readOnly":null}`, `{"responseElements":""}`, `{"insightDetails":7}`, "",
	} {
		r := Record{Raw: []byte(raw)}
		if _, ok := r.Time(); ok {
			t.Errorf("%s has a time", raw)
		}
		if _, known := r.ReadOnly(); known {
			t.Errorf("%s says that it reads", raw)
		}
		name, source := r.Insight()
		if w := r.Identity().Words(); w+name+source+r.Account()+r.Name() != "" || len(r.Resources()) > 0 {
			t.Errorf("%s: identity %q, resources %v", raw, w, r.Resources())
		}
	}
	last := Record{Raw: []byte(`{"eventID":"a","eventID":"b","event\u004eame":7}`)}
	if last.ID() != "b" || last.Name() != "7" {
		t.Errorf("%q %q", last.ID(), last.Name())
	}
}

func TestIdentityWords(t *testing.T) {
	for identity, want := range map[string]string{
		`{"type":"Root","arn":"arn:aws:iam::1:root","accountId":"1"}`:                                                                   "root",
		`{"type":"IAMUser","userName":"alice","arn":"arn:aws:iam::1:user/x"}`:                                                           "alice",
		`{"type":"IAMUser","arn":"arn:aws:iam::1:user/team/bob"}`:                                                                       "team/bob",
		`{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/deploy/ci","sessionContext":{"sessionIssuer":{"userName":"deploy"}}}`: "deploy/ci",
		`{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/deploy/ci"}`:                                                          "deploy/ci",
		`{"type":"AssumedRole","principalId":"AROAX:ci","sessionContext":{"sessionIssuer":{"userName":"deploy"}}}`:                      "deploy/ci",
		`{"type":"AssumedRole","principalId":"AROAX:ci"}`:                                                                               "ci",
		`{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}`:                                                                 "autoscaling",
		`{"type":"AWSService"}`: "an AWS service",
		`{"type":"AWSAccount","accountId":"ANONYMOUS_PRINCIPAL","principalId":""}`:          "anonymous",
		`{"type":"AWSAccount","accountId":"2","principalId":"AIDAX"}`:                       "account 2",
		`{"type":"FederatedUser","arn":"arn:aws:sts::1:federated-user/carol"}`:              "carol",
		`{"type":"WebIdentityUser","principalId":"accounts.google.com:x:y","userName":"y"}`: "y",
		`{"accountId":"1","invokedBy":"AWS Internal"}`:                                      "AWS Internal",
		`{"accountId":"1"}`:  "account 1",
		`{"type":"Unknown"}`: "Unknown",
		`null`:               "",
	} {
		r := Record{Raw: []byte(`{"userIdentity":` + identity + `}`)}
		if got := r.Identity().Words(); got != want {
			t.Errorf("%s: %q, want %q", identity, got, want)
		}
	}
}

func TestParseTimeIsTimeParse(t *testing.T) {
	for _, s := range []string{
		"2026-01-02T03:04:05Z", "2024-02-29T00:00:00Z", "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T23:60:00Z",
		"2026-01-02T23:59:60Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z",
		"2026-01-02 03:04:05Z", "2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05.123Z", "2026-1-02T03:04:05Z", "", "x",
	} {
		want, err := time.Parse(time.RFC3339, s)
		got, ok := parseTime([]byte(s))
		if ok != (err == nil) || ok && !got.Equal(want) {
			t.Errorf("%s: %v %v, want %v %v", s, got, ok, want, err)
		}
	}
}
