package sandbox

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/sts"
)

var accountPattern = regexp.MustCompile(`^\d{12}$`)

// identify says who an access key id stands for: the session that STS issued
// it to, the root user for "root", a user of that account for twelve digits,
// and else the IAM user of that name (assumption A27).
func (s *Sandbox) identify(keyID string) call.Identity {
	if one, ok := s.session(keyID); ok {
		return one.Identity
	}
	account, user := s.options.Account, userName(keyID)
	if accountPattern.MatchString(keyID) {
		account, user = keyID, defaultUser
	}
	if user == "root" {
		return call.Identity{
			Type: "Root", PrincipalID: account, ARN: "arn:aws:iam::" + account + ":root",
			AccountID: account, AccessKeyID: keyID,
		}
	}
	return call.Identity{
		Type: "IAMUser", PrincipalID: principalID("AIDA", account, user),
		ARN: "arn:aws:iam::" + account + ":user/" + user, AccountID: account, AccessKeyID: keyID, UserName: user,
	}
}

// session finds what an access key id stands for that was issued here, or by
// the upstream.
func (s *Sandbox) session(keyID string) (sts.Session, bool) {
	if s.upstream != nil {
		return s.upstream.Session(keyID)
	}
	return s.sts.Session(keyID)
}

// defaultUser is who calls where the access key id names nobody.
const defaultUser = "sandbox"

// maxUserName is IAM's limit.
const maxUserName = 64

// userName makes an IAM user's name of an access key id.
func userName(keyID string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', strings.ContainsRune("+=,.@_-", r):
			return r
		}
		return '-'
	}, strings.ToLower(keyID))
	return name[:min(len(name), maxUserName)]
}

// principalID makes the id of a user (kind "AIDA") or a role ("AROA"), always
// the same one for the same name (assumption A29).
func principalID(kind, account, name string) string {
	sum := sha256.Sum256([]byte(kind + account + "/" + name))
	return kind + base32.StdEncoding.EncodeToString(sum[:])[:17]
}
