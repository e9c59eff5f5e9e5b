package logs

import (
	"bytes"
	"strings"
)

// Identity is who made a call: the userIdentity of a record, as far as it
// says.
type Identity struct {
	Type        string // "IAMUser", "AssumedRole", "Root", "AWSService", ...; may be empty
	ARN         string
	AccountID   string
	PrincipalID string
	UserName    string
	AccessKeyID string
	InvokedBy   string // the service that called on somebody's behalf
	Issuer      string // the role behind a session
}

// Identity reads the userIdentity.
func (r *Record) Identity() Identity {
	var id Identity
	object := r.value(fieldIdentity)
	whole := string(object) // which the fields are parts of
	eachMemberAt(object, func(name []byte, begin, end int) bool {
		value := func() string {
			if v := object[begin:end]; v[0] != '"' || bytes.IndexByte(v, '\\') >= 0 {
				return text(v)
			}
			return whole[begin+1 : end-1]
		}
		switch string(name) {
		case "type":
			id.Type = value()
		case "arn":
			id.ARN = value()
		case "accountId":
			id.AccountID = value()
		case "principalId":
			id.PrincipalID = value()
		case "userName":
			id.UserName = value()
		case "accessKeyId":
			id.AccessKeyID = value()
		case "invokedBy":
			id.InvokedBy = value()
		case "sessionContext":
			id.Issuer = text(lookup(lookup(object[begin:end], "sessionIssuer"), "userName"))
		}
		return true
	})
	return id
}

// Words names the identity for people: "root", "alice", "deploy/session",
// "autoscaling" for a service, "account 123456789012" for somebody else's.
// It is empty when the record tells nothing.
func (id Identity) Words() string {
	switch id.Type {
	case "Root":
		return "root"
	case "AssumedRole":
		if w := id.session(); w != "" {
			return w
		}
	case "AWSService":
		return firstOf(service(id.InvokedBy), "an AWS service")
	case "AWSAccount":
		if id.AccountID == "ANONYMOUS_PRINCIPAL" || id.AccountID == "anonymous" {
			return "anonymous"
		}
		if id.AccountID != "" {
			return "account " + id.AccountID
		}
	}
	_, resource, _ := strings.Cut(afterColons(id.ARN), "/")
	words := firstOf(id.UserName, resource, afterColons(id.ARN), service(id.InvokedBy), id.PrincipalID)
	switch {
	case words != "":
		return words
	case id.AccountID != "":
		return "account " + id.AccountID
	}
	return id.Type
}

// Role is the role whose session made the call, empty when it was none.
func (id Identity) Role() string {
	if id.Type != "" && id.Type != "AssumedRole" {
		return id.Issuer
	}
	role, _ := id.sessionParts()
	return role
}

// User is the name that people would type: of an IAM user, a federated user,
// or the session of a role, and "root". Services and other accounts have none.
func (id Identity) User() string {
	switch id.Type {
	case "Root":
		return "root"
	case "AssumedRole":
		_, name := id.sessionParts()
		return firstOf(name, id.UserName)
	case "AWSService", "AWSAccount":
		return id.UserName
	}
	resource := afterColons(id.ARN)
	return firstOf(id.UserName, resource[strings.LastIndexByte(resource, '/')+1:])
}

// session is the role and the session's name.
func (id Identity) session() string {
	role, name := id.sessionParts()
	if role == "" || name == "" {
		return firstOf(role, name)
	}
	return role + "/" + name
}

// sessionParts finds the role and the session's name, which ends the ARN and
// the principal.
func (id Identity) sessionParts() (role, name string) {
	role = id.Issuer
	if parts := strings.Split(afterColons(id.ARN), "/"); len(parts) > 2 && parts[0] == "assumed-role" {
		role, name = firstOf(role, parts[1]), parts[len(parts)-1]
	}
	if name == "" {
		_, name, _ = strings.Cut(id.PrincipalID, ":")
	}
	return role, name
}

// afterColons is the resource part of an ARN.
func afterColons(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[5]
}

// service is a service's name without its domain.
func service(host string) string {
	return strings.TrimSuffix(host, ".amazonaws.com")
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
