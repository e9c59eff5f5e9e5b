package upstream

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
)

const (
	roleAnswer = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` +
		`<AssumedRoleUser><AssumedRoleId>AROAX:s1</AssumedRoleId><Arn>arn:aws:sts::210987654321:assumed-role/ops/s1</Arn></AssumedRoleUser>` +
		`<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>hush</SecretAccessKey><SessionToken>hush</SessionToken></Credentials>` +
		`</AssumeRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>`
	sessionAnswer = `<GetSessionTokenResponse><GetSessionTokenResult><Credentials><AccessKeyId>ASIA2</AccessKeyId></Credentials></GetSessionTokenResult></GetSessionTokenResponse>`
	fedAnswer     = `<GetFederationTokenResponse><GetFederationTokenResult><Credentials><AccessKeyId>ASIA3</AccessKeyId></Credentials>` +
		`<FederatedUser><FederatedUserId>123456789012:bob</FederatedUserId><Arn>arn:aws:sts::123456789012:federated-user/bob</Arn></FederatedUser></GetFederationTokenResult></GetFederationTokenResponse>`
	keyAnswer = `<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><UserName>carol</UserName><AccessKeyId>AKIA4</AccessKeyId><SecretAccessKey>hush</SecretAccessKey></AccessKey></CreateAccessKeyResult></CreateAccessKeyResponse>`
)

func learner() *callers {
	return &callers{principalID: func(kind, account, name string) string { return kind + ":" + account + ":" + name }}
}

func callOf(service, operation string) *call.Call {
	return &call.Call{
		Service: service, Operation: operation, Account: "123456789012", Time: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
		Identity: call.Identity{Type: "IAMUser", PrincipalID: "AIDAALICE", ARN: "arn:aws:iam::123456789012:user/alice", AccountID: "123456789012", AccessKeyID: "alice", UserName: "alice"},
	}
}

func TestCredentialsAreLearned(t *testing.T) {
	const roleForm = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A210987654321%3Arole%2Fteam%2Fops&RoleSessionName=s1"
	tests := []struct {
		service, operation, form, answer, key string
		kind, arn, principal, account, issuer string
		life                                  time.Duration
	}{
		{"sts", "AssumeRole", roleForm, roleAnswer, "ASIA1",
			"AssumedRole", "arn:aws:sts::210987654321:assumed-role/ops/s1", "AROAX:s1", "210987654321", "arn:aws:iam::210987654321:role/team/ops", time.Hour},
		{"sts", "AssumeRoleWithWebIdentity", roleForm + "&DurationSeconds=900", roleAnswer, "ASIA1",
			"AssumedRole", "arn:aws:sts::210987654321:assumed-role/ops/s1", "AROAX:s1", "210987654321", "arn:aws:iam::210987654321:role/team/ops", 15 * time.Minute},
		{"sts", "GetSessionToken", "", sessionAnswer, "ASIA2",
			"IAMUser", "arn:aws:iam::123456789012:user/alice", "AIDAALICE", "123456789012", "", 12 * time.Hour},
		{"sts", "GetFederationToken", "Name=bob", fedAnswer, "ASIA3",
			"FederatedUser", "arn:aws:sts::123456789012:federated-user/bob", "123456789012:bob", "123456789012", "arn:aws:iam::123456789012:user/alice", 12 * time.Hour},
		{"iam", "CreateAccessKey", "", keyAnswer, "AKIA4",
			"IAMUser", "arn:aws:iam::123456789012:user/carol", "AIDA:123456789012:carol", "123456789012", "", forever},
	}
	for _, tt := range tests {
		k, c := learner(), callOf(tt.service, tt.operation)
		k.learn(c, []byte(tt.form), http.StatusOK, http.Header{}, []byte(tt.answer))
		one, ok := k.Session(tt.key)
		id := one.Identity
		if !ok || id.Type != tt.kind || id.ARN != tt.arn || id.PrincipalID != tt.principal || id.AccountID != tt.account || id.AccessKeyID != tt.key {
			t.Errorf("%s: %s stands for %+v", tt.operation, tt.key, id)
		}
		issuer := ""
		if m, ok := id.Session["sessionIssuer"].(map[string]any); ok {
			issuer = fmt.Sprint(m["arn"])
		}
		if issuer != tt.issuer || !one.Expires.Equal(c.Time.Add(tt.life)) {
			t.Errorf("%s: issued by %q, until %s", tt.operation, issuer, one.Expires)
		}
	}
}

// Only the answer to CreateUser tells where a user stands.
func TestPathsAreLearned(t *testing.T) {
	const made = `<CreateUserResponse><CreateUserResult><User><Path>%s</Path><UserName>carol</UserName><UserId>X</UserId><Arn>%s</Arn></User></CreateUserResult></CreateUserResponse>`
	const plain = "arn:aws:iam::123456789012:user/carol"
	k := learner()
	for _, tt := range []struct{ path, arn, want string }{
		{"/team/one/", "arn:aws:iam::123456789012:user/team/one/carol", "arn:aws:iam::123456789012:user/team/one/carol"},
		{"/", plain, plain}, // made anew
		{"/team/", "arn:aws:iam::210987654321:user/team/carol", plain},
		{"/team/", "arn:aws:iam::123456789012:user/team/bob", plain},
		{"/team/", "arn:aws:iam::123456789012:user/te\nam/carol", plain},
	} {
		k.learn(callOf("iam", "CreateUser"), nil, http.StatusOK, http.Header{}, fmt.Appendf(nil, made, tt.path, tt.arn))
		k.learn(callOf("iam", "CreateAccessKey"), nil, http.StatusOK, http.Header{}, []byte(keyAnswer))
		if one, _ := k.Session("AKIA4"); one.Identity.ARN != tt.want {
			t.Errorf("%q: %s", tt.arn, one.Identity.ARN)
		}
	}
}

func TestNothingElseIsLearned(t *testing.T) {
	for name, tt := range map[string]struct {
		service, operation string
		status             int
		answer             string
	}{
		"an error":           {"sts", "AssumeRole", 403, roleAnswer},
		"another operation":  {"sts", "GetCallerIdentity", 200, roleAnswer},
		"another service":    {"sqs", "AssumeRole", 200, roleAnswer},
		"no document":        {"sts", "AssumeRole", 200, "{}"},
		"no role in request": {"sts", "AssumeRole", 200, roleAnswer},
	} {
		k := learner()
		k.learn(callOf(tt.service, tt.operation), nil, tt.status, http.Header{}, []byte(tt.answer))
		if one, ok := k.Session("ASIA1"); ok {
			t.Errorf("%s: learned %+v", name, one)
		}
	}
}

func FuzzLearn(f *testing.F) {
	for _, a := range []string{roleAnswer, sessionAnswer, fedAnswer, keyAnswer, "<a>"} {
		f.Add("RoleArn=arn:aws:iam::123456789012:role/x&DurationSeconds=900", a, uint8(0))
	}
	operations := []string{"AssumeRole", "GetSessionToken", "GetFederationToken"}
	f.Fuzz(func(t *testing.T, form, answer string, n uint8) {
		k := learner()
		k.learn(callOf("sts", operations[int(n)%len(operations)]), []byte(form), http.StatusOK, http.Header{}, []byte(answer))
	})
}
