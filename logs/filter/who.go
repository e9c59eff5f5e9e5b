package filter

import (
	"bytes"

	"trailctl/logs"
)

// accessKeyFields are where the ID of an access key stands: of the caller, of
// the key that a call has given out, and of the key that a call was about.
var accessKeyFields = []string{
	"userIdentity.accessKeyId",
	"responseElements.credentials.accessKeyId",
	"responseElements.accessKey.accessKeyId",
	"requestParameters.accessKeyId",
}

// accessKey is for --access-key.
func accessKey(v string) (*condition, error) {
	if v == "" {
		return nil, errEmpty
	}
	p := parseWord(v)
	var fields []logs.Path
	for _, f := range accessKeyFields {
		fields = append(fields, path(f))
	}
	return &condition{cost: costNested, literals: literals([]pattern{p}), match: func(r *logs.Record) bool {
		for _, f := range fields {
			if anyValue(f, r, p.match) {
				return true
			}
		}
		return false
	}}, nil
}

// user is for --user: a name of an IAM user or of a session, an ARN, the
// identity as tables show it.
func user(v string) (*condition, error) {
	if v == "" {
		return nil, errEmpty
	}
	p := parseWord(v)
	whole, words := path("userIdentity"), path("identity")
	name, arn := path("userIdentity.userName"), path("userIdentity.arn")
	principal, person := path("userIdentity.principalId"), path("userIdentity.onBehalfOf.userId")
	signedIn := path("additionalEventData.UserName") // by IAM Identity Center
	inARN := func(text []byte) bool {
		return p.match(text) || p.match(lastPart(text)) || p.match(behind(text, ":user/"))
	}
	inPrincipal := func(text []byte) bool { return p.match(text) || p.match(behind(text, ":")) }
	piece, known := p.piece()
	mayBe := func(json []byte) bool { return !known || piece.in(json) || bytes.IndexByte(json, '\\') >= 0 }
	c := &condition{cost: costWho, match: func(r *logs.Record) bool {
		if anyValue(signedIn, r, p.match) {
			return true
		}
		return anyValue(whole, r, mayBe) && (anyValue(name, r, p.match) || anyValue(arn, r, inARN) ||
			anyValue(principal, r, inPrincipal) || anyValue(person, r, p.match) || anyValue(words, r, p.match))
	}}
	if known {
		c.literals = []literal{piece}
	}
	return c, nil
}

// piece is text that stands in every record of a user whom the pattern
// matches; false when there is none. Names that are put together of several
// fields have a slash or a space between these, and some are made up.
func (p *pattern) piece() (literal, bool) {
	var longest []byte
	for _, part := range p.parts {
		for _, piece := range bytes.FieldsFunc(part, func(r rune) bool { return r == '/' || r == ' ' }) {
			if len(piece) > len(longest) {
				longest = piece
			}
		}
	}
	known := len(longest) > 0 && !p.addr.IsValid() && !bytes.Contains([]byte("account"), longest)
	for _, made := range []string{"root", "anonymous", "an AWS service"} {
		known = known && !p.match([]byte(made))
	}
	return newLiteral(longest, p.fold), known
}

// role is for --role: calls in sessions of a role that is given by its name,
// its path and name, or its ARN.
func role(v string) (*condition, error) {
	if v == "" {
		return nil, errEmpty
	}
	p := parseWord(v)
	issuer, arn := path("userIdentity.sessionContext.sessionIssuer.arn"), path("userIdentity.arn")
	isRole := func(text []byte) bool {
		name := behind(text, ":role/")
		return len(name) > 0 && (p.match(text) || p.match(name) || p.match(lastPart(name)))
	}
	isSession := func(text []byte) bool {
		if name, _, ok := bytes.Cut(behind(text, ":assumed-role/"), []byte("/")); ok {
			return p.match(name)
		}
		return isRole(text)
	}
	return &condition{cost: costNested + 1, literals: literals([]pattern{p}), match: func(r *logs.Record) bool {
		return anyValue(issuer, r, isRole) || anyValue(arn, r, isSession)
	}}, nil
}

// lastPart is what stands behind the last slash, nothing without one.
func lastPart(text []byte) []byte {
	if i := bytes.LastIndexByte(text, '/'); i >= 0 {
		return text[i+1:]
	}
	return nil
}

// behind is what stands behind the first mark, nothing without one.
func behind(text []byte, mark string) []byte {
	if i := bytes.Index(text, []byte(mark)); i >= 0 {
		return text[i+len(mark):]
	}
	return nil
}
