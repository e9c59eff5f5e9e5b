package upstream

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/iampolicy"
)

// roles is the upstream's IAM.
type roles struct{ *clients }

// iamRegion is the region that calls to IAM are signed for.
const iamRegion = "us-east-1"

const noEntity = "NoSuchEntity"

// Role looks at a role with all its policies. When they were changed is not
// known.
func (r roles) Role(ctx context.Context, arn string) (*cloudtrail.RoleState, error) {
	ctx, cancel := question(ctx)
	defer cancel()
	_, account := r.inARN(arn)
	api := r.in(account, iamRegion).iam
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	out, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err = r.refusal(err); isRefusal(err, noEntity) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if out.Role == nil || aws.ToString(out.Role.Arn) != arn {
		return nil, nil // the same name below another path
	}
	trust := r.parse(unescape(out.Role.AssumeRolePolicyDocument), "role "+arn, iampolicy.ParseTrust)
	policies, err := r.policies(ctx, api, name)
	if err != nil {
		return nil, err
	}
	return &cloudtrail.RoleState{
		Assumable: func(principal string, conditions map[string]string) bool {
			return trust.AllowsService(iampolicy.ServiceRequest{
				Principal: principal, Action: "sts:AssumeRole", Resource: arn, Account: account, Time: r.Now(), Conditions: conditions,
			})
		},
		May: func(action, resource string) bool {
			return iampolicy.RoleMay(policies, iampolicy.RequestOfRole{ARN: arn, Account: account, Action: action, Resource: resource})
		},
	}, nil
}

// unescape reads a policy document, which IAM answers URL-encoded. One that is
// not is left as it is.
func unescape(document *string) string {
	text := aws.ToString(document)
	if strings.HasPrefix(text, "%7B") || strings.HasPrefix(text, "%7b") {
		if plain, err := url.PathUnescape(text); err == nil {
			return plain
		}
	}
	return text
}

// policies are a role's inline and attached policies.
func (r roles) policies(ctx context.Context, api *iam.Client, role string) ([]*iampolicy.Policy, error) {
	var list []*iampolicy.Policy
	inline := iam.NewListRolePoliciesPaginator(api, &iam.ListRolePoliciesInput{RoleName: &role})
	for inline.HasMorePages() {
		page, err := inline.NextPage(ctx)
		if err != nil {
			return nil, r.refusal(err)
		}
		for _, name := range page.PolicyNames {
			out, err := api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
			if err != nil {
				return nil, r.refusal(err)
			}
			list = append(list, r.parse(unescape(out.PolicyDocument), "role "+role+", "+name, iampolicy.ParseIdentity))
		}
	}
	attached := iam.NewListAttachedRolePoliciesPaginator(api, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	for attached.HasMorePages() {
		page, err := attached.NextPage(ctx)
		if err != nil {
			return nil, r.refusal(err)
		}
		for _, p := range page.AttachedPolicies {
			one, err := r.managed(ctx, api, aws.ToString(p.PolicyArn))
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
	}
	return list, nil
}

// managed is the default version of a managed policy; nil for one that the
// upstream lets a role have without having it itself, such as AWS's own.
func (r roles) managed(ctx context.Context, api *iam.Client, arn string) (*iampolicy.Policy, error) {
	out, err := api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err = r.refusal(err); isRefusal(err, noEntity) {
		r.Log.Warn("an attached policy cannot be read, and allows nothing", "policy", arn)
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	version, err := api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: out.Policy.DefaultVersionId})
	if err != nil {
		return nil, r.refusal(err)
	}
	return r.parse(unescape(version.PolicyVersion.Document), "policy "+arn, iampolicy.ParseIdentity), nil
}
