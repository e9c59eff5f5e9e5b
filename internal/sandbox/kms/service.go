// Package kms is the part of the sandbox's AWS Key Management Service that
// other services ask about: keys with their state, policy, aliases, tags and
// rotation. It holds no key material and encrypts nothing, and checks no
// permission of a caller; what a key policy allows a service is told to those
// who ask.
package kms

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/statefile"
)

// Target is the service name that clients put before the operation.
const Target = "TrentService"

// Options says how a Service works. The zero value works.
type Options struct {
	Now func() time.Time // default the machine's clock; tells when a deletion is due
	Dir string           // where state is kept; empty keeps it in memory
	Log *slog.Logger     // default none
}

// Service is KMS, for any number of accounts and regions. It is safe for
// concurrent use.
type Service struct {
	now  func() time.Time
	log  *slog.Logger
	file *statefile.File

	mu      sync.Mutex
	keys    map[string]*key   // by ARN
	aliases map[string]*alias // by ARN
}

// New makes a service and loads the state that o.Dir holds.
func New(o Options) (*Service, error) {
	s := &Service{now: o.Now, log: o.Log, keys: map[string]*key{}, aliases: map[string]*alias{}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	var saved state
	if s.file, err = statefile.Open(o.Dir, "kms.json", &saved); err != nil {
		return nil, err
	}
	return s, s.restore(saved)
}

var operations = map[string]awsjson.Operation[*Service]{
	"CreateKey":            awsjson.Changes((*Service).createKey),
	"PutKeyPolicy":         awsjson.Changes((*Service).putKeyPolicy),
	"UpdateKeyDescription": awsjson.Changes((*Service).updateKeyDescription),
	"EnableKey":            awsjson.Changes((*Service).enableKey),
	"DisableKey":           awsjson.Changes((*Service).disableKey),
	"ScheduleKeyDeletion":  awsjson.Changes((*Service).scheduleKeyDeletion),
	"CancelKeyDeletion":    awsjson.Changes((*Service).cancelKeyDeletion),
	"EnableKeyRotation":    awsjson.Changes((*Service).enableKeyRotation),
	"DisableKeyRotation":   awsjson.Changes((*Service).disableKeyRotation),
	"CreateAlias":          awsjson.Changes((*Service).createAlias),
	"DeleteAlias":          awsjson.Changes((*Service).deleteAlias),
	"TagResource":          awsjson.Changes((*Service).tagResource),
	"UntagResource":        awsjson.Changes((*Service).untagResource),
	"DescribeKey":          awsjson.Reads((*Service).describeKey),
	"ListKeys":             awsjson.Reads((*Service).listKeys),
	"ListAliases":          awsjson.Reads((*Service).listAliases),
	"GetKeyPolicy":         awsjson.Reads((*Service).getKeyPolicy),
	"ListKeyPolicies":      awsjson.Reads((*Service).listKeyPolicies),
	"GetKeyRotationStatus": awsjson.Reads((*Service).getKeyRotationStatus),
	"ListResourceTags":     awsjson.Reads((*Service).listResourceTags),
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool {
	_, ok := operations[name]
	return ok
}

// Serve answers one call of an operation that Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	if awsjson.Serve(w, c, s, "kms", operations) {
		s.Save()
	}
}
