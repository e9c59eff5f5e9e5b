package kms

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

// key is one customer managed key.
type key struct {
	Account, Region, ID, ARN string
	Created, Changed         time.Time
	Description              string
	Spec, Usage              string
	MultiRegion              bool
	Disabled                 bool
	Deletion                 time.Time // zero unless scheduled
	Window                   int       // days from scheduling to deletion
	Policy                   string
	Tags                     []tag
	Rotates                  time.Time // when rotation was enabled; zero when it is not
	RotationDays             int

	policy *iampolicy.Policy
}

// The states of a key that occur here.
const (
	enabled         = "Enabled"
	disabled        = "Disabled"
	pendingDeletion = "PendingDeletion"
)

func (k *key) state() string {
	switch {
	case !k.Deletion.IsZero():
		return pendingDeletion
	case k.Disabled:
		return disabled
	}
	return enabled
}

// gone tells whether the key's deletion is due (assumption A45).
func (k *key) gone(now time.Time) bool { return !k.Deletion.IsZero() && !now.Before(k.Deletion) }

func (k *key) symmetric() bool { return k.Spec == symmetricDefault }

const symmetricDefault = "SYMMETRIC_DEFAULT"

// refuse is an error, whose status is 400 whatever its code (assumption A30).
func refuse(code, format string, args ...any) *call.Error {
	return &call.Error{Status: 400, Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid is the answer to a value that the API does not take (assumption
// A32).
func invalid(format string, args ...any) *call.Error {
	return refuse("ValidationException", format, args...)
}

var (
	keyIDPattern = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)
	arnPattern   = regexp.MustCompile(`^arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):(key|alias)/(.+)$`)
)

// lookup is the key that an id, an alias or the ARN of either names. Without
// a region an ARN's own counts. s.mu is held.
func (s *Service) lookup(account, region, name string, now time.Time) (*key, *call.Error) {
	kind := "key"
	if strings.HasPrefix(name, "arn:") {
		m := arnPattern.FindStringSubmatch(name)
		if m == nil {
			return nil, refuse("InvalidArnException", "%.300s is not a valid ARN of a key or an alias", name)
		}
		if region != "" && m[1] != region {
			return nil, refuse("NotFoundException", "Invalid arn %s", m[1])
		}
		region, account, kind, name = m[1], m[2], m[3], m[4]
	} else if rest, ok := strings.CutPrefix(name, "alias/"); ok {
		kind, name = "alias", rest
	} else if !keyIDPattern.MatchString(name) {
		return nil, refuse("NotFoundException", "Invalid keyId '%.300s'", name)
	}
	arn := arnOf(region, account, kind+"/"+name)
	if kind == "alias" {
		a := s.aliases[arn]
		if a == nil {
			return nil, refuse("NotFoundException", "Alias %s is not found.", arn)
		}
		arn = a.Target
	}
	k := s.keys[arn]
	if k == nil || k.gone(now) {
		return nil, refuse("NotFoundException", "Key '%s' does not exist", arn)
	}
	return k, nil
}

func arnOf(region, account, resource string) string {
	return "arn:aws:kms:" + region + ":" + account + ":" + resource
}

// find is the key that a call is about, and notes it for the recorder. s.mu
// is held.
func (s *Service) find(c *call.Call, id string) (*key, *call.Error) {
	k, err := s.lookup(c.Account, c.Region, id, c.Time)
	if err != nil {
		return nil, err
	}
	c.Resources = []call.Resource{{ARN: k.ARN, AccountID: k.Account, Type: "AWS::KMS::Key"}}
	return k, nil
}

// own is find for calls that have no use in other accounts and take no alias
// (API reference: "Cross-account use: No").
func (s *Service) own(c *call.Call, id string) (*key, *call.Error) {
	if strings.HasPrefix(id, "alias/") || strings.Contains(id, ":alias/") {
		return nil, refuse("NotFoundException", "Invalid keyId '%.300s'", id)
	}
	k, err := s.find(c, id)
	if err != nil {
		return nil, err
	}
	if k.Account != c.Account {
		return nil, refuse("AccessDeniedException", "User: %s is not authorized to access the key %s", c.Identity.ARN, k.ARN)
	}
	return k, nil
}

// usable is own for calls that a key refuses while it is to be deleted.
func (s *Service) usable(c *call.Call, id string) (*key, *call.Error) {
	k, err := s.own(c, id)
	if err != nil {
		return nil, err
	}
	if k.state() == pendingDeletion {
		return nil, refuse("KMSInvalidStateException", "%s is pending deletion.", k.ARN)
	}
	return k, nil
}

type createKeyInput struct {
	Policy, Description, KeyUsage          string
	CustomerMasterKeySpec, KeySpec, Origin string
	BypassPolicyLockoutSafetyCheck         bool
	Tags                                   []tag
	MultiRegion                            bool
}

// usages says what a key of each spec can be used for; the first one is the
// default where KMS has one.
var usages = map[string][]string{
	symmetricDefault: {"ENCRYPT_DECRYPT"},
	"RSA_2048":       {"ENCRYPT_DECRYPT", "SIGN_VERIFY"},
	"RSA_3072":       {"ENCRYPT_DECRYPT", "SIGN_VERIFY"},
	"RSA_4096":       {"ENCRYPT_DECRYPT", "SIGN_VERIFY"},
	"ECC_NIST_P256":  {"SIGN_VERIFY", "KEY_AGREEMENT"},
	"ECC_NIST_P384":  {"SIGN_VERIFY", "KEY_AGREEMENT"},
	"HMAC_256":       {"GENERATE_VERIFY_MAC"},
}

func (s *Service) createKey(c *call.Call, in createKeyInput) (any, *call.Error) {
	k := &key{
		Account: c.Account, Region: c.Region, ID: newID(in.MultiRegion), Created: c.Time, Changed: c.Time, Description: in.Description,
		Spec: firstOf(in.KeySpec, in.CustomerMasterKeySpec, symmetricDefault), Usage: firstOf(in.KeyUsage, "ENCRYPT_DECRYPT"), MultiRegion: in.MultiRegion,
	}
	k.ARN = arnOf(k.Region, k.Account, "key/"+k.ID)
	switch {
	case in.Origin != "" && in.Origin != "AWS_KMS":
		return nil, refuse("UnsupportedOperationException", "The sandbox makes no keys of origin %.40s", in.Origin)
	case usages[k.Spec] == nil:
		return nil, invalid("The sandbox makes no keys of spec %.40q", k.Spec)
	case !slices.Contains(usages[k.Spec], k.Usage):
		return nil, invalid("KeyUsage %.40s is not compatible with KeySpec %s", k.Usage, k.Spec)
	case len(k.Description) > 8192:
		return nil, invalid("1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192")
	}
	var err *call.Error
	if k.Tags, err = merge(nil, in.Tags); err != nil {
		return nil, err
	}
	if in.Policy == "" {
		in.Policy = defaultPolicy(c.Account)
	}
	if err := k.setPolicy(c, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[k.ARN] = k
	c.Resources = []call.Resource{{ARN: k.ARN, AccountID: k.Account, Type: "AWS::KMS::Key"}}
	return map[string]any{"KeyMetadata": k.metadata()}, nil
}

func firstOf(names ...string) string {
	return names[slices.IndexFunc(names, func(s string) bool { return s != "" })]
}

// newID makes the id of a key: a UUID, or what multi-Region keys have.
func newID(multiRegion bool) string {
	var b [16]byte
	rand.Read(b[:])
	if multiRegion {
		return fmt.Sprintf("mrk-%x", b)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// metadata is a key as DescribeKey answers it.
type metadata struct {
	AWSAccountId          string
	KeyId                 string
	Arn                   string
	CreationDate          *float64
	Enabled               bool
	Description           string
	KeyUsage              string
	KeyState              string
	DeletionDate          *float64 `json:",omitempty"`
	Origin                string
	KeyManager            string
	CustomerMasterKeySpec string
	KeySpec               string
	EncryptionAlgorithms  []string `json:",omitempty"`
	MultiRegion           bool
}

func (k *key) metadata() metadata {
	m := metadata{
		AWSAccountId: k.Account, KeyId: k.ID, Arn: k.ARN, CreationDate: awsjson.Epoch(k.Created), Enabled: k.state() == enabled,
		Description: k.Description, KeyUsage: k.Usage, KeyState: k.state(), DeletionDate: awsjson.Epoch(k.Deletion),
		Origin: "AWS_KMS", KeyManager: "CUSTOMER", CustomerMasterKeySpec: k.Spec, KeySpec: k.Spec, MultiRegion: k.MultiRegion,
	}
	if k.symmetric() {
		m.EncryptionAlgorithms = []string{symmetricDefault}
	}
	return m
}

type keyInput struct{ KeyId string }

func (s *Service) describeKey(c *call.Call, in keyInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.find(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	return map[string]any{"KeyMetadata": k.metadata()}, nil
}

func (s *Service) updateKeyDescription(c *call.Call, in struct{ KeyId, Description string }) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.usable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	if len(in.Description) > 8192 {
		return nil, invalid("1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192")
	}
	k.Description = in.Description
	return nil, nil
}
