package export

import (
	"cmp"
	"time"

	"trailctl/logs"
)

// actor writes who made the call. The schema wants an actor to be somebody.
func (w *ocsfWriter) actor(c class) {
	w.in("actor")
	w.user(w.identity)
	session := member(w.identity, "sessionContext")
	attributes := member(session, "attributes")
	w.in("session")
	w.moment("created_time", member(attributes, "creationDate"))
	w.truth("is_mfa", member(attributes, "mfaAuthenticated"))
	w.text("issuer", member(member(session, "sessionIssuer"), "arn"))
	w.out()
	w.text("invoked_by", member(w.identity, "invokedBy"))
	w.in("idp")
	provider := member(w.identity, "identityProvider")
	if isNull(provider) {
		provider = member(member(session, "webIdFederationData"), "federatedProvider")
	}
	w.text("name", provider)
	w.text("uid", member(member(w.identity, "onBehalfOf"), "identityStoreArn"))
	w.out()
	if w.buf[len(w.buf)-1] == '{' && c.class == classAPI {
		w.str("app_name", cmp.Or(asText(member(w.identity, "type")), unknown))
	}
	w.out()
}

// user writes an identity as a user. Without an account, a name or a uid it
// would be none.
func (w *ocsfWriter) user(identity []byte) {
	name, arn := member(identity, "userName"), member(identity, "arn")
	account, principal := member(identity, "accountId"), member(identity, "principalId")
	behalf := member(member(identity, "onBehalfOf"), "userId")
	if isNull(name) {
		name = member(w.additional, "UserName")
	}
	if isNull(arn) && isNull(name) && isNull(account) && isNull(principal) {
		return
	}
	w.in("user")
	w.text("name", name)
	if isNull(arn) {
		w.text("uid", principal)
	} else {
		w.text("uid", arn)
		w.text("uid_alt", firstValue(principal, behalf))
	}
	kind := member(identity, "type")
	w.number("type_id", userType(asText(kind)))
	w.text("type", kind)
	w.text("credential_uid", firstValue(member(identity, "accessKeyId"), member(identity, "credentialId")))
	w.in("account")
	w.text("uid", account)
	w.out()
	w.out()
}

func firstValue(values ...[]byte) []byte {
	for _, v := range values {
		if !isNull(v) {
			return v
		}
	}
	return nil
}

// userType is the schema's number for a kind of identity.
func userType(kind string) int64 {
	switch kind {
	case "":
		return 0
	case "IAMUser", "IdentityCenterUser":
		return 1
	case "Root":
		return 2
	case "AWSService":
		return 3
	}
	return 99
}

// moment writes a time twice, as the schema has it.
func (w *ocsfWriter) moment(name string, value []byte) {
	t, err := time.Parse(time.RFC3339, asText(value))
	if err != nil {
		return
	}
	w.number(name, millis(t))
	w.str(name+"_dt", t.UTC().Format(time.RFC3339Nano))
}

// authentication writes what a sign-in has besides: who is to be, and the
// session that came of it.
func (w *ocsfWriter) authentication() {
	role, session := member(w.params, "roleArn"), member(w.params, "roleSessionName")
	if isNull(role) {
		before := len(w.buf)
		if w.user(w.identity); len(w.buf) == before {
			w.in("user")
			w.str("name", unknown)
			w.out()
		}
	} else {
		w.in("user")
		w.text("name", session)
		w.text("uid", role)
		w.out()
	}
	w.in("service")
	if isNull(w.source) {
		w.str("name", unknown)
	} else {
		w.text("name", w.source)
	}
	w.out()
	w.in("dst_endpoint")
	w.text("svc_name", member(w.additional, "LoginTo"))
	w.out()
	assumed := member(w.response, "assumedRoleUser")
	w.in("session")
	w.text("uid", member(assumed, "arn"))
	w.text("uid_alt", member(assumed, "assumedRoleId"))
	w.text("credential_uid", member(member(w.response, "credentials"), "accessKeyId"))
	w.out()
	switch asText(member(w.additional, "MFAUsed")) {
	case "Yes":
		w.truth("is_mfa", []byte("true"))
	case "No":
		w.truth("is_mfa", []byte("false"))
	}
	switch asText(w.name) {
	case "AssumeRoleWithSAML":
		w.number("auth_protocol_id", 5)
		w.str("auth_protocol", "SAML")
	case "AssumeRoleWithWebIdentity":
		w.number("auth_protocol_id", 4)
		w.str("auth_protocol", "OpenID")
	}
}

// mapped are the fields that stand elsewhere in an event.
func mapped(path string) bool {
	switch path {
	case "eventTime", "eventName", "eventSource", "awsRegion", "sourceIPAddress", "userAgent",
		"errorCode", "errorMessage", "eventID", "requestID", "eventType", "eventCategory",
		"recipientAccountId", "eventVersion", "apiVersion", "vpcEndpointId", "responseElements",
		"userIdentity.type", "userIdentity.principalId", "userIdentity.arn", "userIdentity.accountId",
		"userIdentity.userName", "userIdentity.invokedBy", "userIdentity.accessKeyId",
		"userIdentity.sessionContext.attributes.creationDate",
		"userIdentity.sessionContext.attributes.mfaAuthenticated",
		"userIdentity.sessionContext.sessionIssuer.arn":
		return true
	}
	return false
}

// unmapped writes all other fields under their paths.
func (w *ocsfWriter) unmapped(r *logs.Record, c class) {
	if len(w.paths) > 1000 || w.paths == nil { // no room is kept for what one odd record had
		w.paths = map[string]bool{}
	}
	clear(w.paths)
	w.in("unmapped")
	w.others("", r.Raw, c)
	w.out()
}

func (w *ocsfWriter) others(prefix string, of []byte, c class) {
	logs.EachMember(of, func(name, value []byte) bool {
		path := prefix + string(name)
		switch {
		case isNull(value), mapped(path),
			path == "requestParameters" && !isNull(w.requestID),
			path == "resources" && c.class == classAPI:
		case isObject(value) && parent(path):
			w.others(path+".", value, c)
		case !w.paths[path]: // a name may come twice
			w.paths[path] = true
			w.json(path, value)
		}
		return true
	})
}

func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

// parent tells the objects of which a part stands elsewhere.
func parent(path string) bool {
	switch path {
	case "userIdentity", "userIdentity.sessionContext", "userIdentity.sessionContext.attributes",
		"userIdentity.sessionContext.sessionIssuer":
		return true
	}
	return false
}
