package sts

import (
	"regexp"
	"sync"
	"time"

	"trailctl/internal/sandbox/call"
)

// maxSessions bounds the credentials that are remembered; the ones that
// expire first are forgotten first (assumption A38).
const maxSessions = 10_000

// Session is what credentials stand for.
type Session struct {
	Identity call.Identity
	Expires  time.Time
}

// Sessions remembers what access key ids stand for. The zero value is empty.
// It is safe for concurrent use.
type Sessions struct {
	mu    sync.Mutex
	byKey map[string]Session
}

// Session finds what an access key id stands for.
func (s *Sessions) Session(accessKeyID string) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.byKey[accessKeyID]
	return one, ok
}

// Remember keeps what an access key id stands for.
func (s *Sessions) Remember(accessKeyID string, id call.Identity, expires time.Time) {
	id.AccessKeyID = accessKeyID
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = map[string]Session{}
	}
	if _, known := s.byKey[accessKeyID]; !known && len(s.byKey) >= maxSessions {
		s.forget()
	}
	s.byKey[accessKeyID] = Session{Identity: id, Expires: expires}
}

// forget drops the session that expires first.
func (s *Sessions) forget() {
	first := ""
	for id, one := range s.byKey {
		if first == "" || one.Expires.Before(s.byKey[first].Expires) {
			first = id
		}
	}
	delete(s.byKey, first)
}

var (
	rolePattern    = regexp.MustCompile(`^arn:[a-z0-9-]+:iam::(\d{12}):role/(?:[!-~]*/)?([\w+=,.@-]{1,64})$`)
	sessionPattern = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

// Role reads the account and the name of a role in its ARN; false when it is
// no ARN of a role.
func Role(arn string) (account, name string, ok bool) {
	m := rolePattern.FindStringSubmatch(arn)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// RoleSession is who has taken on a role, given its ARN and the stable id of
// the role (CloudTrail user guide, "userIdentity element").
func RoleSession(roleARN, roleID, session string, at time.Time) (call.Identity, bool) {
	account, role, ok := Role(roleARN)
	return call.Identity{
		Type: "AssumedRole", PrincipalID: roleID + ":" + session, AccountID: account,
		ARN: "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + session,
		Session: map[string]any{
			"sessionIssuer": map[string]any{
				"type": "Role", "principalId": roleID, "arn": roleARN, "accountId": account, "userName": role,
			},
			"attributes": attributes(at),
		},
	}, ok
}

// UserSession is a user with temporary credentials.
func UserSession(user call.Identity, at time.Time) call.Identity {
	user.Session = map[string]any{"attributes": attributes(at)}
	return user
}

// FederatedUser is whom a user lets act by name: arn and id ("ACCOUNT:NAME")
// are the federated user's.
func FederatedUser(by call.Identity, arn, id string, at time.Time) call.Identity {
	issuer := map[string]any{"type": by.Type, "principalId": by.PrincipalID, "arn": by.ARN, "accountId": by.AccountID}
	if by.UserName != "" {
		issuer["userName"] = by.UserName
	}
	return call.Identity{
		Type: "FederatedUser", PrincipalID: id, ARN: arn, AccountID: by.AccountID,
		Session: map[string]any{"sessionIssuer": issuer, "attributes": attributes(at)},
	}
}

func attributes(at time.Time) map[string]any {
	return map[string]any{"creationDate": at.UTC().Format("2006-01-02T15:04:05Z"), "mfaAuthenticated": "false"}
}
