package trail

import (
	"context"
	"errors"
	"fmt"
	"net/url"
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
	Default   bool   // it is DefaultRole: its policies are looked after here
	Trust     string // JSON
	Policy    string // the inline policy of ours; "" for none
	Others    bool   // it has other policies
	// OtherInline are the texts of other inline policies, when it is not
	// looked after here.
	OtherInline []string
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
	out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	switch {
	case errorCode(err) == "NoSuchEntity":
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("reading role %s: %w", name, err)
	case out.Role == nil:
		return nil, fmt.Errorf("reading role %s: the answer holds no role", name)
	}
	s.Exists, s.ARN, s.Trust = true, aws.ToString(out.Role.Arn), unescaped(out.Role.AssumeRolePolicyDocument)
	return s, s.readPolicies(ctx, client)
}

// readPolicies reads the inline policies, and of the attached ones whether
// there are any.
func (s *RoleState) readPolicies(ctx context.Context, client IAM) error {
	var err error
	if s.Policy, err = readRolePolicy(ctx, client, s.Name, rolePolicyName); err != nil || s.Default {
		return err
	}
	names, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &s.Name})
	if err != nil {
		return fmt.Errorf("reading the policies of role %s: %w", s.Name, err)
	}
	for _, n := range names.PolicyNames {
		text, err := readRolePolicy(ctx, client, s.Name, n)
		if err != nil {
			return err
		}
		s.OtherInline = append(s.OtherInline, text)
	}
	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &s.Name})
	if err != nil {
		return fmt.Errorf("reading the policies of role %s: %w", s.Name, err)
	}
	s.Others = len(attached.AttachedPolicies) > 0
	return nil
}

func readRolePolicy(ctx context.Context, client IAM, role, name string) (string, error) {
	out, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
	switch {
	case errorCode(err) == "NoSuchEntity":
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading policy %s of role %s: %w", name, role, err)
	}
	return unescaped(out.PolicyDocument), nil
}

// unescaped is a policy as IAM answers it: percent-encoded (IAM API
// reference, GetRole).
func unescaped(text *string) string {
	if plain, err := url.PathUnescape(aws.ToString(text)); err == nil {
		return plain
	}
	return aws.ToString(text)
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
	step := policyStep("trust policy of "+s.Name, "CloudTrail assume it", trust, []policy.Grant{trustGrant()},
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
		return nil, &RoleTrustError{Role: s.Name, Statements: statements([]policy.Grant{trustGrant()})}
	}
	step := Step{Kind: Keep, Target: "role " + s.Name, Summary: "is there, and is left as it is"}
	for _, g := range d.roleGrants() {
		if slices.ContainsFunc(s.OtherInline, func(text string) bool {
			c, err := policy.Merge(text, []policy.Grant{g})
			return err == nil && !c.Changed
		}) {
			continue
		}
		if s.Others {
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
		// This call's own work, when its answer was lost, or somebody else's.
		_, err = trustStore(client, name).Allow(ctx, []policy.Grant{trustGrant()}, r.sleep)
	}
	if err != nil {
		return fmt.Errorf("creating role %s: %w", name, err)
	}
	return nil
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
	return policyStep("role policy of "+s.Name, "CloudTrail write to the log group", change, grants,
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
			out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
			if err != nil {
				return "", fmt.Errorf("reading role %s: %w", role, err)
			}
			if out.Role == nil {
				return "", fmt.Errorf("reading role %s: the answer holds no role", role)
			}
			return unescaped(out.Role.AssumeRolePolicyDocument), nil
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
