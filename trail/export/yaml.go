package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// object is a mapping with its keys in order.
type object []member

type member struct {
	key   string
	value any // string, ours, bool, int, json.Number, object, []any
}

// set adds a member, unless its value says nothing.
func (o *object) set(key string, value any) {
	switch v := value.(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case object:
		if len(v) == 0 {
			return
		}
	case []any:
		if len(v) == 0 {
			return
		}
	}
	*o = append(*o, member{key, value})
}

// writeYAML writes a document. Every string is quoted: YAML 1.1 and 1.2 do not
// agree on what a bare word is, and a date such as a policy's version is none
// of a string.
func writeYAML(b *bytes.Buffer, value any, indent int) {
	pad := strings.Repeat("  ", indent)
	switch v := value.(type) {
	case object:
		if len(v) == 0 {
			b.WriteString(" {}\n")
			return
		}
		if indent > 0 {
			b.WriteByte('\n')
		}
		for _, m := range v {
			b.WriteString(pad + yamlKey(m.key) + ":")
			writeYAML(b, m.value, indent+1)
		}
	case []any:
		if len(v) == 0 {
			b.WriteString(" []\n")
			return
		}
		b.WriteByte('\n')
		for _, item := range v {
			writeItem(b, item, pad, indent)
		}
	case string:
		b.WriteString(" " + quoted(v) + "\n")
	case ours:
		b.WriteString(" " + quoted(string(v)) + "\n")
	default:
		fmt.Fprintf(b, " %v\n", v)
	}
}

// writeItem writes an element of a list: a mapping begins on the line of its
// dash.
func writeItem(b *bytes.Buffer, item any, pad string, indent int) {
	o, ok := item.(object)
	if !ok || len(o) == 0 {
		b.WriteString(pad + "-")
		writeYAML(b, item, indent+1)
		return
	}
	for i, m := range o {
		start := pad + "  "
		if i == 0 {
			start = pad + "- "
		}
		b.WriteString(start + yamlKey(m.key) + ":")
		writeYAML(b, m.value, indent+2)
	}
}

func yamlKey(key string) string {
	for i, r := range key {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return quoted(key)
		}
	}
	switch strings.ToLower(key) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return quoted(key)
	}
	return key
}

// quoted is a JSON string, which is a YAML string in double quotes, too, but
// for YAML's way to escape what is beyond U+FFFF. All that can be seen is
// written as it is.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a string into a buffer cannot fail
	return visible(strings.TrimSuffix(b.String(), "\n"), func(r rune) string { return fmt.Sprintf(`\U%08x`, r) })
}

// visible escapes what a terminal acts on or does not show in JSON or YAML
// that was written already, where it stands in strings only; ends of lines
// stay. wide escapes what is beyond U+FFFF.
func visible(text string, wide func(rune) string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r > 0xffff:
			b.WriteString(wide(r))
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func hidden(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }

// jsonEscape writes the pair of surrogates that JSON wants.
func jsonEscape(r rune) string {
	high, low := utf16.EncodeRune(r)
	return fmt.Sprintf(`\u%04x\u%04x`, high, low)
}

// fromJSON reads a JSON object with its keys in order.
func fromJSON(raw string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	return fromTokens(dec, 0)
}

// deepest is more nesting than any policy has.
const deepest = 100

func fromTokens(dec *json.Decoder, depth int) (any, error) {
	tok, err := dec.Token()
	if err != nil || depth > deepest {
		return nil, fmt.Errorf("not JSON that can be written: %w", err)
	}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '[' {
			list := []any{}
			for dec.More() {
				v, err := fromTokens(dec, depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err := dec.Token()
			return list, err
		}
		o := object{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := fromTokens(dec, depth+1)
			if err != nil {
				return nil, err
			}
			o = append(o, member{key.(string), v})
		}
		_, err := dec.Token()
		return o, err
	case nil:
		return yamlNull{}, nil
	}
	return tok, nil
}

type yamlNull struct{}

func (yamlNull) String() string { return "null" }
