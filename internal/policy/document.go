// Package policy reads and changes IAM policy documents that other people
// write in, too: bucket, topic and key policies. What is not changed comes out
// as the bytes that went in, in the order it had. It compares documents by
// what they mean, and decides nothing about who should be allowed what.
package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Version is the policy language's current version, for new documents.
const Version = "2012-10-17"

// Document is a policy: its statements in order, and whatever else stands
// beside them. The zero value is an empty policy of the current version.
type Document struct {
	fields     []field // all but Statement, in order; the value of Statement is nil
	statements []json.RawMessage
	source     []byte // the text as read, until something changes
}

// field is one member of the document's object.
type field struct {
	name  string
	value json.RawMessage
}

const statementField = "Statement"

// Parse reads a document. Statement may be a list or a single object. A text
// that could not be written back without loss, such as one that names
// Statement twice, is an error. Empty text is an empty document.
func Parse(text string) (*Document, error) {
	if strings.TrimSpace(text) == "" {
		return &Document{}, nil
	}
	fields, err := members([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	d := &Document{fields: fields, source: []byte(text)}
	for i, f := range fields {
		if f.name != statementField {
			if strings.EqualFold(f.name, statementField) {
				return nil, fmt.Errorf("reading policy: the element %q is not spelled %q", f.name, statementField)
			}
			continue
		}
		if d.statements, err = statementList(f.value); err != nil {
			return nil, fmt.Errorf("reading policy: %w", err)
		}
		fields[i].value = nil
	}
	return d, nil
}

// members takes an object apart, keeping each value's bytes.
func members(text []byte) ([]field, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if tok != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	var fields []field
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		f := field{name: tok.(string)} // an object's keys are strings, or Token fails
		if seen[f.name] {
			return nil, fmt.Errorf("the element %q stands there twice", f.name)
		}
		seen[f.name] = true
		if err := dec.Decode(&f.value); err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return fields, nil
}

func statementList(raw json.RawMessage) ([]json.RawMessage, error) {
	trimmed := bytes.TrimSpace(raw)
	if len(trimmed) > 0 && trimmed[0] == '{' {
		return []json.RawMessage{raw}, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, errors.New("Statement is neither an object nor a list of objects")
	}
	for i, s := range list {
		if s = bytes.TrimSpace(s); len(s) == 0 || s[0] != '{' {
			return nil, fmt.Errorf("statement %d is not an object", i+1)
		}
	}
	return list, nil
}

// Statements are the statements' texts, in order. Do not change them.
func (d *Document) Statements() []json.RawMessage { return d.statements }

func (d *Document) replace(i int, raw json.RawMessage) {
	d.statements = slices.Clone(d.statements)
	d.statements[i] = raw
	d.source = nil
}

func (d *Document) append(raw json.RawMessage) {
	d.statements = append(slices.Clone(d.statements), raw)
	d.source = nil
}

// Lookup is the first statement with a Sid.
func (d *Document) Lookup(wanted string) (json.RawMessage, bool) {
	for _, raw := range d.statements {
		if sid(raw) == wanted {
			return raw, true
		}
	}
	return nil, false
}

// String is the document as JSON. One that was not changed is the text that
// was read; otherwise the frame is compact and each statement keeps its bytes.
func (d *Document) String() string {
	if d.source != nil {
		return string(d.source)
	}
	fields := d.fields
	if len(fields) == 0 {
		fields = []field{{name: "Version", value: json.RawMessage(`"` + Version + `"`)}}
	}
	if !d.hasStatement() {
		fields = append(slices.Clone(fields), field{name: statementField})
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quote(f.name))
		b.WriteByte(':')
		if f.name != statementField {
			b.Write(f.value)
			continue
		}
		b.WriteByte('[')
		b.Write(bytes.Join(rawBytes(d.statements), []byte{','}))
		b.WriteByte(']')
	}
	b.WriteByte('}')
	return b.String()
}

func rawBytes(raws []json.RawMessage) [][]byte {
	out := make([][]byte, len(raws))
	for i, r := range raws {
		out[i] = r
	}
	return out
}

// Indented is a policy text with a line for each value and Statement as a
// list, for people to read and compare. JSON that is no policy is indented as
// it is, and any other text comes back unchanged.
func Indented(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	if d, err := Parse(text); err == nil && d.hasStatement() {
		d.source = nil
		text = d.String()
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(strings.TrimSpace(text)), "", "  "); err != nil {
		return text
	}
	return b.String() + "\n"
}

func (d *Document) hasStatement() bool {
	return slices.ContainsFunc(d.fields, func(f field) bool { return f.name == statementField })
}

// quote writes a JSON string without HTML escapes.
func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a string into a buffer cannot fail
	return bytes.TrimSpace(b.Bytes())
}
