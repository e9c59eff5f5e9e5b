package describe

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"
)

// element is an element of an XML document.
type element struct {
	name     string // without its namespace
	attrs    []xml.Attr
	children []*element
	text     []byte
}

// readXML reads a document, none of whose entities are its own.
func readXML(body []byte) (*element, error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	var top *element
	var open []*element
	for left := maxValues; ; {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) && top != nil && len(open) == 0 {
			return top, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			e := &element{name: t.Name.Local, attrs: t.Copy().Attr}
			if left -= 1 + len(e.attrs); left < 0 || len(open) > maxDepth {
				return nil, errTooMuch
			}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, e)
			case top != nil:
				return nil, errors.New("a second root")
			default:
				top = e
			}
			open = append(open, e)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1].name != t.Name.Local {
				return nil, errors.New("an end without its beginning")
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				at := open[len(open)-1]
				at.text = append(at.text, t...)
			}
		}
	}
}

// child is the first child of that name; nil when there is none, and of nil.
func (e *element) child(name string) *element {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// find is the first element of that name, e itself among them, that has a
// child of the second name.
func (e *element) find(name, with string) *element {
	if e.name == name && e.child(with) != nil {
		return e
	}
	for _, c := range e.children {
		if found := c.find(name, with); found != nil {
			return found
		}
	}
	return nil
}

// content is the text of an element without the space around it.
func (e *element) content() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(string(e.text))
}

// leaves turns elements into maps, lists and scalars with the names that they
// have on the wire.
type leaves struct {
	facts *facts
	ec2   bool
}

func (l leaves) fields(e *element) map[string]any {
	out := map[string]any{}
	for _, c := range e.children {
		name := c.name
		if l.ec2 && name == "return" {
			name = "_return" // as EC2's records have it
		}
		if len(c.children) == 0 && len(c.text) == 0 {
			// An empty text, list or structure: which, only the model knows.
			if l.ec2 && strings.HasSuffix(name, "Set") {
				out[name] = map[string]any{}
			}
			continue
		}
		v := l.value(c)
		switch have := out[name].(type) {
		case nil:
			out[name] = v
		case repeated:
			out[name] = append(have, v)
		default:
			out[name] = repeated{have, v}
		}
	}
	for name, v := range out {
		if list, ok := v.(repeated); ok {
			out[name] = []any(list)
		}
	}
	return out
}

// repeated is a list without an element of its own, while it is collected.
type repeated []any

func (l leaves) value(e *element) any {
	if len(e.children) == 0 {
		return l.scalar(e)
	}
	first := e.children[0].name
	switch {
	case l.ec2 && first == "item":
		return map[string]any{"items": l.list(e)}
	case first == "member", l.facts.isList(e.name) && e.all(first):
		return l.list(e)
	case first == "entry":
		if m := l.entries(e); m != nil {
			return m
		}
	}
	return l.fields(e)
}

// all tells whether all children have the same name.
func (e *element) all(name string) bool {
	for _, c := range e.children {
		if c.name != name {
			return false
		}
	}
	return true
}

func (l leaves) list(e *element) []any {
	out := make([]any, len(e.children))
	for i, c := range e.children {
		out[i] = l.value(c)
	}
	return out
}

// entries is a map; nil for what only looks like one.
func (l leaves) entries(e *element) map[string]any {
	out := map[string]any{}
	for _, c := range e.children {
		key := c.child("key")
		if key == nil || c.name != "entry" {
			return nil
		}
		out[key.content()] = ""
		if value := c.child("value"); value != nil {
			out[key.content()] = l.value(value)
		}
	}
	return out
}

func (l leaves) scalar(e *element) any {
	text := e.content()
	if isTime(e.name) {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			if l.ec2 {
				return at.UnixMilli() // EC2's records have numbers
			}
			return textOf(at)
		}
	}
	return l.facts.scalar(e.name, text)
}
