package trail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"trailctl/internal/policy"
)

// What Diff refuses about a role.
var (
	ErrRoleMissing = errors.New("there is no such role")
	ErrRoleForeign = errors.New("the role must be of the trail's own account")
	ErrRoleTrust   = errors.New("CloudTrail may not assume the role")
	// ErrRoleTaken says that a role has the name of DefaultRole and not our
	// tag: it is never opened to CloudTrail.
	ErrRoleTaken = errors.New("a role of that name is there, which trailctl did not make for this trail: it is left alone")
)

// RoleTrustError says what a role's trust policy lacks.
type RoleTrustError struct {
	Role       string
	Statements string // a trust policy, JSON
}

func (e *RoleTrustError) Error() string { return fmt.Sprintf("role %s: %v", e.Role, ErrRoleTrust) }

// Unwrap is ErrRoleTrust.
func (e *RoleTrustError) Unwrap() error { return ErrRoleTrust }

// The inline policy of the roles that are made here, and the Sids of AWS's own
// example ("Role policy document for CloudTrail to use CloudWatch Logs for
// monitoring").
const (
	rolePolicyName  = "CloudTrailToCloudWatchLogs"
	createStreamSid = "AWSCloudTrailCreateLogStream2014110"
	putEventsSid    = "AWSCloudTrailPutLogEvents20141101"
	maxRoleName     = 64
	maxRolePolicy   = 10240 // of all inline policies together (IAM quotas)
	maxTrustPolicy  = 2048  // without a raised quota
)

// DefaultRole is the role for log groups of a trail for which none is named.
// All trails of that name share it.
func DefaultRole(trailName string) string {
	name := "CloudTrail-CloudWatchLogs-" + trailName
	if len(name) > maxRoleName {
		name = name[:maxRoleName-9] + "-" + hash(trailName)
	}
	return name
}

// RoleState is what is known of the role for the log groups.
type RoleState struct {
	Name, ARN string
	Exists    bool
	Default   bool   // it is DefaultRole and has OwnerTag, or will have it: its policies are looked after here
	Taken     bool   // it is DefaultRole, was not asked for by name, and does not have the tag
	Trust     string // JSON
	Policy    string // the inline policy of ours, when it is looked after here; "" for none
	// Inline are the texts of the inline policies by name, and Attached tells
	// whether there are managed ones, when it is not looked after here.
	Inline   map[string]string
	Attached bool
}

// roleWanted is the role that the spec speaks of, and whether it speaks of one.
func roleWanted(spec Spec, homes []Home) (nameOrARN string, asked bool) {
	switch {
	case spec.LogRole != "":
		return spec.LogRole, true
	case spec.LogGroup == nil || *spec.LogGroup == "":
		return "", false
	}
	for _, h := range homes {
		if h.Trail != nil && h.Trail.LogRoleARN != "" {
			return h.Trail.LogRoleARN, true
		}
	}
	return DefaultRole(spec.Name), true
}

func describeRole(ctx context.Context, clients Clients, spec Spec, homes []Home) (*RoleState, error) {
	wanted, asked := roleWanted(spec, homes)
	if !asked {
		return nil, nil
	}
	name, account, err := splitRole(wanted)
	if err != nil {
		return nil, err
	}
	if account != "" && account != clients.Account.ID {
		return nil, fmt.Errorf("role %s: %w", wanted, ErrRoleForeign)
	}
	s := &RoleState{
		Name: name, ARN: fmt.Sprintf("arn:%s:iam::%s:role/%s", clients.Account.Partition, clients.Account.ID, name),
		Default: name == DefaultRole(spec.Name),
	}
	client := clients.IAM()
	role, err := readRole(ctx, client, name)
	if err != nil || role == nil {
		return s, err
	}
	if s.Default {
		// CreateRole tags in the same call: a role of our own always has it.
		owner, err := ownerOf(ctx, client, name, role)
		if err != nil {
			return nil, err
		}
		s.Default = owner == spec.Name
		s.Taken = !s.Default && spec.LogRole == ""
	}
	s.Exists, s.ARN, s.Trust = true, aws.ToString(role.Arn), unescaped(role.AssumeRolePolicyDocument)
	return s, s.readPolicies(ctx, client)
}

func (s *RoleState) readPolicies(ctx context.Context, client IAM) (err error) {
	if s.Default {
		s.Policy, err = readRolePolicy(ctx, client, s.Name, rolePolicyName)
		return err
	}
	if s.Inline, err = readInline(ctx, client, s.Name); err != nil {
		return err
	}
	attached, err := readAttached(ctx, client, s.Name)
	s.Attached = len(attached) > 0
	return err
}

// trustGrant lets CloudTrail assume a role. It has no aws:SourceArn: CloudTrail
// documents it for buckets, topics and keys, but not for roles.
func trustGrant() policy.Grant {
	return policy.Grant{Service: "cloudtrail.amazonaws.com", Action: "sts:AssumeRole"}
}

// roleGrants are exactly what CloudTrail needs in the log groups.
func (d differ) roleGrants() []policy.Grant {
	var grants []policy.Grant
	for _, need := range [][2]string{{createStreamSid, "logs:CreateLogStream"}, {putEventsSid, "logs:PutLogEvents"}} {
		for _, t := range d.trails {
			if t.LogGroupARN == "" {
				continue
			}
			for _, resource := range d.logStreamARNs(t) {
				grants = append(grants, policy.Grant{Sid: need[0], Action: need[1], Resource: resource})
			}
		}
	}
	return grants
}

// roleSteps are the steps for the role and its policies.
func (d differ) roleSteps() ([]Step, error) {
	s := d.cur.Role
	switch {
	case s == nil:
		return nil, nil
	case !s.Exists && !s.Default:
		return nil, fmt.Errorf("role %s: %w", s.Name, ErrRoleMissing)
	case !s.Default:
		return d.givenRole(*s)
	case !s.Exists:
		p, err := d.rolePolicyStep(*s)
		return []Step{d.newRole(*s), p}, err
	}
	trust, err := policy.Merge(s.Trust, []policy.Grant{trustGrant()})
	if err == nil {
		err = trust.Within(maxTrustPolicy)
	}
	if err != nil {
		return nil, fmt.Errorf("the trust policy of role %s: %w", s.Name, err)
	}
	keep := Step{Kind: Keep, Target: "role " + s.Name, Summary: "is there"}
	step := policyStep(aRole, "trust policy of "+s.Name, "CloudTrail assume it", trust, []policy.Grant{trustGrant()},
		func(ctx context.Context, r *run) (policy.Change, error) {
			r.touched(aRole)
			return trustStore(r.clients.IAM(), s.Name).Allow(ctx, []policy.Grant{trustGrant()}, r.sleep)
		})
	p, err := d.rolePolicyStep(*s)
	if step.Kind == Keep {
		return []Step{keep, p}, err
	}
	return []Step{keep, step, p}, err
}

// givenRole is a role that somebody else looks after: it is checked as far as
// that is possible, and stays as it is.
func (d differ) givenRole(s RoleState) ([]Step, error) {
	if c, err := policy.Merge(s.Trust, []policy.Grant{trustGrant()}); err != nil || c.Changed {
		if s.Taken {
			return nil, fmt.Errorf("role %s: %w", s.Name, ErrRoleTaken)
		}
		return nil, &RoleTrustError{Role: s.Name, Statements: statements([]policy.Grant{trustGrant()})}
	}
	step := Step{Kind: Keep, Target: "role " + s.Name, Summary: "is there, and is left as it is"}
	if s.Taken {
		step.Notes = append(step.Notes, "it was not made by trailctl for this trail: it has no tag "+OwnerTag+"="+d.spec.Name+", and is used as if it had been named")
	}
	inline := slices.Collect(maps.Values(s.Inline))
	for _, g := range d.roleGrants() {
		if slices.ContainsFunc(inline, func(text string) bool {
			c, err := policy.Merge(text, []policy.Grant{g})
			return err == nil && !c.Changed
		}) {
			continue
		}
		if s.Attached {
			step.Notes = append(step.Notes, fmt.Sprintf("%s on %s is not in its inline policies; its attached policies are not looked into", g.Action, g.Resource))
		} else {
			step.Warnings = append(step.Warnings, fmt.Sprintf("it does not allow %s on %s: CloudTrail will not be able to deliver there", g.Action, g.Resource))
		}
	}
	return []Step{step}, nil
}

func (d differ) newRole(s RoleState) Step {
	trust := statements([]policy.Grant{trustGrant()})
	return Step{
		Kind: Create, Target: "role " + s.Name, Summary: "with which CloudTrail writes to the log group",
		After:  trust,
		Fields: []Field{{Name: "Tag " + OwnerTag, After: d.spec.Name}},
		Notes:  opens([]policy.Grant{trustGrant()}),
		do: func(ctx context.Context, r *run, _ *Step) error {
			r.touched(aRole)
			return createRole(ctx, r, s.Name, d.spec.Name, trust)
		},
	}
}

func createRole(ctx context.Context, r *run, name, trailName, trust string) error {
	client := r.clients.IAM()
	_, err := client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: &trust,
		Description: aws.String("CloudTrail writes with it to the log group of trail " + trailName),
		Tags:        []types.Tag{{Key: aws.String(OwnerTag), Value: &trailName}},
	})
	if errorCode(err) == "EntityAlreadyExists" {
		err = ownRole(ctx, client, name, trailName)
	}
	if err != nil {
		return fmt.Errorf("creating role %s: %w", name, err)
	}
	return nil
}

// ownRole tells a call's own work, whose answer was lost, from a role that
// somebody else made in between.
func ownRole(ctx context.Context, client IAM, name, trailName string) error {
	tags, err := readRoleTags(ctx, client, name)
	if err == nil && tags[OwnerTag] != trailName {
		err = ErrRoleTaken
	}
	return err
}

func (d differ) rolePolicyStep(s RoleState) (Step, error) {
	grants := d.roleGrants()
	change, err := policy.Merge(s.Policy, grants)
	if err == nil {
		err = change.Within(maxRolePolicy)
	}
	if err != nil {
		return Step{}, fmt.Errorf("policy %s of role %s: %w", rolePolicyName, s.Name, err)
	}
	return policyStep(aRole, "role policy of "+s.Name, "CloudTrail write to the log group", change, grants,
		func(ctx context.Context, r *run) (policy.Change, error) {
			var done policy.Change
			err := r.until(ctx, func() (err error) {
				done, err = rolePolicyStore(r.clients.IAM(), s.Name).Allow(ctx, grants, r.sleep)
				return err
			})
			r.touched(aRole)
			return done, err
		}), nil
}

func trustStore(client IAM, role string) policy.Store {
	return policy.Store{
		Name: "the trust policy of role " + role,
		Read: func(ctx context.Context) (string, error) {
			r, err := readRole(ctx, client, role)
			if err == nil && r == nil {
				err = fmt.Errorf("role %s: %w", role, ErrRoleMissing)
			}
			if err != nil {
				return "", err
			}
			return unescaped(r.AssumeRolePolicyDocument), nil
		},
		Write: func(ctx context.Context, text string) error {
			_, err := client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &role, PolicyDocument: &text})
			if err != nil {
				return fmt.Errorf("writing the trust policy of role %s: %w", role, err)
			}
			return nil
		},
		Max: maxTrustPolicy,
	}
}

func rolePolicyStore(client IAM, role string) policy.Store {
	return policy.Store{
		Name: "policy " + rolePolicyName + " of role " + role,
		Read: func(ctx context.Context) (string, error) { return readRolePolicy(ctx, client, role, rolePolicyName) },
		Write: func(ctx context.Context, text string) error {
			_, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String(rolePolicyName), PolicyDocument: &text})
			if err != nil {
				return fmt.Errorf("writing policy %s of role %s: %w", rolePolicyName, role, err)
			}
			return nil
		},
		Max: maxRolePolicy,
	}
}
