package describe

import (
	"regexp"
	"strings"
	"unicode"
)

// hidden is what AWS writes in a record in the place of a secret.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// secretNames are members, in their plain form, that hold secrets in whatever
// service they are, and that secretWords does not find. The service models
// mark more of them (facts.txt).
var secretNames = setOf(strings.Fields(`
	secretkey sessiontoken securitytoken accesstoken refreshtoken idtoken
	samlassertion authorizationcode authcode tokencode usercode authenticationcode1 authenticationcode2
	activationcode confirmationcode verificationcode mfacode smsmfacode softwaretokenmfacode
	base32stringseed qrcodepng presharedkey psk apikey pwd pw
	plaintext ciphertextblob ciphertextforrecipient ciphertext
	keymaterial encryptedkeymaterial sshkey hostkey hostkeybody servicejson
	authorizedurl presignedurl
	authparameters authparametersforconnection challengeresponses clientmetadata
	userdata zipfile authorization cookie xapikey`))

// secretWords make a member's name that of a secret, wherever they stand in
// it, unless the name is about a secret (aboutSecret) or goes on (cursors).
var secretWords = []string{"password", "passwd", "passphrase", "privatekey", "secret", "credential", "token", "environmentvariables"}

// aboutSecret are ends of the names of members that say something about a
// secret, or where it is kept: secretId, passwordPolicy, tokenType.
var aboutSecret = strings.Fields(`
	policy arn arns arnlist id ids idlist identifier uid name names namelist type types version versions stages status state
	lastused date days url urls endpoint host location prefix link xpath filter action domains
	source provider vendor issuer issuers method methods mode scheme scope scopes algorithm strategy role enforced
	parameter audiences`)

// cursors are ends of the names of tokens that are no secrets: they page
// through answers, make calls repeatable, or are public.
var cursors = strings.Fields(`
	nexttoken pagetoken paginationtoken continuationtoken startingtoken starttoken forwardtoken backwardtoken chunktoken messagetoken
	clienttoken requesttoken idempotencytoken idempotenttoken creationtoken sequencetoken purchasetoken
	changetoken locktoken updatetoken versiontoken lifecycleactiontoken copyproducttoken
	httptokens dkimtokens patterntokens syntaxtokens ses.verificationtoken`)

// environments are the services in which a member of the name environment or
// variables holds what the caller's programs are given, and not a thing's name.
var environments = setOf([]string{"lambda", "ecs", "batch", "sagemaker", "emr-containers", "synthetics", "apigateway"})

// secret tells whether the value of a member is not for records. Truth values
// and numbers about a secret are no secrets (PasswordResetRequired).
func (s shape) secret(name string, v any) bool {
	switch v := v.(type) {
	case nil, bool:
		return false
	case string:
		if v == "" || v == "true" || v == "false" {
			return false
		}
	}
	if _, ok := number(v); ok {
		return false
	}
	plain := plainName(name)
	switch {
	case secretNames[plain], s.facts.isSecret(strings.ToLower(name)), contents[s.service][plain]:
		return true
	case plain == "environment", plain == "variables":
		return environments[s.service]
	}
	return s.hasSecretWord(plain) && s.isSecretValue(name, plain, v)
}

// hasSecretWord tells the name of a secret by a word in it.
func (s shape) hasSecretWord(plain string) bool {
	plain = strings.ReplaceAll(plain, "tokeniz", "") // a tokenizer cuts texts into words
	for _, word := range secretWords {
		if strings.Contains(plain, word) {
			return !endsIn(plain, aboutSecret) && !endsIn(plain, cursors) && !endsIn(s.service+"."+plain, cursors)
		}
	}
	return false
}

// isSecretValue tells the value of a secret from an ARN, which only says where
// one is kept, and from a structure, which has names of its own to go by:
// credentials hold an id and a time too.
func (s shape) isSecretValue(name, plain string, v any) bool {
	switch v := v.(type) {
	case string:
		return !strings.HasPrefix(v, "arn:aws")
	case map[string]any:
		return s.facts.isMap(name) || strings.Contains(plain, "password") || strings.Contains(plain, "passphrase") ||
			strings.Contains(plain, "environmentvariables") || plain == "secret"
	case []any:
		for _, one := range v {
			if _, ok := one.(map[string]any); ok && !strings.Contains(plain, "password") && !strings.Contains(plain, "environmentvariables") {
				return false
			}
		}
	}
	return true
}

func endsIn(name string, ends []string) bool {
	for _, end := range ends {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// plainName is a name as the tables of secrets have it: client_secret,
// ClientSecret and client-secret are one.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// hidePairs hides in a structure's fields, as the record has them, the value
// that goes with the name of a secret: {"key":"DB_PASSWORD","value":...},
// Attribute=userData&Value=..., {"path":"/variables/token","value":...}.
func (s shape) hidePairs(in, out map[string]any) {
	var values []string
	secret := false
	for name, v := range in {
		plain := plainName(name)
		switch text, ok := v.(string); {
		case pairValues[plain]:
			values = append(values, name)
		case ok && pairNames[plain] && s.namesSecret(text):
			secret = true
		}
	}
	for _, name := range values {
		_, truth := in[name].(bool)
		if _, figure := number(in[name]); secret && !truth && !figure {
			out[clean(lowerFirst(name), maxWord)] = hidden
		}
	}
}

var (
	pairNames = setOf(strings.Fields(`key name path attribute attributename parametername parameterkey optionname propertykey
		headername variablename`))
	pairValues = setOf(strings.Fields(`value values attributevalue parametervalue optionvalue propertyvalue headervalue stringvalue`))
)

// namesSecret tells whether a name, or a part of a path, is a secret's.
func (s shape) namesSecret(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if s.secret(part, hidden) {
			return true
		}
	}
	return false
}

var (
	addressPassword = regexp.MustCompile(`(://[^/\s:@?#"']*:)[^/\s@"']+@`)
	addressSecret   = regexp.MustCompile(`(?i)([?&][\w.-]*(?:signature|token|passw|secret|api_?key)[\w.-]*=)[^&\s#"'<>]+`)
)

// withoutSecrets is a text whose addresses have neither the password nor the
// signature that may stand in them.
func withoutSecrets(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	text = addressPassword.ReplaceAllString(text, "${1}"+hidden+"@")
	return addressSecret.ReplaceAllString(text, "${1}"+hidden)
}

// signing tells a field of a form, or a part of an address, that signs the
// call: of Signature Version 4 or 2, in whatever case.
func signing(name string) bool {
	lower := strings.ToLower(name)
	switch lower {
	case "awsaccesskeyid", "signature", "signaturemethod", "signatureversion", "securitytoken":
		return true
	}
	return strings.HasPrefix(lower, "x-amz-")
}
