package filter

// The sets that ask what was changed to gain power, to hide, or to open a
// door. The trail, network and key calls include those of the metric filters
// of the CIS AWS Foundations Benchmark.
func presetsChanges() []Preset {
	return []Preset{
		{
			Name: "iam-changes", Help: "What was changed in users, roles, policies and sign-on?",
			AnyOf: [][]string{
				{"eventSource=iam.amazonaws.com", "readOnly!=true", "eventName !in Get*,List*,Generate*,Simulate*"},
				calls("sso", `CreateAccountAssignment DeleteAccountAssignment CreatePermissionSet UpdatePermissionSet DeletePermissionSet
					ProvisionPermissionSet PutInlinePolicyToPermissionSet DeleteInlinePolicyFromPermissionSet
					AttachManagedPolicyToPermissionSet DetachManagedPolicyFromPermissionSet
					AttachCustomerManagedPolicyReferenceToPermissionSet DetachCustomerManagedPolicyReferenceFromPermissionSet
					PutPermissionsBoundaryToPermissionSet DeletePermissionsBoundaryFromPermissionSet`),
				calls("identitystore", "CreateUser UpdateUser DeleteUser CreateGroup UpdateGroup DeleteGroup CreateGroupMembership DeleteGroupMembership"),
				calls("sso-directory", "CreateUser UpdateUser DeleteUser CreateGroup DeleteGroup AddMemberToGroup RemoveMemberFromGroup UpdatePassword"),
				calls("organizations", "AttachPolicy DetachPolicy CreatePolicy UpdatePolicy DeletePolicy EnablePolicyType DisablePolicyType LeaveOrganization"),
				calls("rolesanywhere", `CreateTrustAnchor UpdateTrustAnchor EnableTrustAnchor DisableTrustAnchor DeleteTrustAnchor
					CreateProfile UpdateProfile EnableProfile DisableProfile DeleteProfile`),
			},
		},
		{
			Name: "privilege-escalation", Help: "Who gave out rights, or took on those of another?",
			AnyOf: [][]string{
				calls("iam", `CreatePolicyVersion SetDefaultPolicyVersion AttachUserPolicy AttachGroupPolicy AttachRolePolicy
					PutUserPolicy PutGroupPolicy PutRolePolicy AddUserToGroup UpdateAssumeRolePolicy CreateAccessKey
					CreateLoginProfile UpdateLoginProfile AddRoleToInstanceProfile DeleteUserPermissionsBoundary
					DeleteRolePermissionsBoundary PutUserPermissionsBoundary PutRolePermissionsBoundary DeactivateMFADevice
					CreateSAMLProvider UpdateSAMLProvider CreateOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
					AddClientIDToOpenIDConnectProvider`),
				calls("sts", "GetFederationToken AssumeRoot"),
				calls("ec2", "AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation"),
				calls("sso", `CreateAccountAssignment PutInlinePolicyToPermissionSet AttachManagedPolicyToPermissionSet
					AttachCustomerManagedPolicyReferenceToPermissionSet`),
				calls("rolesanywhere", "CreateTrustAnchor CreateProfile UpdateProfile"),
				calls("organizations", "DetachPolicy DisablePolicyType LeaveOrganization"),
				calls("eks", "CreateAccessEntry AssociateAccessPolicy"),
			},
		},
		{
			Name: "trail-tampering", Help: "Who changed trails, or how long buckets keep files?",
			AnyOf: [][]string{
				calls("cloudtrail", `StopLogging DeleteTrail UpdateTrail CreateTrail StartLogging PutEventSelectors PutInsightSelectors
					DeleteEventDataStore UpdateEventDataStore StopEventDataStoreIngestion PutEventConfiguration DeleteChannel
					DeleteResourcePolicy PutResourcePolicy DeregisterOrganizationDelegatedAdmin`),
				calls("s3", "PutBucketLifecycle*"),
			},
		},
		{
			Name: "detection-off", Help: "Who switched off other logs, detectors and alarms?",
			AnyOf: [][]string{
				calls("config", "StopConfigurationRecorder DeleteConfigurationRecorder PutConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel DeleteConfigRule"),
				calls("guardduty", `DeleteDetector UpdateDetector DeleteMembers DisassociateMembers DisassociateFromAdministratorAccount
					StopMonitoringMembers DeletePublishingDestination CreateFilter UpdateFilter ArchiveFindings CreateIPSet UpdateIPSet`),
				calls("securityhub", "DisableSecurityHub BatchDisableStandards UpdateStandardsControl DisassociateFromAdministratorAccount DisableImportFindingsForProduct"),
				calls("ec2", "DeleteFlowLogs"),
				calls("logs", "DeleteLogGroup DeleteLogStream PutRetentionPolicy DeleteMetricFilter DeleteSubscriptionFilter"),
				calls("monitoring", "DeleteAlarms DisableAlarmActions SetAlarmState"),
				calls("events", "DeleteRule DisableRule RemoveTargets"),
				calls("route53resolver", "DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig"),
				calls("s3", "PutBucketLogging"),
				calls("bedrock", "DeleteModelInvocationLoggingConfiguration PutModelInvocationLoggingConfiguration"),
				calls("wafv2", "DeleteLoggingConfiguration DisassociateWebACL DeleteWebACL"),
				calls("macie2", "DisableMacie UpdateMacieSession"),
				calls("inspector2", "Disable"),
				calls("access-analyzer", "DeleteAnalyzer"),
			},
		},
		{
			Name: "public-access", Help: "What may have been opened to everybody, or other accounts?",
			AnyOf: [][]string{
				calls("s3", `PutBucketPolicy PutBucketAcl PutObjectAcl PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock
					PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock PutBucketWebsite PutBucketOwnershipControls
					PutAccessPointPolicy`),
				calls("ec2", `ModifySnapshotAttribute ModifyImageAttribute ModifyFpgaImageAttribute DisableSnapshotBlockPublicAccess
					DisableImageBlockPublicAccess ModifySecurityGroupRules`),
				calls("ec2", "AuthorizeSecurityGroupIngress", "requestParameters.cidrIp=*/0"),
				calls("ec2", "AuthorizeSecurityGroupIngress", "requestParameters.ipPermissions.items[].ipRanges.items[].cidrIp=*/0"),
				calls("ec2", "AuthorizeSecurityGroupIngress", "requestParameters.ipPermissions.items[].ipv6Ranges.items[].cidrIpv6=*/0"),
				calls("rds", "ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute"),
				calls("rds", "CreateDBInstance ModifyDBInstance", "requestParameters.publiclyAccessible=true"),
				calls("redshift", "CreateCluster ModifyCluster", "requestParameters.publiclyAccessible=true"),
				calls("lambda", "AddPermission* AddLayerVersionPermission* CreateFunctionUrlConfig UpdateFunctionUrlConfig"),
				calls("kms", "PutKeyPolicy CreateGrant", "userIdentity.invokedBy !exists"),
				calls("secretsmanager", "PutResourcePolicy"),
				calls("ssm", "ModifyDocumentPermission"),
				calls("ecr", "SetRepositoryPolicy"),
				calls("sns", "AddPermission"),
				calls("sns", "SetTopicAttributes", "requestParameters.attributeName=Policy"),
				calls("sqs", "AddPermission"),
				calls("sqs", "SetQueueAttributes", "requestParameters.attributes.Policy exists"),
				calls("logs", "PutResourcePolicy PutDestinationPolicy"),
				calls("events", "PutPermission"),
				calls("elasticfilesystem", "PutFileSystemPolicy"),
				calls("backup", "PutBackupVaultAccessPolicy"),
				calls("ram", "CreateResourceShare AssociateResourceShare"),
			},
		},
		{
			Name: "network-changes", Help: "What was changed in security groups, routes and names?",
			AnyOf: [][]string{
				calls("ec2", `CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress
					RevokeSecurityGroupIngress RevokeSecurityGroupEgress ModifySecurityGroupRules
					CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry
					ReplaceNetworkAclAssociation CreateCustomerGateway DeleteCustomerGateway CreateInternetGateway
					AttachInternetGateway DetachInternetGateway DeleteInternetGateway CreateNatGateway DeleteNatGateway
					CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRoute DeleteRouteTable
					AssociateRouteTable DisassociateRouteTable CreateVpc DeleteVpc ModifyVpcAttribute
					CreateVpcPeeringConnection AcceptVpcPeeringConnection RejectVpcPeeringConnection DeleteVpcPeeringConnection
					CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints CreateVpnConnection CreateClientVpnEndpoint
					CreateTransitGateway CreateTransitGatewayVpcAttachment CreateTrafficMirrorSession AssociateAddress
					ModifyInstanceMetadataOptions`),
				calls("route53", "ChangeResourceRecordSets CreateHostedZone DeleteHostedZone AssociateVPCWithHostedZone"),
				calls("route53domains", "TransferDomain UpdateDomainNameservers DisableDomainTransferLock DeleteDomain"),
				calls("network-firewall", "DeleteFirewall UpdateFirewallPolicy UpdateRuleGroup DisassociateSubnets"),
			},
		},
	}
}
