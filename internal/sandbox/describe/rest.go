package describe

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
)

// row is one operation of a REST service: where it is, and what its bodies
// are.
type row struct {
	method    string
	path      []string          // labels are in braces, the last may be greedy: {Key+}
	query     map[string]string // what the address has to have; an empty value is any
	operation string
	input     string // the member that a request's body is; empty when it is all members, blob for no members
	output    string // the same of answers
}

// blob is a body that has no members: a function's payload, an archive.
const blob = "-"

// readRows reads "/path?query METHOD Operation:input:output METHOD ...".
func readRows(words []string) (rows []row) {
	address, query, _ := strings.Cut(words[0], "?")
	one := row{path: segments(address)}
	if query != "" {
		one.query = map[string]string{}
		for _, part := range strings.Split(query, "&") {
			name, value, _ := strings.Cut(part, "=")
			one.query[name] = value
		}
	}
	for i := 1; i+1 < len(words); i += 2 {
		what := append(strings.Split(words[i+1], ":"), "", "")
		one.method, one.operation, one.input, one.output = words[i], what[0], what[1], what[2]
		rows = append(rows, one)
	}
	return rows
}

func segments(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

func isLabel(segment string) bool { return strings.HasPrefix(segment, "{") }

func isGreedy(segment string) bool { return strings.HasSuffix(segment, "+}") }

func labelName(segment string) string { return strings.Trim(segment, "{+}") }

// rank tells how much of an address a row names; -1 when the row is for other
// addresses. The parts of the path are still escaped.
func (r *row) rank(method string, path []string, query url.Values) (rank int) {
	if r.method != method {
		return -1
	}
	at := 0
	for i, segment := range r.path {
		end := r.end(i, at, len(path))
		switch {
		case end <= at || end > len(path):
			return -1
		case isLabel(segment):
			if path[at] == "" {
				return -1
			}
		case segment != path[at]:
			return -1
		default:
			rank += 10
		}
		at = end
	}
	if at != len(path) {
		return -1
	}
	for name, value := range r.query {
		if !query.Has(name) || value != "" && query.Get(name) != value {
			return -1
		}
		rank++
	}
	return rank
}

// end is where the part of a path ends that stands for a segment: a greedy one
// leaves one part for each segment after it.
func (r *row) end(segment, at, parts int) int {
	if isGreedy(r.path[segment]) {
		return parts - (len(r.path) - segment - 1)
	}
	return at + 1
}

// labels are the parts of a path that has a rank which stand for labels.
func (r *row) labels(path []string) map[string]string {
	labels, at := map[string]string{}, 0
	for i, segment := range r.path {
		end := r.end(i, at, len(path))
		if isLabel(segment) {
			labels[labelName(segment)] = unescaped(strings.Join(path[at:end], "/"))
		}
		at = end
	}
	return labels
}

func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// find is the row that names most of an address.
func (f *facts) find(r *http.Request) (found row, labels map[string]string, ok bool) {
	path, query := segments(r.URL.EscapedPath()), r.URL.Query()
	best := -1
	for i := range f.rows {
		if rank := f.rows[i].rank(r.Method, path, query); rank > best {
			found, best = f.rows[i], rank
		}
	}
	if best < 0 {
		return row{}, nil, false
	}
	return found, found.labels(path), true
}

// rowOf is the row of a call of a REST service, empty for every other call.
func rowOf(c *call.Call, f Format) row {
	if f != REST {
		return row{}
	}
	found, _, _ := factsOf(c.Service).find(c.HTTP)
	return found
}

// requestREST describes a call of a service with addresses of its own.
func requestREST(c *call.Call, body Part) {
	s := shapeOf(c)
	found, labels, ok := s.facts.find(c.HTTP)
	if !ok {
		unknown(c)
		return
	}
	c.Operation = found.operation
	c.ReadOnly, c.Data = readOnly(c.Service, c.Operation), isData(c.Service, c.Operation)
	in := documentOf(c, found, body)
	if in == nil {
		in = map[string]any{}
	}
	for name, values := range c.HTTP.URL.Query() {
		if _, chooses := found.query[name]; !chooses && !signing(name) {
			in[clean(lowerFirst(name), maxWord)] = s.member(name, s.oneOf(name, values))
		}
	}
	for name, value := range labels {
		in[lowerFirst(name)] = s.member(name, value)
	}
	s.headers(c, in)
	if in = withoutContent(c.Service, c.Operation, in); len(in) > 0 {
		c.RequestParameters = in
	}
	c.Operation = eventName(c.Service, c.Operation, c.HTTP.URL.Path)
}

// oneOf is a query parameter, which may come more than once.
func (s shape) oneOf(name string, values []string) any {
	if len(values) == 1 {
		return s.facts.scalar(name, values[0])
	}
	list := make([]any, len(values))
	for i := range values {
		list[i] = values[i]
	}
	return list
}

// headers adds the parameters that travel as headers, of the few services
// that have some worth a record.
func (s shape) headers(c *call.Call, in map[string]any) {
	for header, name := range map[string]string{
		"X-Amz-Invocation-Type": "invocationType", "X-Amz-Log-Type": "logType", "X-Amz-Account-Id": "accountId", "If-Match": "ifMatch",
	} {
		if v := c.HTTP.Header.Get(header); v != "" {
			in[name] = clean(v, maxMessage)
		}
	}
}

// documentOf are the parameters in the body of a call.
func documentOf(c *call.Call, found row, body Part) map[string]any {
	text := bytes.TrimSpace(body.Bytes)
	var m map[string]any
	switch {
	case found.input == blob, len(text) == 0:
		return nil
	case body.Cut:
		return omitted(c, "requestParameters")
	case text[0] == '{':
		m = parameters(c, readJSON, body)
	case text[0] == '<':
		m = parameters(c, readTop, body)
	}
	if found.input != "" && len(m) > 0 {
		return map[string]any{lowerFirst(found.input): m}
	}
	return m
}

// readTop reads an XML document without its root, which is the operation's.
func readTop(c *call.Call, body []byte) (any, error) {
	top, err := readXML(body)
	if err != nil {
		return nil, err
	}
	return leaves{facts: factsOf(c.Service)}.fields(top), nil
}

// unknown describes a call at an address that is in no model: by what the
// address says, under a name that is nobody's operation, so that the call is
// seen and not taken for another one.
func unknown(c *call.Call) {
	method := word(c.HTTP.Method)
	first, n := utf8.DecodeRuneInString(method)
	c.Operation = "Unknown" + string(first) + strings.ToLower(method[n:])
	if n == 0 {
		c.Operation = "Unknown"
	}
	c.ReadOnly = method == http.MethodGet || method == http.MethodHead
	c.RequestParameters = map[string]any{"method": method, "path": clean(c.HTTP.URL.Path, maxMessage)}
}
