package trail

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"trailctl/internal/awserr"
	"trailctl/internal/policy"
)

// What Diff refuses about a KMS key.
var (
	ErrKeyMissing = errors.New("there is no such key in the bucket's region")
	ErrKeyRegion  = errors.New("the key must be in the bucket's region")
	ErrKeyUnfit   = errors.New("CloudTrail cannot use the key")
	ErrKeyPolicy  = errors.New("the key's policy does not let CloudTrail use it")
	ErrKeyUnread  = errors.New("the key's policy may not be read, so that nobody knows whether CloudTrail may use it")
)

// KeyPolicyError says what a key's policy lacks.
type KeyPolicyError struct {
	Key        string
	Statements string // a key policy, JSON
	err        error
}

func (e *KeyPolicyError) Error() string { return fmt.Sprintf("KMS key %s: %v", e.Key, e.err) }

// Unwrap is of ErrKeyPolicy.
func (e *KeyPolicyError) Unwrap() error { return e.err }

// The Sids of our statements in key policies.
const (
	encryptSid     = "AllowCloudTrailEncryptLogs"
	describeKeySid = "AllowCloudTrailDescribeKey"
	maxKeyPolicy   = 32 * 1024 // bytes (KMS API reference, PutKeyPolicy)
	keyPolicyName  = "default" // the only one there is
)

// KeyState is what is known of the key that is asked for.
type KeyState struct {
	Asked     string // as it was named
	Region    string // where it was looked for
	Exists    bool
	ARN       string
	Account   string
	State     string // "Enabled", ...
	Spec      string // "SYMMETRIC_DEFAULT", ...
	Usage     string // "ENCRYPT_DECRYPT", ...
	Manager   string // "CUSTOMER" or "AWS"
	Policy    string // JSON
	PolicyErr error  // why it could not be read
	Unseen    error  // another account's key that may not be looked at
}

// describeKey looks for the key where the bucket is, or will be: CloudTrail
// takes no other (API reference, KmsKeyNotFoundException).
func describeKey(ctx context.Context, clients Clients, spec Spec, b BucketState) (*KeyState, error) {
	if spec.KMSKey == nil || *spec.KMSKey == "" {
		return nil, nil
	}
	s := &KeyState{Asked: *spec.KMSKey, ARN: *spec.KMSKey, Region: b.Region}
	if s.Region == "" {
		s.Region = spec.Region
	}
	if a, err := arn.Parse(s.Asked); err == nil {
		s.Account = a.AccountID
		if a.Region != s.Region {
			return nil, fmt.Errorf("KMS key %s: %w, which is %s", s.Asked, ErrKeyRegion, s.Region)
		}
	}
	client := clients.KMS(s.Region)
	out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &s.Asked})
	switch code := errorCode(err); {
	case code == "NotFound":
		return s, nil
	case code == "AccessDenied" && s.Account != "" && s.Account != clients.Account.ID && strings.Contains(s.Asked, ":key/"):
		s.Exists, s.Unseen = true, err
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("reading KMS key %s in %s: %w", s.Asked, s.Region, err)
	case out.KeyMetadata == nil:
		return nil, fmt.Errorf("reading KMS key %s in %s: the answer holds no key", s.Asked, s.Region)
	}
	s.take(*out.KeyMetadata)
	if s.Manager == string(types.KeyManagerTypeAws) {
		return s, nil
	}
	s.Policy, err = keyStore(client, s.ARN).Read(ctx)
	if errorCode(err) == "AccessDenied" {
		s.PolicyErr, err = err, nil
	}
	return s, err
}

func (s *KeyState) take(k types.KeyMetadata) {
	s.Exists, s.ARN, s.Account = true, aws.ToString(k.Arn), aws.ToString(k.AWSAccountId)
	s.State, s.Spec, s.Usage, s.Manager = string(k.KeyState), string(k.KeySpec), string(k.KeyUsage), string(k.KeyManager)
}

// keyGrants are what CloudTrail must be allowed to do with the key (user
// guide, "Configure AWS KMS key policies for CloudTrail"). Whoever reads the
// log files needs kms:Decrypt besides, by the key's policy or an own one.
func (d differ) keyGrants(resource string) []policy.Grant {
	a := d.cur.Account
	trails := d.arns(func(Trail) bool { return true })
	return []policy.Grant{
		{
			Sid: encryptSid, Service: trailService, Action: "kms:GenerateDataKey*", Resource: resource, SourceARNs: trails,
			SourceLike: map[string]string{"kms:EncryptionContext:aws:cloudtrail:arn": ARN(a.Partition, "*", a.ID, "*")},
		},
		{Sid: describeKeySid, Service: trailService, Action: "kms:DescribeKey", Resource: resource, SourceARNs: trails},
	}
}

// keySteps check the key, and change its policy when that is allowed.
func (d differ) keySteps() ([]Step, error) {
	s := d.cur.Key
	if s == nil {
		return nil, nil
	}
	if err := s.fit(); err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(s.ARN[strings.LastIndexByte(s.ARN, ':')+1:], "key/")
	keep := Step{Kind: Keep, Target: "key " + name, Summary: "is there, in " + s.Region}
	if s.Unseen != nil {
		keep.Summary = "belongs to account " + s.Account + " and may not be looked at"
		keep.Notes = []string{"CloudTrail can use it once its policy holds " + statements(d.keyGrants("*"))}
		return []Step{keep}, nil
	}
	p, err := d.keyPolicyStep(*s)
	return []Step{keep, p}, err
}

// fit tells whether CloudTrail can use the key, whatever its policy says.
func (s KeyState) fit() error {
	unfit := func(why string) error { return fmt.Errorf("KMS key %s: %w: %s", s.Asked, ErrKeyUnfit, why) }
	switch {
	case !s.Exists:
		return fmt.Errorf("KMS key %s: %w, which is %s", s.Asked, ErrKeyMissing, s.Region)
	case s.Unseen != nil:
		return nil
	case s.Manager == string(types.KeyManagerTypeAws):
		return unfit("AWS manages it, and its policy cannot be changed")
	case s.Spec != "" && s.Spec != string(types.KeySpecSymmetricDefault):
		return unfit("it is " + s.Spec + ", and a symmetric key is needed")
	case s.Usage != "" && s.Usage != string(types.KeyUsageTypeEncryptDecrypt):
		return unfit("it is for " + s.Usage)
	case s.State != string(types.KeyStateEnabled):
		return unfit("its state is " + s.State)
	}
	return nil
}

// keyPolicyStep compares with the key's ARN as resource, which a statement for
// "*" covers, and writes "*", which is how key policies name their key.
func (d differ) keyPolicyStep(s KeyState) (Step, error) {
	grants := d.keyGrants("*")
	lacks := func(err error) (Step, error) {
		return Step{}, &KeyPolicyError{Key: s.Asked, Statements: statements(grants), err: err}
	}
	if s.PolicyErr != nil {
		return d.unreadKeyPolicy(s)
	}
	change, err := policy.Merge(s.Policy, d.keyGrants(s.ARN))
	if err == nil && change.Changed {
		if !d.spec.UpdateKeyPolicy {
			return lacks(ErrKeyPolicy)
		}
		if change, err = policy.Merge(s.Policy, grants); err == nil {
			err = change.Within(maxKeyPolicy)
		}
	}
	if err != nil {
		return Step{}, fmt.Errorf("the policy of KMS key %s: %w", s.Asked, err)
	}
	step := policyStep(aKey, "key policy", "CloudTrail encrypt with it", change, grants, func(ctx context.Context, r *run) (policy.Change, error) {
		var done policy.Change
		store := keyStore(r.clients.KMS(s.Region), s.ARN)
		err := r.until(ctx, func() error {
			text, err := store.Read(ctx)
			if err != nil {
				return err
			}
			if done, err = policy.Merge(text, d.keyGrants(s.ARN)); err == nil && !done.Changed {
				return nil
			}
			done, err = store.Allow(ctx, grants, r.sleep)
			return err
		})
		r.touched(aKey)
		return done, err
	})
	if !d.spec.UpdateKeyPolicy {
		step.again = nil
	}
	return step, nil
}

// unreadKeyPolicy is for a key whose policy may not be read. Trails that all
// use the key already are not held up by it.
func (d differ) unreadKeyPolicy(s KeyState) (Step, error) {
	for _, h := range d.cur.Homes {
		if h.Trail == nil || h.Trail.KMSKey != s.ARN {
			return Step{}, fmt.Errorf("KMS key %s: %w: %w", s.Asked, ErrKeyUnread, s.PolicyErr)
		}
	}
	return Step{
		Kind: Keep, Target: "key policy", Summary: "may not be read, and is left as it is",
		Notes: []string{"it is used already, and is not checked: " + awserr.Plain(s.PolicyErr)},
	}, nil
}

func keyStore(client KMS, keyARN string) policy.Store {
	return policy.Store{
		Name: "the policy of KMS key " + keyARN,
		Read: func(ctx context.Context) (string, error) {
			out, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &keyARN, PolicyName: aws.String(keyPolicyName)})
			if err != nil {
				return "", fmt.Errorf("reading the policy of KMS key %s: %w", keyARN, err)
			}
			return aws.ToString(out.Policy), nil
		},
		Write: func(ctx context.Context, text string) error {
			_, err := client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &keyARN, PolicyName: aws.String(keyPolicyName), Policy: &text})
			if err != nil {
				return fmt.Errorf("writing the policy of KMS key %s: %w", keyARN, err)
			}
			return nil
		},
		Max: maxKeyPolicy,
	}
}
