package sandbox

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// signature is what a call's signature says about it. The signature itself is
// not verified: the sandbox knows no secrets.
type signature struct {
	accessKeyID string
	region      string // empty where the scheme names none
	service     string // the signing name: "s3", "cloudtrail"
	presigned   bool   // in the query, not in a header
}

var errNoSignature = errors.New("the call is not signed")

const maxAccessKeyID = 128

// readSignature reads the Authorization header or the query of a presigned
// address: Signature Version 4, its asymmetric form 4A, and version 2, with
// which botocore still presigns S3 addresses for some endpoints.
func readSignature(r *http.Request) (signature, error) {
	if auth := r.Header.Get("Authorization"); auth != "" {
		return parseAuthorization(auth, r.Header.Get("X-Amz-Region-Set"))
	}
	q := r.URL.Query()
	if scope := q.Get("X-Amz-Credential"); scope != "" {
		sig, err := parseScope(scope, strings.Contains(q.Get("X-Amz-Algorithm"), "ECDSA"), q.Get("X-Amz-Region-Set"))
		sig.presigned = true
		return sig, err
	}
	if id := q.Get("AWSAccessKeyId"); id != "" && q.Has("Signature") {
		return checkKeyID(signature{accessKeyID: id, service: "s3", presigned: true})
	}
	return signature{}, errNoSignature
}

func parseAuthorization(header, regionSet string) (signature, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	switch scheme {
	case "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256":
	case "AWS":
		id, _, _ := strings.Cut(strings.TrimSpace(rest), ":")
		return checkKeyID(signature{accessKeyID: id, service: "s3"})
	default:
		return signature{}, errors.New("the Authorization header is of no kind that AWS uses")
	}
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if name == "Credential" {
			return parseScope(value, scheme == "AWS4-ECDSA-P256-SHA256", regionSet)
		}
	}
	return signature{}, errors.New("the Authorization header has no Credential")
}

// parseScope reads KEY/DATE/REGION/SERVICE/aws4_request; version 4A has no
// region there. A key id may hold slashes.
func parseScope(scope string, asymmetric bool, regionSet string) (signature, error) {
	want := 5
	if asymmetric {
		want = 4
	}
	parts := strings.Split(scope, "/")
	if len(parts) < want || parts[len(parts)-1] != "aws4_request" {
		return signature{}, errors.New("the credential scope is not KEY/DATE/REGION/SERVICE/aws4_request")
	}
	keyParts := len(parts) - want + 1
	sig := signature{accessKeyID: strings.Join(parts[:keyParts], "/"), service: parts[len(parts)-2]}
	if asymmetric {
		sig.region, _, _ = strings.Cut(regionSet, ",")
		if sig.region == "*" {
			sig.region = ""
		}
	} else {
		sig.region = parts[len(parts)-3]
	}
	if sig.region != "" && !regionPattern.MatchString(sig.region) {
		return signature{}, errors.New("the credential scope names no region")
	}
	if !servicePattern.MatchString(sig.service) {
		return signature{}, errors.New("the credential scope names no service")
	}
	return checkKeyID(sig)
}

var (
	regionPattern  = regexp.MustCompile(`^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$`)
	servicePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,62}$`)
)

func checkKeyID(sig signature) (signature, error) {
	if sig.accessKeyID == "" || len(sig.accessKeyID) > maxAccessKeyID || strings.ContainsFunc(sig.accessKeyID, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return signature{}, errors.New("the access key id is empty or too long")
	}
	return sig, nil
}
