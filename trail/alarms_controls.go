package trail

import "strings"

// AlarmControl is one thing that an alarm should watch for: an item of
// section 4 of the CIS AWS Foundations Benchmark, which has the same number in
// v1.4.0 and v3.0.0, and the Security Hub control that checks the same.
type AlarmControl struct {
	CIS         string // "4.3"
	SecurityHub string // "CloudWatch.1"; "" for none
	Slug        string // ends the names of filter, metric and alarm
	Title       string
	// Patterns satisfy the item. The first is the one to write: Security
	// Hub takes it, too. The others are CIS's own where they differ.
	Patterns []string
}

// AlarmControls are all of them, by number.
func AlarmControls() []AlarmControl {
	return []AlarmControl{
		{"4.1", "CloudWatch.2", "unauthorized-api-calls", "calls that were not allowed raise an alarm", []string{
			`{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}`,
			`{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*") && ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket")}`,
			`{(($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")) && (($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket"))}`,
		}},
		{"4.2", "CloudWatch.3", "console-sign-in-without-mfa", "sign-ins without MFA raise an alarm", []string{
			`{($.eventName="ConsoleLogin") && ($.additionalEventData.MFAUsed !="Yes") && ($.userIdentity.type="IAMUser") && ($.responseElements.ConsoleLogin="Success")}`,
			`{($.eventName="ConsoleLogin") && ($.additionalEventData.MFAUsed !="Yes")}`,
		}},
		{"4.3", "CloudWatch.1", "root-usage", "use of the root user raises an alarm", []string{
			`{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}`,
		}},
		{"4.4", "CloudWatch.4", "iam-policy-changes", "changes of IAM policies raise an alarm", []string{
			`{($.eventSource=iam.amazonaws.com) && (` + anyEvent("DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy") + `)}`,
			`{` + anyEvent("DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy") + `}`,
		}},
		{"4.5", "CloudWatch.5", "cloudtrail-changes", "changes of CloudTrail raise an alarm", []string{
			`{` + anyEvent("CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging") + `}`,
		}},
		{"4.6", "CloudWatch.6", "console-sign-in-failures", "failed console sign-ins raise an alarm", []string{
			`{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}`,
		}},
		{"4.7", "CloudWatch.7", "kms-key-removal", "losing a KMS key raises an alarm", []string{
			`{($.eventSource=kms.amazonaws.com) && (` + anyEvent("DisableKey ScheduleKeyDeletion") + `)}`,
		}},
		{"4.8", "CloudWatch.8", "s3-bucket-policy-changes", "changes of bucket policies raise an alarm", []string{
			`{($.eventSource=s3.amazonaws.com) && (` + anyEvent("PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication") + `)}`,
		}},
		{"4.9", "CloudWatch.9", "config-changes", "changes of AWS Config raise an alarm", []string{
			`{($.eventSource=config.amazonaws.com) && (` + anyEvent("StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder") + `)}`,
		}},
		{"4.10", "CloudWatch.10", "security-group-changes", "changes of security groups raise an alarm", []string{
			`{` + anyEvent("AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup") + `}`,
		}},
		{"4.11", "CloudWatch.11", "network-acl-changes", "changes of network ACLs raise an alarm", []string{
			`{` + anyEvent("CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry ReplaceNetworkAclAssociation") + `}`,
		}},
		{"4.12", "CloudWatch.12", "network-gateway-changes", "changes of network gateways raise an alarm", []string{
			`{` + anyEvent("CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway DeleteInternetGateway DetachInternetGateway") + `}`,
		}},
		{"4.13", "CloudWatch.13", "route-table-changes", "changes of route tables raise an alarm", []string{
			`{($.eventSource=ec2.amazonaws.com) && (` + anyEvent("CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute DisassociateRouteTable") + `)}`,
			`{` + anyEvent("CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute DisassociateRouteTable") + `}`,
			`{($.eventSource=ec2.amazonaws.com) && ` + anyEvent("CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute DisassociateRouteTable") + `}`,
		}},
		{"4.14", "CloudWatch.14", "vpc-changes", "changes of VPCs raise an alarm", []string{
			`{` + anyEvent("CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection DeleteVpcPeeringConnection RejectVpcPeeringConnection AttachClassicLinkVpc DetachClassicLinkVpc DisableVpcClassicLink EnableVpcClassicLink") + `}`,
		}},
		{"4.15", "", "organizations-changes", "changes of the organization raise an alarm", []string{
			`{($.eventSource=organizations.amazonaws.com) && (` + anyEvent("AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy UpdateOrganizationalUnit") + `)}`,
		}},
	}
}

// anyEvent is a pattern's part for one of several events.
func anyEvent(names string) string {
	var parts []string
	for _, n := range strings.Fields(names) {
		parts = append(parts, "($.eventName="+n+")")
	}
	return strings.Join(parts, " || ")
}

// Satisfies tells whether a metric filter's pattern is one that the item
// asks for. More or fewer terms are another pattern: Security Hub refuses
// them, and CIS gives the exact text.
func (c AlarmControl) Satisfies(pattern string) bool {
	for _, p := range c.Patterns {
		if SamePattern(p, pattern) {
			return true
		}
	}
	return false
}

// Named tells whether an id means this item: "4.3", "CloudWatch.1".
func (c AlarmControl) Named(id string) bool {
	return id != "" && (strings.EqualFold(id, c.CIS) || strings.EqualFold(id, c.SecurityHub))
}
