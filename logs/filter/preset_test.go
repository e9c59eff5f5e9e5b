package filter

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
)

// eventsOnly are names that stand in records and are no operations of an API
// model: those of sign-in and of consoles, and operations that are recorded
// under a name of their own.
var eventsOnly = map[string]string{
	// "AWS Management Console sign-in events" in the CloudTrail user guide,
	// "Understanding IAM Identity Center sign-in events" in the guide of that.
	"signin": `ConsoleLogin CheckMfa SwitchRole ExitRole RenewRole GetSigninToken UserAuthentication CredentialChallenge
		CredentialVerification ExternalIdPDirectoryLogin PasswordRecoveryRequested PasswordRecoveryCompleted`,
	"sso":           "Authenticate Federate",
	"sso-directory": "CreateUser UpdateUser DeleteUser CreateGroup DeleteGroup AddMemberToGroup RemoveMemberFromGroup UpdatePassword",
	// "Amazon S3 CloudTrail events" in the S3 user guide.
	"s3": "PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock",
	// The console's call that switches a model on for an account.
	"bedrock": "PutFoundationModelEntitlement",
	// The version of the API is part of the name.
	"lambda":               "CreateFunction20150331",
	"ec2-instance-connect": "OpenTunnel",
}

// operations are the operations of AWS's API models (of botocore) by the
// name that is in eventSource.
func operations(t *testing.T) map[string][]string {
	t.Helper()
	file, err := os.Open("testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	known := map[string][]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		known[words[0]] = words[1:]
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return known
}

// Every event of a preset is one that AWS has: a slip in a name would look
// like an all-clear.
func TestPresetsNameEventsThatExist(t *testing.T) {
	known := operations(t)
	for service, names := range eventsOnly {
		known[service] = append(known[service], strings.Fields(names)...)
	}
	seen := 0
	for _, p := range Presets() {
		for _, filters := range p.AnyOf {
			source, names := "", []string(nil)
			for _, s := range filters {
				e, err := parse(s)
				if err != nil {
					t.Fatalf("%s: %s: %v", p.Name, s, err)
				}
				switch {
				case e.field == "eventSource":
					source = strings.TrimSuffix(e.values[0], domain)
				case e.field == "eventName" && !e.negative():
					names = e.values
				}
			}
			if source != "" && known[source] == nil {
				t.Errorf("%s: no such service: %s", p.Name, source)
			}
			for _, name := range names {
				seen++
				pattern := parsePattern(name)
				if !slices.ContainsFunc(known[source], func(o string) bool { return pattern.match([]byte(o)) }) {
					t.Errorf("%s: %s has no %s", p.Name, source, name)
				}
			}
		}
	}
	if seen < 200 {
		t.Errorf("only %d names were looked at", seen)
	}
}

func TestPresetsCompile(t *testing.T) {
	all := Presets()
	if len(all) > 16 {
		t.Errorf("%d presets: nobody reads through so many", len(all))
	}
	names := map[string]bool{}
	for _, p := range all {
		if names[p.Name] || !strings.HasSuffix(p.Help, "?") {
			t.Errorf("%s: %s", p.Name, p.Help)
		}
		names[p.Name] = true
		for _, filters := range p.AnyOf {
			for _, s := range filters {
				// They are shown inside single quotes, and as anybody would
				// write them.
				e, err := parse(s)
				if err != nil || e.String() != s || strings.Contains(s, "'") {
					t.Errorf("%s: %s is written %s (%v)", p.Name, s, e, err)
				}
			}
		}
		if _, err := p.compile(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	for _, name := range []string{"root", "console-login", "denied", "iam-changes", "trail-tampering", "public-access", "key-use", "new-region"} {
		if !names[name] {
			t.Errorf("there is no preset %s", name)
		}
	}
}

func TestPresets(t *testing.T) {
	record := func(fields string) string {
		return `{"Records":[{"eventVersion":"1.08","eventID":"x",` + fields + `}]}`
	}
	login := func(kind, outcome, more string) string {
		return `"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","userIdentity":{"type":"` + kind +
			`"},"responseElements":{"ConsoleLogin":"` + outcome + `"},"additionalEventData":{` + more + `}`
	}
	for _, c := range []struct {
		preset, fields string
		want           bool
	}{
		{"root", `"userIdentity":{"type":"Root"},"eventType":"AwsApiCall"`, true},
		{"root", `"userIdentity":{"type":"Root","invokedBy":"s3.amazonaws.com"},"eventType":"AwsApiCall"`, false},
		{"root", `"userIdentity":{"type":"Root"},"eventType":"AwsServiceEvent"`, false},
		{"login-without-mfa", login("IAMUser", "Success", `"MFAUsed":"No"`), true},
		{"login-without-mfa", login("Root", "Success", `"MFAUsed":"No"`), true},
		{"login-without-mfa", login("IAMUser", "Success", `"MobileVersion":"No"`), true},
		{"login-without-mfa", login("IAMUser", "Success", `"MFAUsed":"Yes"`), false},
		{"login-without-mfa", login("IAMUser", "Failure", `"MFAUsed":"No"`), false},
		{"login-without-mfa", login("AssumedRole", "Success", `"MFAUsed":"No"`), false},
		{"denied", `"errorCode":"AccessDenied"`, true},
		{"denied", `"errorCode":"Client.UnauthorizedOperation"`, true},
		{"denied", `"errorMessage":"User: x is not authorized to perform: y"`, true},
		{"denied", `"errorCode":"NoSuchBucket"`, false},
		{"iam-changes", `"eventSource":"iam.amazonaws.com","eventName":"CreateUser","readOnly":false`, true},
		{"iam-changes", `"eventSource":"iam.amazonaws.com","eventName":"CreateUser"`, true}, // an old record
		{"iam-changes", `"eventSource":"iam.amazonaws.com","eventName":"ListUsers"`, false},
		{"iam-changes", `"eventSource":"iam.amazonaws.com","eventName":"SomethingNew","readOnly":true`, false},
		{"public-access", `"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","requestParameters":{"ipPermissions":{"items":[{"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"},{"cidrIp":"0.0.0.0/0"}]}}]}}`, true},
		{"public-access", `"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","requestParameters":{"ipPermissions":{"items":[{"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}`, false},
		{"public-access", `"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","requestParameters":{"cidrIp":"0.0.0.0/0","ipPermissions":{}}`, true},
		{"public-access", `"eventSource":"rds.amazonaws.com","eventName":"ModifyDBInstance","requestParameters":{"publiclyAccessible":true}`, true},
		{"public-access", `"eventSource":"rds.amazonaws.com","eventName":"ModifyDBInstance","requestParameters":{"publiclyAccessible":false}`, false},
		{"public-access", `"eventSource":"kms.amazonaws.com","eventName":"CreateGrant","userIdentity":{"invokedBy":"ec2.amazonaws.com"}`, false},
		{"new-region", `"awsRegion":"af-south-1","readOnly":false`, true},
		{"new-region", `"awsRegion":"af-south-1","readOnly":true`, false},
		{"new-region", `"awsRegion":"us-east-1","readOnly":false`, false},
		{"new-region", `"awsRegion":"cn-north-1","readOnly":false`, false},
		{"new-region", `"readOnly":false`, false},
		{"secrets-read", `"eventSource":"ssm.amazonaws.com","eventName":"GetParameter","requestParameters":{"withDecryption":true}`, true},
		{"secrets-read", `"eventSource":"ssm.amazonaws.com","eventName":"GetParameter","requestParameters":{"withDecryption":false}`, false},
		{"execution", `"eventSource":"lambda.amazonaws.com","eventName":"UpdateFunctionCode20150331v2"`, true},
		{"execution", `"eventSource":"eks.amazonaws.com","eventName":"RunInstances"`, false},
	} {
		f := mustCompile(t, Options{Presets: []string{c.preset}})
		if got := chosen(t, f, record(c.fields)) != ""; got != c.want {
			t.Errorf("%s chooses %v: %s", c.preset, got, c.fields)
		}
	}
}
