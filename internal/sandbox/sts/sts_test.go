package sts

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
)

func ask(s *Service, operation string, form url.Values) *call.Call {
	c := &call.Call{
		HTTP: httptest.NewRequest("POST", "/", nil), Operation: operation, Body: []byte(form.Encode()), Account: "123456789012",
		Time: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), Identity: call.Identity{Type: "IAMUser", UserName: "alice"},
	}
	s.Serve(httptest.NewRecorder(), c)
	return c
}

func TestAssumeRoleRules(t *testing.T) {
	s := New(func(kind, account, name string) string { return kind + name })
	const role = "arn:aws:iam::123456789012:role/ops"
	tests := []struct{ role, session, seconds, code string }{
		{role, "alice", "", ""},
		{"arn:aws:iam::210987654321:role/path/to/ops", "alice", "900", ""},
		{role, "alice", "43200", ""},
		{role, "alice", "899", "ValidationError"},
		{role, "alice", "soon", "ValidationError"},
		{role, "a", "", "ValidationError"},
		{role, "with space", "", "ValidationError"},
		{"arn:aws:iam::123456789012:user/ops", "alice", "", "ValidationError"},
		{"", "alice", "", "ValidationError"},
	}
	for _, tt := range tests {
		form := url.Values{"RoleArn": {tt.role}, "RoleSessionName": {tt.session}}
		if tt.seconds != "" {
			form.Set("DurationSeconds", tt.seconds)
		}
		c := ask(s, "AssumeRole", form)
		got := ""
		if c.Error != nil {
			got = c.Error.Code
		}
		if got != tt.code {
			t.Errorf("AssumeRole %v: %q, want %q", form, got, tt.code)
		}
	}
}

func TestSessions(t *testing.T) {
	s := New(func(kind, account, name string) string { return kind + name })
	c := ask(s, "AssumeRole", url.Values{"RoleArn": {"arn:aws:iam::123456789012:role/team/ops"}, "RoleSessionName": {"alice"}})
	key := c.ResponseElements["credentials"].(map[string]any)["accessKeyId"].(string)
	one, ok := s.Session(key)
	if !ok || one.Identity.ARN != "arn:aws:sts::123456789012:assumed-role/ops/alice" || one.Identity.PrincipalID != "AROAops:alice" {
		t.Errorf("%s stands for %+v", key, one)
	}
	if want := c.Time.Add(time.Hour); !one.Expires.Equal(want) || !strings.HasPrefix(key, "ASIA") || len(key) != 20 {
		t.Errorf("%s expires %s", key, one.Expires)
	}
	if text := fmt.Sprint(c.ResponseElements); !strings.Contains(text, "HIDDEN_DUE_TO_SECURITY_REASONS") || strings.Contains(text, "ecret") {
		t.Errorf("recorded: %s", text)
	}
	if c := ask(s, "GetSessionToken", nil); c.Error != nil || len(s.byKey) != 2 {
		t.Errorf("GetSessionToken: %v, %d sessions", c.Error, len(s.byKey))
	}
	s.byKey["ASIAOLDEST"] = Session{}
	s.forget()
	if _, kept := s.Session("ASIAOLDEST"); kept || len(s.byKey) != 2 {
		t.Error("the session that expires first is kept")
	}
}
