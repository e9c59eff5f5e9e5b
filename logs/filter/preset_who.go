package filter

import "strings"

// regionsByDefault are the regions that every account has without enabling
// them: "Regions available for an account" in the account management guide.
// No region has been added to them since March 2019; later ones are all
// opt-in.
var regionsByDefault = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1",
	"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
}

// otherPartitions are the regions of accounts that are no commercial ones.
var otherPartitions = []string{"cn-*", "us-gov-*", "us-iso*", "eu-isoe-*", "eusc-*"}

// The sets that ask who came in, and how. The conditions for root use, for
// refused calls and for logins without MFA go back to the metric filters of the
// CIS AWS Foundations Benchmark; the last asks for the root user, too.
func presetsWho() []Preset {
	return []Preset{
		{
			Name: "root", Help: "What was done as the root user?",
			AnyOf: [][]string{{"userIdentity.type=Root", "userIdentity.invokedBy !exists", "eventType!=AwsServiceEvent"}},
		},
		{
			Name: "console-login", Help: "Who signed in to the console, or failed to?",
			AnyOf: [][]string{
				calls("signin", `ConsoleLogin CheckMfa SwitchRole ExitRole RenewRole GetSigninToken UserAuthentication
					CredentialChallenge CredentialVerification ExternalIdPDirectoryLogin PasswordRecoveryRequested
					PasswordRecoveryCompleted`),
				calls("sso", "Authenticate Federate"),
			},
		},
		{
			Name: "login-without-mfa", Help: "Which users signed in without a second factor?",
			AnyOf: [][]string{
				calls("signin", "ConsoleLogin", "responseElements.ConsoleLogin=Success", "userIdentity.type in IAMUser,Root",
					"additionalEventData.MFAUsed!=Yes"),
			},
		},
		{
			Name: "denied", Help: "Which calls were refused for want of permission?",
			AnyOf: [][]string{
				{"errorCode in AccessDenied*,*.AccessDenied,*UnauthorizedOperation,Unauthorized*,*NotAuthorized*,AuthorizationError*,Forbidden*"},
				{"errorMessage=*not authorized to perform*"},
			},
		},
		{
			Name: "key-use", Help: "What was done with, and to, long-term access keys?",
			AnyOf: [][]string{
				{"userIdentity.accessKeyId^=AKIA"},
				calls("iam", "CreateAccessKey UpdateAccessKey DeleteAccessKey"),
			},
		},
		{
			Name: "new-region", Help: "What was changed in regions that must first be enabled?",
			AnyOf: [][]string{
				{
					"awsRegion exists", "readOnly!=true",
					"awsRegion !in " + strings.Join(regionsByDefault, ",") + "," + strings.Join(otherPartitions, ","),
				},
				calls("account", "EnableRegion"),
			},
		},
	}
}
