// Package iam is the part of the sandbox's AWS Identity and Access Management
// that roles need: roles with their trust policy, inline policies, tags, and
// the managed policies attached to them. It evaluates trust and inline
// policies for the services that use a role. It knows no users and no groups,
// managed policies grant nothing, and no permission of a caller is checked.
package iam

import (
	"encoding/xml"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/query"
	"trailctl/internal/sandbox/statefile"
)

const (
	namespace   = "https://iam.amazonaws.com/doc/2010-05-08/"
	eventSource = "iam.amazonaws.com"
	// Region is where the records of a global service are kept.
	region = "us-east-1"
)

// Options says how a Service works. PrincipalID must be set.
type Options struct {
	// PrincipalID makes the stable id of a role, whose kind is "AROA".
	PrincipalID func(kind, account, name string) string
	Dir         string       // where state is kept; empty keeps it in memory
	Log         *slog.Logger // default none
}

// Service is IAM, for any number of accounts. It is safe for concurrent use.
type Service struct {
	principalID func(kind, account, name string) string
	log         *slog.Logger
	file        *statefile.File

	mu    sync.Mutex
	roles map[string]*role // by account and name in lower case
}

// New makes a service and loads the state that o.Dir holds.
func New(o Options) (*Service, error) {
	s := &Service{principalID: o.PrincipalID, log: o.Log, roles: map[string]*role{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	var saved state
	if s.file, err = statefile.Open(o.Dir, "iam.json", &saved); err != nil {
		return nil, err
	}
	return s, s.restore(saved)
}

// operation is one API call: whether it only reads, and what it does. The
// answer is nil for an empty one.
type operation struct {
	readOnly bool
	run      func(*Service, *call.Call, url.Values) (any, *call.Error)
}

var operations = map[string]operation{
	"CreateRole":               {false, (*Service).createRole},
	"DeleteRole":               {false, (*Service).deleteRole},
	"UpdateRole":               {false, (*Service).updateRole},
	"UpdateRoleDescription":    {false, (*Service).updateRoleDescription},
	"UpdateAssumeRolePolicy":   {false, (*Service).updateAssumeRolePolicy},
	"PutRolePolicy":            {false, (*Service).putRolePolicy},
	"DeleteRolePolicy":         {false, (*Service).deleteRolePolicy},
	"AttachRolePolicy":         {false, (*Service).attachRolePolicy},
	"DetachRolePolicy":         {false, (*Service).detachRolePolicy},
	"TagRole":                  {false, (*Service).tagRole},
	"UntagRole":                {false, (*Service).untagRole},
	"GetRole":                  {true, (*Service).getRole},
	"ListRoles":                {true, (*Service).listRoles},
	"GetRolePolicy":            {true, (*Service).getRolePolicy},
	"ListRolePolicies":         {true, (*Service).listRolePolicies},
	"ListAttachedRolePolicies": {true, (*Service).listAttachedRolePolicies},
	"ListRoleTags":             {true, (*Service).listRoleTags},
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool {
	_, ok := operations[name]
	return ok
}

// Serve answers one call of an operation that Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	op, known := operations[c.Operation]
	if !known {
		c.Unrecorded = true
		query.Fail(w, c, namespace, call.NotServed("iam", c.Operation))
		return
	}
	c.EventSource, c.ReadOnly, c.Region = eventSource, op.readOnly, region
	form := query.Form(c)
	c.RequestParameters = recordedInput(form)
	out, refused := op.run(s, c, form)
	if refused != nil {
		query.Fail(w, c, namespace, refused)
		c.Error = recordedError(refused)
		return
	}
	if !op.readOnly {
		s.Save()
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

// recordedError is an error as records carry it (assumption A21): with the name
// of the exception, of which IAM answers only the first part.
func recordedError(e *call.Error) *call.Error {
	out := *e
	switch out.Code {
	case "ValidationError":
		out.Code = "ValidationException"
	default:
		out.Code += "Exception"
	}
	return &out
}
