package filter

import (
	"bytes"
	"errors"
	"strings"

	"trailctl/logs"
)

// path reads a path that is part of this program.
func path(s string) logs.Path {
	p, err := logs.ParsePath(s)
	if err != nil {
		panic(err) // a test would have found it
	}
	return p
}

var errEmpty = errors.New("it is empty")

// eventName is for --event-name: a name, or service:name as tables show it.
func eventName(v string) (*condition, error) {
	from, name, qualified := strings.Cut(v, ":")
	if !qualified {
		from, name = "", v
	}
	if name == "" || qualified && from == "" {
		return nil, errEmpty
	}
	p := parseWord(name)
	names := path("event") // in an Insights record that of the calls it is about
	c := &condition{cost: costField, literals: literals([]pattern{p})}
	c.match = func(r *logs.Record) bool { return anyValue(names, r, p.match) }
	if from == "" {
		return c, nil
	}
	s, err := service(from)
	if err != nil {
		return nil, err
	}
	return allOf([]*condition{c, s}), nil
}

const domain = ".amazonaws.com"

// service is for --service: ec2, EC2, ec2.amazonaws.com, elastic*. Records
// have all of these names in lower case.
func service(v string) (*condition, error) {
	v = strings.ToLower(v)
	if v == "" {
		return nil, errEmpty
	}
	if !strings.Contains(v, ".") && !strings.HasSuffix(v, "*") {
		v += domain
	}
	p := parsePattern(v)
	sources := path("eventSource")
	return &condition{cost: costField, literals: literals([]pattern{p}), match: func(r *logs.Record) bool {
		return anyValue(sources, r, p.match)
	}}, nil
}

// failed is for --errors.
func failed() *condition {
	return &condition{text: "errors", cost: costField, match: (*logs.Record).Failed}
}

// readVerbs begin the names of calls that only read. They are asked for
// records that do not say readOnly themselves: those before version 1.01.
var readVerbs = []string{
	"Get", "List", "Describe", "Head", "Lookup", "BatchGet", "BatchDescribe", "BatchCheck", "Search", "Query", "Scan",
	"Select", "View", "Check", "Validate", "Simulate", "Verify", "Preview", "Estimate", "Assume", "Decode", "Detect",
	"Filter", "Test", "Poll", "Receive", "Discover", "Download", "Retrieve", "Read", "Is", "Count",
}

// writes is for --writes.
func writes() *condition {
	readOnly, name := path("readOnly"), path("eventName")
	return &condition{text: "writes", cost: costField, match: func(r *logs.Record) bool {
		known, write := false, false
		readOnly.Each(r, func(text []byte) bool {
			write = isText(text, "false")
			known = write || isText(text, "true")
			return true
		})
		return write || !known && anyValue(name, r, writeVerb)
	}}
}

func isText(text []byte, low string) bool {
	return len(text) == len(low) && equalFold(text, []byte(low))
}

// writeVerb tells whether a call of this name changes something.
func writeVerb(name []byte) bool {
	for _, v := range readVerbs {
		rest, ok := bytes.CutPrefix(name, []byte(v))
		// "Issue" is not "Is".
		if ok && (len(rest) == 0 || rest[0] < 'a' || rest[0] > 'z') {
			return false
		}
	}
	return len(name) > 0
}
