package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// fault asks for the sandbox's faults, with a plan when there is one.
func (c caller) fault(t *testing.T, method, plan string) (FaultReport, int) {
	t.Helper()
	r, err := http.NewRequest(method, c.url+"/_sandbox/faults", strings.NewReader(plan))
	need(t, err)
	resp, err := http.DefaultClient.Do(r)
	need(t, err)
	defer resp.Body.Close()
	var report FaultReport
	need(t, json.NewDecoder(resp.Body).Decode(&report))
	return report, resp.StatusCode
}

func TestFaultsTakeTheFormOfTheService(t *testing.T) {
	s := newTest(t, Options{})
	c, ctx := serve(t, s), t.Context()
	calls := map[string]func() error{
		"s3":         func() error { _, err := c.s3().ListBuckets(ctx, &s3.ListBucketsInput{}); return err },
		"cloudtrail": func() error { _, err := c.trails().ListTrails(ctx, &cloudtrail.ListTrailsInput{}); return err },
		"sns":        func() error { _, err := c.sns().ListTopics(ctx, &sns.ListTopicsInput{}); return err },
		"iam":        func() error { _, err := c.iam().ListRoles(ctx, &iam.ListRolesInput{}); return err },
		"logs": func() error {
			_, err := c.logs().DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
			return err
		},
	}
	tests := []struct{ kind, service, code string }{
		{"500", "s3", "InternalError"}, {"500", "cloudtrail", "InternalFailure"}, {"500", "sns", "InternalFailure"}, {"500", "logs", "InternalFailure"},
		{"throttle", "s3", "SlowDown"}, {"throttle", "cloudtrail", "ThrottlingException"}, {"throttle", "iam", "Throttling"}, {"throttle", "logs", "ThrottlingException"},
		{"denied", "s3", "AccessDenied"}, {"denied", "cloudtrail", "AccessDeniedException"}, {"denied", "sns", "AuthorizationError"}, {"denied", "iam", "AccessDenied"},
	}
	for _, tt := range tests {
		c.fault(t, "POST", `{"count":1,"kind":"`+tt.kind+`"}`)
		if got := code(calls[tt.service]()); got != tt.code {
			t.Errorf("%s of %s: %s, want %s", tt.kind, tt.service, got, tt.code)
		}
		if err := calls[tt.service](); err != nil {
			t.Errorf("the call after it: %v", err)
		}
	}
	for _, kind := range []string{"drop", "drop-after"} {
		for service, call := range calls {
			c.fault(t, "POST", `{"count":9,"kind":"`+kind+`"}`) // net/http tries some calls again by itself
			if err := call(); err == nil || !strings.Contains(err.Error(), "EOF") {
				t.Errorf("%s of %s: %v", kind, service, err)
			}
		}
	}
}

// A lost answer is that of a call that was served; every other one that fails
// has not happened.
func TestWhatAFaultLeavesBehind(t *testing.T) {
	for kind, want := range map[string]int{"500": 0, "throttle": 0, "denied": 0, "drop": 0, "drop-after": 1} {
		s := newTest(t, Options{})
		c := serve(t, s)
		c.fault(t, "POST", `{"count":1,"kind":"`+kind+`"}`)
		if _, err := c.sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("told")}); err == nil {
			t.Errorf("%s: the call went well", kind)
		}
		if got := s.Status().Mutating["sns.CreateTopic"]; got != want {
			t.Errorf("%s: %d topics were made", kind, got)
		}
	}
}

func TestFaultsCount(t *testing.T) {
	s := newTest(t, Options{})
	c, ctx := serve(t, s), t.Context()
	list := func() error { _, err := c.trails().ListTrails(ctx, &cloudtrail.ListTrailsInput{}); return err }
	tests := []struct {
		plan          string
		failed        string // one letter for each call: "." went well, "x" failed
		calls, counts int
	}{
		{`{"skip":2,"count":2,"kind":"denied"}`, "..xx.", 5, 2},
		{`{"count":1,"kind":"denied"}`, "x..", 3, 1},
		{`{}`, "...", 3, 0},
		{`{"count":1,"kind":"denied","operation":"s3.ListBuckets"}`, "...", 0, 0},
		{`{"skip":1,"count":1,"kind":"denied","operation":"cloudtrail.ListTrails"}`, ".x.", 3, 1},
	}
	for _, tt := range tests {
		c.fault(t, "POST", tt.plan)
		got := ""
		for range tt.failed {
			if list() == nil {
				got += "."
			} else {
				got += "x"
			}
		}
		report, _ := c.fault(t, "GET", "")
		if got != tt.failed || report.Calls != tt.calls || report.Failed != tt.counts {
			t.Errorf("%s: %s, %d calls, %d failed", tt.plan, got, report.Calls, report.Failed)
		}
	}
	c.fault(t, "POST", `{"count":100,"kind":"denied","operation":"s3.ListBuckets"}`)
	if _, err := c.s3().ListBuckets(ctx, &s3.ListBucketsInput{}); code(err) != "AccessDenied" {
		t.Errorf("an operation of S3: %v", err)
	}
	if report, status := c.fault(t, "DELETE", ""); report.Plan != nil || status != http.StatusOK {
		t.Errorf("after the deletion: %+v", report)
	}
	if _, err := c.s3().ListBuckets(ctx, &s3.ListBucketsInput{}); err != nil {
		t.Error(err)
	}
	for _, plan := range []string{``, `[]`, `{"count":1}`, `{"count":1,"kind":"fire"}`, `{"skip":-1}`, `{"count":1,"kind":"500","operation":"CreateTrail"}`, `{"kinds":"500"}`} {
		if _, status := c.fault(t, "POST", plan); status != http.StatusBadRequest {
			t.Errorf("the plan %q: HTTP %d", plan, status)
		}
	}
}
