package describe

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trailctl/internal/sandbox/call"
)

// maxFields is how many fields of a form are read.
const maxFields = 5_000

// requestForm describes a call of the query protocol
// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html) or of EC2's
// form of it.
func requestForm(c *call.Call, f Format, body Part) {
	if c.HTTP.Method == http.MethodGet {
		body = Part{Bytes: []byte(c.HTTP.URL.RawQuery)}
	}
	fields, all := readForm(body.Bytes)
	c.Operation = word(fields.get("Action"))
	if c.Operation == "" {
		c.Operation = word(c.HTTP.URL.Query().Get("Action"))
	}
	if body.Cut || !all {
		c.RequestParameters = omitted(c, "requestParameters")
		return
	}
	root, ok := fields.tree()
	if !ok {
		c.RequestParameters = omitted(c, "requestParameters")
		return
	}
	s := shapeOf(c)
	b := branches{facts: s.facts, ec2: f == EC2}
	m := b.fields(root)
	if len(m) > 0 {
		c.RequestParameters = s.fields(m)
	}
}

type field struct{ name, value string }

type form []field

func (f form) get(name string) string {
	if i := slices.IndexFunc(f, func(one field) bool { return one.name == name }); i >= 0 {
		return f[i].value
	}
	return ""
}

// readForm reads a form field by field, and tells whether that was all of it.
// A field that cannot be read is as if it were absent.
func readForm(body []byte) (f form, all bool) {
	for len(body) > 0 {
		if len(f) == maxFields {
			return f, false
		}
		var pair []byte
		pair, body, _ = bytes.Cut(body, []byte("&"))
		name, value, _ := strings.Cut(string(pair), "=")
		name, err := url.QueryUnescape(name)
		if err != nil || name == "" {
			continue
		}
		if value, err = url.QueryUnescape(value); err == nil {
			f = append(f, field{name, value})
		}
	}
	return f, true
}

// branch is a field of a form, or all those that share the beginning of their
// names: A.1.B is the branch B of the branch 1 of A.
type branch struct {
	value string
	parts map[string]*branch
}

// tree sorts the fields by the parts of their names. It is not ok when the
// names have too many parts.
func (f form) tree() (root *branch, ok bool) {
	root = &branch{}
	for _, one := range f {
		if plumbing(one.name) {
			continue
		}
		parts := strings.SplitN(one.name, ".", maxDepth+1)
		if len(parts) > maxDepth {
			return nil, false
		}
		at := root
		for _, part := range parts {
			if at.parts == nil {
				at.parts = map[string]*branch{}
			}
			if at.parts[part] == nil {
				at.parts[part] = &branch{}
			}
			at = at.parts[part]
		}
		at.value = one.value
	}
	return root, true
}

// plumbing are the fields that are about the call and no parameters of it.
func plumbing(name string) bool {
	switch name {
	case "Action", "Version", "Timestamp":
		return true
	}
	return signing(name)
}

// numbers are the indices of a list in order; nil when b is no list.
func (b *branch) numbers() []string {
	if len(b.parts) == 0 {
		return nil
	}
	var list []string
	for part := range b.parts {
		if n, err := strconv.Atoi(part); err != nil || n < 0 {
			return nil
		}
		list = append(list, part)
	}
	slices.SortFunc(list, func(x, y string) int {
		n, _ := strconv.Atoi(x) // both were read above
		m, _ := strconv.Atoi(y)
		return n - m
	})
	return list
}

// branches turns a tree into maps, lists and scalars.
type branches struct {
	facts *facts
	ec2   bool
}

func (t branches) fields(b *branch) map[string]any {
	out := make(map[string]any, len(b.parts))
	for name, part := range b.parts {
		if t.ec2 && part.numbers() != nil {
			out[setName(name)] = t.set(name, part)
			continue
		}
		out[name] = t.value(name, part)
	}
	return out
}

func (t branches) value(name string, b *branch) any {
	if b.parts == nil {
		return t.facts.scalar(name, b.value)
	}
	if list := b.numbers(); list != nil {
		return t.list(name, b, list)
	}
	// A list stands under the name of its members: A.member.1, A.Filter.1.
	if len(b.parts) == 1 && !t.ec2 {
		for inner, only := range b.parts {
			if list := only.numbers(); list != nil {
				if m := entries(only, list); m != nil && inner == "entry" {
					return m
				}
				return t.list(name, only, list)
			}
		}
	}
	return t.fields(b)
}

func (t branches) list(name string, b *branch, numbers []string) any {
	if m := entries(b, numbers); m != nil && t.facts.isMap(name) {
		return m
	}
	out := make([]any, len(numbers))
	for i, n := range numbers {
		out[i] = t.value(name, b.parts[n])
	}
	return out
}

// entries is a list of pairs as the map that it stands for; nil when it is
// something else.
func entries(b *branch, numbers []string) map[string]any {
	out := map[string]any{}
	for _, n := range numbers {
		one := b.parts[n].parts
		key, value := first(one, "key", "Key", "Name", "name"), first(one, "value", "Value")
		if key == nil || len(one) > 2 || value != nil && value.parts != nil {
			return nil
		}
		out[key.value] = ""
		if value != nil {
			out[key.value] = value.value
		}
	}
	return out
}

func first(parts map[string]*branch, names ...string) *branch {
	for _, name := range names {
		if parts[name] != nil {
			return parts[name]
		}
	}
	return nil
}

// set is a list in the form in which EC2's records have them:
// InstanceId.1=i-1 is {"items":[{"instanceId":"i-1"}]}.
func (t branches) set(name string, b *branch) any {
	items := []any{}
	for _, n := range b.numbers() {
		v := t.value(name, b.parts[n])
		if _, ok := v.(map[string]any); !ok {
			v = map[string]any{name: v}
		}
		items = append(items, v)
	}
	return map[string]any{"items": items}
}

// setName is the name that EC2's records have for a list, which is not always
// the one of its field (EC2 user guide, "Log Amazon EC2 API calls using AWS
// CloudTrail", has examples).
func setName(name string) string {
	switch name {
	case "InstanceId", "ImageId", "ResourceId":
		return strings.TrimSuffix(name, "Id") + "sSet"
	case "Owner":
		return "OwnersSet"
	case "SecurityGroupId", "SecurityGroup":
		return "GroupSet"
	case "GroupId":
		return "SecurityGroupIdSet"
	case "GroupName":
		return "SecurityGroupSet"
	case "IpPermissions", "BlockDeviceMapping":
		return name
	}
	return strings.TrimSuffix(strings.TrimSuffix(name, "Id"), "Name") + "Set"
}
