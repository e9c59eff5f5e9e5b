package s3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
	xmlHeader = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

	maxDocument = 1 << 20 // bytes of an XML or JSON request body
	maxDepth    = 32      // of elements in one another
)

// node is an element of an XML document, for what needs no type of its own.
type node struct {
	name     string
	attrs    []xml.Attr
	children []*node
	text     string
}

// parseXML reads a whole document whose root has the given name.
func parseXML(text []byte, root string) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	var stack []*node
	var top *node
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && top != nil && len(stack) == 0 {
			return top, nil
		}
		if err != nil {
			return nil, malformedXML()
		}
		switch t := tok.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local, attrs: t.Copy().Attr}
			switch {
			case len(stack) >= maxDepth:
				return nil, malformedXML()
			case len(stack) > 0:
				parent := stack[len(stack)-1]
				parent.children = append(parent.children, n)
			case top != nil || n.name != root || t.Name.Space != "" && t.Name.Space != namespace:
				return nil, malformedXML()
			default:
				top = n
			}
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			}
		case xml.Directive:
			return nil, malformedXML() // no DOCTYPE, no entities
		}
	}
}

// value is the element as CloudTrail records it: attributes and children as
// fields, repeated children as a list, numbers and booleans as such.
func (n *node) value() any {
	fields := map[string]any{}
	for _, a := range n.attrs {
		name := a.Name.Local
		if a.Name.Space != "" && name != "xmlns" {
			name = shortSpace(a.Name.Space) + ":" + name
		}
		fields[name] = a.Value
	}
	if len(n.children) == 0 {
		text := strings.TrimSpace(n.text)
		if len(fields) == 0 || text != "" {
			return scalar(text)
		}
		return fields
	}
	for _, c := range n.children {
		switch have := fields[c.name].(type) {
		case nil:
			fields[c.name] = c.value()
		case []any:
			fields[c.name] = append(have, c.value())
		default:
			fields[c.name] = []any{have, c.value()}
		}
	}
	return fields
}

func shortSpace(space string) string {
	if space == "http://www.w3.org/2001/XMLSchema-instance" {
		return "xsi"
	}
	return space
}

func scalar(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		return n
	}
	return text
}

// child is the first child of that name, or nil.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// content is the element's text without the space around it.
func (n *node) content() string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.text)
}

// document reads an XML request body, and adds it to what the call records
// under its root's name.
func (r *request) document(root string) (*node, []byte, error) {
	text, err := r.readBody()
	if err != nil {
		return nil, nil, err
	}
	n, err := parseXML(text, root)
	if err != nil {
		return nil, nil, err
	}
	r.call.RequestParameters[root] = n.value()
	return n, text, nil
}

// writeXML answers with a document.
func (r *request) writeXML(v any) error {
	text, err := xml.Marshal(v)
	if err != nil {
		return err
	}
	r.writeText("application/xml", xmlHeader+string(text))
	return nil
}

func (r *request) writeText(contentType, text string) {
	h := r.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	r.w.WriteHeader(http.StatusOK)
	io.WriteString(r.w, text) // the client has gone
}

func (r *request) noContent() error {
	r.w.WriteHeader(http.StatusNoContent)
	return nil
}

func escapeXML(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s)) // a buffer takes all
	return b.String()
}
