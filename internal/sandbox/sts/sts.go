// Package sts is the sandbox's AWS Security Token Service: who is calling,
// and temporary credentials for roles and sessions. Every role exists and may
// be assumed by everybody (assumption A28).
package sts

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/query"
)

const (
	namespace   = "https://sts.amazonaws.com/doc/2011-06-15/"
	eventSource = "sts.amazonaws.com"
)

// Service is STS. It is safe for concurrent use.
type Service struct {
	// PrincipalID makes the stable id of a principal: kind is "AIDA" or "AROA".
	principalID func(kind, account, name string) string

	Sessions
}

// New makes the service. principalID makes the stable id of a principal from
// its kind ("AROA" for a role), account and name.
func New(principalID func(kind, account, name string) string) *Service {
	return &Service{principalID: principalID}
}

var operations = map[string]func(*Service, *call.Call, url.Values) (any, *call.Error){
	"GetCallerIdentity": (*Service).getCallerIdentity,
	"AssumeRole":        (*Service).assumeRole,
	"GetSessionToken":   (*Service).getSessionToken,
	"GetAccessKeyInfo":  (*Service).getAccessKeyInfo,
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool { return operations[name] != nil }

// Serve answers one call of an operation that Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	run := operations[c.Operation]
	if run == nil {
		c.Unrecorded = true
		query.Fail(w, c, namespace, call.NotServed("sts", c.Operation))
		return
	}
	c.EventSource, c.ReadOnly = eventSource, true
	out, refused := run(s, c, query.Form(c))
	if refused != nil {
		query.Fail(w, c, namespace, refused)
		return
	}
	query.Reply(w, response{
		XMLName: xml.Name{Local: c.Operation + "Response"}, Namespace: namespace,
		Result: out, RequestID: c.RequestID,
	})
}

type response struct {
	XMLName   xml.Name
	Namespace string `xml:"xmlns,attr"`
	Result    any
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

func (s *Service) getCallerIdentity(c *call.Call, _ url.Values) (any, *call.Error) {
	return struct {
		XMLName xml.Name `xml:"GetCallerIdentityResult"`
		Arn     string
		UserId  string
		Account string
	}{Arn: c.Identity.ARN, UserId: c.Identity.PrincipalID, Account: c.Account}, nil
}

func (s *Service) getAccessKeyInfo(c *call.Call, form url.Values) (any, *call.Error) {
	id := form.Get("AccessKeyId")
	c.RequestParameters = map[string]any{"accessKeyId": id}
	account := c.Account
	if one, ok := s.Session(id); ok {
		account = one.Identity.AccountID
	}
	return struct {
		XMLName xml.Name `xml:"GetAccessKeyInfoResult"`
		Account string
	}{Account: account}, nil
}

type credentials struct {
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

// issue makes temporary credentials for an identity.
func (s *Service) issue(id call.Identity, now time.Time, life time.Duration) credentials {
	keyID := "ASIA" + randomLetters(16)
	expires := now.Add(life)
	s.Remember(keyID, id, expires)
	return credentials{
		AccessKeyId: keyID, SecretAccessKey: randomText(30), SessionToken: randomText(180),
		Expiration: expires.UTC().Format("2006-01-02T15:04:05Z"),
	}
}

func randomLetters(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base32.StdEncoding.EncodeToString(b)[:n]
}

func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

func invalid(format string, args ...any) *call.Error {
	return &call.Error{Status: 400, Code: "ValidationError", Message: fmt.Sprintf(format, args...)}
}

// life reads DurationSeconds: API reference, AssumeRole and GetSessionToken.
func life(form url.Values, otherwise, most int) (time.Duration, *call.Error) {
	seconds := otherwise
	if text := form.Get("DurationSeconds"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 900 || n > most {
			return 0, invalid("The requested DurationSeconds %.20q must be between 900 and %d.", text, most)
		}
		seconds = n
	}
	return time.Duration(seconds) * time.Second, nil
}

func (s *Service) assumeRole(c *call.Call, form url.Values) (any, *call.Error) {
	roleARN, session := form.Get("RoleArn"), form.Get("RoleSessionName")
	c.RequestParameters = map[string]any{"roleArn": roleARN, "roleSessionName": session}
	d, err := life(form, 3600, 43200)
	if err != nil {
		return nil, err
	}
	if form.Get("DurationSeconds") != "" {
		c.RequestParameters["durationSeconds"] = int(d / time.Second)
	}
	account, role, ok := Role(roleARN)
	if !ok {
		return nil, invalid("%.200s is invalid", roleARN)
	}
	if !sessionPattern.MatchString(session) {
		return nil, invalid("The role session name %.100q is not valid.", session)
	}
	id, _ := RoleSession(roleARN, s.principalID("AROA", account, role), session, c.Time)
	creds := s.issue(id, c.Time, d)
	c.Resources = []call.Resource{{ARN: roleARN, AccountID: account, Type: "AWS::IAM::Role"}}
	user := assumedRoleUser{AssumedRoleId: id.PrincipalID, Arn: id.ARN}
	c.ResponseElements = map[string]any{
		"credentials":     recorded(creds),
		"assumedRoleUser": map[string]any{"assumedRoleId": user.AssumedRoleId, "arn": user.Arn},
	}
	return struct {
		XMLName         xml.Name `xml:"AssumeRoleResult"`
		AssumedRoleUser assumedRoleUser
		Credentials     credentials
	}{AssumedRoleUser: user, Credentials: creds}, nil
}

type assumedRoleUser struct{ AssumedRoleId, Arn string }

func (s *Service) getSessionToken(c *call.Call, form url.Values) (any, *call.Error) {
	d, err := life(form, 43200, 129600)
	if err != nil {
		return nil, err
	}
	if c.Identity.Session != nil {
		return nil, &call.Error{Status: 403, Code: "AccessDenied", Message: "Cannot call GetSessionToken with session credentials"}
	}
	creds := s.issue(UserSession(c.Identity, c.Time), c.Time, d)
	c.ResponseElements = map[string]any{"credentials": recorded(creds)}
	return struct {
		XMLName     xml.Name `xml:"GetSessionTokenResult"`
		Credentials credentials
	}{Credentials: creds}, nil
}

// recorded is how credentials stand in a record: never with a secret.
func recorded(c credentials) map[string]any {
	expires, _ := time.Parse(time.RFC3339, c.Expiration)
	return map[string]any{
		"accessKeyId":  c.AccessKeyId,
		"sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS",
		"expiration":   expires.Format("Jan 2, 2006, 3:04:05 PM"),
	}
}
