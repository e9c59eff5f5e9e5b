package iam

import (
	"encoding/xml"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
)

// roleAnswer is a role as GetRole answers it; ListRoles leaves the tags out.
type roleAnswer struct {
	Path        string
	RoleName    string
	RoleID      string `xml:"RoleId"`
	ARN         string `xml:"Arn"`
	CreateDate  string
	Trust       string    `xml:"AssumeRolePolicyDocument"`
	Description string    `xml:",omitempty"`
	MaxSession  int       `xml:"MaxSessionDuration"`
	Boundary    *boundary `xml:"PermissionsBoundary"`
	Tags        *list[tag]
	LastUsed    *struct{} `xml:"RoleLastUsed"`
}

type boundary struct {
	Type string `xml:"PermissionsBoundaryType"`
	ARN  string `xml:"PermissionsBoundaryArn"`
}

type roleResult struct {
	XMLName xml.Name
	Role    roleAnswer
}

func (r *role) answer(whole bool) roleAnswer {
	a := roleAnswer{
		Path: r.Path, RoleName: r.Name, RoleID: r.ID, ARN: r.ARN, CreateDate: r.Created.UTC().Format(time.RFC3339),
		Trust: encodeDocument(r.Trust), Description: r.Description, MaxSession: r.MaxSession,
	}
	if whole {
		a.LastUsed = &struct{}{}
		if len(r.Tags) > 0 {
			a.Tags = &list[tag]{r.Tags}
		}
		if r.Boundary != "" {
			a.Boundary = &boundary{"Policy", r.Boundary}
		}
	}
	return a
}

// encodeDocument writes a policy as IAM answers it, URL-encoded by RFC 3986.
func encodeDocument(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// list is a list of the query protocol. An empty one is there as an empty
// element.
type list[T any] struct {
	Members []T `xml:"member"`
}

// pageEnd is what the last part of a listing says.
type pageEnd struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// paged cuts the page out of a list that MaxItems and Marker ask for
// (assumption A33).
func paged[T any](form url.Values, all []T) ([]T, pageEnd, *call.Error) {
	most, from := 100, 0
	if text := form.Get("MaxItems"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return nil, pageEnd{}, invalid("1 validation error detected: Value '%.20s' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000", text)
		}
		most = n
	}
	if text := form.Get("Marker"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > len(all) {
			return nil, pageEnd{}, invalid("Invalid Marker.")
		}
		from = n
	}
	if len(all)-from <= most {
		return all[from:], pageEnd{}, nil
	}
	return all[from : from+most], pageEnd{true, strconv.Itoa(from + most)}, nil
}

// recordedInput is a form as records carry it: nil when it asks for nothing
// but the operation.
func recordedInput(form url.Values) map[string]any {
	out := map[string]any{}
	for name := range form {
		if name == "Action" || name == "Version" || strings.Contains(name, ".") {
			continue
		}
		out[lowerFirst(name)] = form.Get(name)
	}
	for _, number := range []string{"MaxSessionDuration", "MaxItems"} {
		if n, err := strconv.Atoi(form.Get(number)); err == nil {
			out[lowerFirst(number)] = n
		}
	}
	if tags := tagsOf(form); len(tags) > 0 {
		list := make([]any, len(tags))
		for i, t := range tags {
			list[i] = map[string]any{"key": t.Key, "value": t.Value}
		}
		out["tags"] = list
	}
	if keys := members(form, "TagKeys"); len(keys) > 0 {
		out["tagKeys"] = keys
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// members reads a list of the query protocol: Name.member.1, .2, ...
func members(form url.Values, name string) []string {
	var list []string
	for i := 1; form.Has(name + ".member." + strconv.Itoa(i)); i++ {
		list = append(list, form.Get(name+".member."+strconv.Itoa(i)))
	}
	return list
}
