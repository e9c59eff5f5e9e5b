package trail

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// readRole reads a role; nil when there is none of that name.
func readRole(ctx context.Context, client IAM, name string) (*types.Role, error) {
	out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	switch {
	case errorCode(err) == "NoSuchEntity":
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading role %s: %w", name, err)
	case out.Role == nil:
		return nil, fmt.Errorf("reading role %s: the answer holds no role", name)
	}
	return out.Role, nil
}

// readInline reads a role's inline policies: their texts by their names.
func readInline(ctx context.Context, client IAM, role string) (map[string]string, error) {
	var names []string
	err := everyPage(func(token *string) (*string, error) {
		out, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &role, Marker: token})
		if err != nil {
			return nil, err
		}
		names = append(names, out.PolicyNames...)
		return following(out.IsTruncated, out.Marker)
	})
	texts := map[string]string{}
	if err != nil {
		return texts, fmt.Errorf("listing the policies of role %s: %w", role, err)
	}
	for _, name := range names {
		if texts[name], err = readRolePolicy(ctx, client, role, name); err != nil {
			return texts, err
		}
	}
	return texts, nil
}

// readRolePolicy reads one inline policy; "" when there is none of that name.
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

// readAttached lists the managed policies of a role, by ARN.
func readAttached(ctx context.Context, client IAM, role string) ([]string, error) {
	var arns []string
	err := everyPage(func(token *string) (*string, error) {
		out, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &role, Marker: token})
		if err != nil {
			return nil, err
		}
		for _, a := range out.AttachedPolicies {
			arns = append(arns, aws.ToString(a.PolicyArn))
		}
		return following(out.IsTruncated, out.Marker)
	})
	if err != nil {
		return nil, fmt.Errorf("listing the managed policies of role %s: %w", role, err)
	}
	return arns, nil
}

func readRoleTags(ctx context.Context, client IAM, role string) (map[string]string, error) {
	tags := map[string]string{}
	err := everyPage(func(token *string) (*string, error) {
		out, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: &role, Marker: token})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		return following(out.IsTruncated, out.Marker)
	})
	if err != nil {
		return tags, fmt.Errorf("reading the tags of role %s: %w", role, err)
	}
	return tags, nil
}

// ownerOf is the trail that a role was made for here, "" for none. GetRole
// answers the tags, too, but not every imitation of IAM does.
func ownerOf(ctx context.Context, client IAM, name string, role *types.Role) (string, error) {
	for _, t := range role.Tags {
		if aws.ToString(t.Key) == OwnerTag {
			return aws.ToString(t.Value), nil
		}
	}
	if len(role.Tags) > 0 {
		return "", nil
	}
	tags, err := readRoleTags(ctx, client, name)
	return tags[OwnerTag], err
}
