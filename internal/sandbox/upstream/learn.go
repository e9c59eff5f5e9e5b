package upstream

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/describe"
	"trailctl/internal/sandbox/sts"
)

// callers remembers whose the access key ids are that the upstream issues, so
// that the records of later calls name who made them. Secrets are not read.
type callers struct {
	principalID func(kind, account, name string) string
	sts.Sessions

	mu    sync.Mutex
	paths map[string]string // a user's ARN without its path, to the ARN with it
}

// Session finds what an access key id stands for that the upstream issued.
func (f *Forward) Session(accessKeyID string) (sts.Session, bool) {
	return f.callers.Session(accessKeyID)
}

// issued are the credentials in an answer, and whom it says they are for.
type issued struct {
	Results []struct {
		Credentials     struct{ AccessKeyId string }
		AssumedRoleUser struct{ AssumedRoleId, Arn string }
		FederatedUser   struct{ FederatedUserId, Arn string }
		AccessKey       struct{ AccessKeyId, UserName string }
		User            struct{ UserName, Arn string }
	} `xml:",any"`
}

// learn reads the answer to a call that issues credentials, or makes a user.
func (k *callers) learn(c *call.Call, request []byte, status int, header http.Header, answer []byte) {
	if status != http.StatusOK || !describe.Issues(c) && !makesUser(c) {
		return
	}
	var in issued
	if xml.Unmarshal(unpacked(header, answer), &in) != nil {
		return
	}
	form, _ := url.ParseQuery(string(request)) // what cannot be read is as if it were absent
	for _, r := range in.Results {
		if makesUser(c) {
			k.path(c.Account, r.User.UserName, r.User.Arn)
			continue
		}
		if keyID := r.Credentials.AccessKeyId + r.AccessKey.AccessKeyId; keyID != "" && len(keyID) <= maxKeyID {
			switch {
			case r.AccessKey.UserName != "":
				k.user(c, keyID, r.AccessKey.UserName)
			case r.AssumedRoleUser.Arn != "":
				k.role(c, keyID, form, r.AssumedRoleUser.AssumedRoleId, r.AssumedRoleUser.Arn)
			case r.FederatedUser.Arn != "":
				id := sts.FederatedUser(c.Identity, r.FederatedUser.Arn, r.FederatedUser.FederatedUserId, c.Time)
				k.Remember(keyID, id, c.Time.Add(life(form, 12*time.Hour)))
			case c.Operation == "GetSessionToken":
				k.Remember(keyID, sts.UserSession(c.Identity, c.Time), c.Time.Add(life(form, 12*time.Hour)))
			}
		}
	}
}

const (
	maxKeyID    = 128
	maxUserName = 64
	maxPath     = 512
	maxPaths    = 10_000 // users whose paths are remembered
	// forever is how long a user's own key is good for: until it is deleted.
	forever = 100 * 365 * 24 * time.Hour
)

// makesUser tells the calls whose answers alone tell where a user stands.
func makesUser(c *call.Call) bool { return c.Service == "iam" && c.Operation == "CreateUser" }

// path remembers a user's ARN that has a path.
func (k *callers) path(account, name, arn string) {
	if name == "" || len(name) > maxUserName {
		return
	}
	plain := userARN(account, name)
	path, ok := strings.CutPrefix(arn, userARN(account, ""))
	path, named := strings.CutSuffix(path, "/"+name)
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.paths, plain) // of a user of that name before
	odd := strings.ContainsFunc(path, func(c rune) bool { return c <= ' ' || c >= 0x7f })
	if !ok || !named || odd || len(path) > maxPath || len(k.paths) >= maxPaths {
		return
	}
	if k.paths == nil {
		k.paths = map[string]string{}
	}
	k.paths[plain] = arn
}

// arn is a user's ARN, with the path as far as it is known.
func (k *callers) arn(account, name string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	plain := userARN(account, name)
	if arn, ok := k.paths[plain]; ok {
		return arn
	}
	return plain
}

func userARN(account, name string) string { return "arn:aws:iam::" + account + ":user/" + name }

func (k *callers) user(c *call.Call, keyID, name string) {
	if len(name) > maxUserName {
		return
	}
	k.Remember(keyID, call.Identity{
		Type: "IAMUser", PrincipalID: k.principalID("AIDA", c.Account, name), AccountID: c.Account,
		ARN: k.arn(c.Account, name), UserName: name,
	}, c.Time.Add(forever))
}

// role remembers a role's session. assumedID is "ROLEID:SESSION".
func (k *callers) role(c *call.Call, keyID string, form url.Values, assumedID, assumedARN string) {
	role := form.Get("RoleArn")
	session := assumedARN[strings.LastIndexByte(assumedARN, '/')+1:]
	roleID, _, _ := strings.Cut(assumedID, ":")
	if account, name, ok := sts.Role(role); ok && roleID == "" {
		roleID = k.principalID("AROA", account, name)
	}
	if id, ok := sts.RoleSession(role, roleID, session, c.Time); ok {
		k.Remember(keyID, id, c.Time.Add(life(form, time.Hour)))
	}
}

// life is how long temporary credentials last, by the sandbox's clock.
func life(form url.Values, otherwise time.Duration) time.Duration {
	n, err := strconv.Atoi(form.Get("DurationSeconds"))
	if err != nil || n <= 0 || n > 129600 { // the most that STS grants
		return otherwise
	}
	return time.Duration(n) * time.Second
}

// unpacked is an answer without its gzip.
func unpacked(header http.Header, answer []byte) []byte {
	if header.Get("Content-Encoding") != "gzip" {
		return answer
	}
	z, err := gzip.NewReader(bytes.NewReader(answer))
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(z, maxAnswer)) // what is cut cannot be read
	return text
}
