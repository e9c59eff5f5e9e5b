// Package organizations is the part of the sandbox's AWS Organizations that
// trails need: an organization with its accounts, and the services that are
// trusted in it. It knows no organizational units, policies, invitations or
// delegated administrators. An account belongs to an organization when it
// made the organization or was made in it.
package organizations

import (
	"log/slog"
	"net/http"
	"sync"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/statefile"
)

// Target is the service name that clients put before the operation.
const Target = "AWSOrganizationsV20161128"

// region is where the records of a global service are kept.
const region = "us-east-1"

// Options says how a Service works. The zero value works.
type Options struct {
	Dir string       // where state is kept; empty keeps it in memory
	Log *slog.Logger // default none
}

// Service is Organizations, for any number of organizations. It is safe for
// concurrent use.
type Service struct {
	log  *slog.Logger
	file *statefile.File

	mu            sync.Mutex
	organizations []*organization
}

// New makes a service and loads the state that o.Dir holds.
func New(o Options) (*Service, error) {
	s := &Service{log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	var saved state
	if s.file, err = statefile.Open(o.Dir, "organizations.json", &saved); err != nil {
		return nil, err
	}
	s.organizations = saved.Organizations
	return s, nil
}

var operations = map[string]awsjson.Operation[*Service]{
	"CreateOrganization":                  awsjson.Changes((*Service).createOrganization),
	"DeleteOrganization":                  awsjson.Changes((*Service).deleteOrganization),
	"CreateAccount":                       awsjson.Changes((*Service).createAccount),
	"RemoveAccountFromOrganization":       awsjson.Changes((*Service).removeAccount),
	"EnableAWSServiceAccess":              awsjson.Changes((*Service).enableAccess),
	"DisableAWSServiceAccess":             awsjson.Changes((*Service).disableAccess),
	"DescribeOrganization":                awsjson.Reads((*Service).describeOrganization),
	"DescribeAccount":                     awsjson.Reads((*Service).describeAccount),
	"DescribeCreateAccountStatus":         awsjson.Reads((*Service).describeCreateAccountStatus),
	"ListAccounts":                        awsjson.Reads((*Service).listAccounts),
	"ListAWSServiceAccessForOrganization": awsjson.Reads((*Service).listAccess),
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool {
	_, ok := operations[name]
	return ok
}

// Serve answers one call of an operation that Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	c.Region = region
	if awsjson.Serve(w, c, s, "organizations", operations) {
		s.Save()
	}
}
