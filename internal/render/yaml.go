package render

import (
	"bytes"
	"io"

	"github.com/goccy/go-yaml"
)

// YAML writes a value with the fields that its JSON has. Characters that would
// act on a terminal come as the text \u001b and the like: YAML's own escapes
// are not used, and such characters belong in no name.
func YAML(w io.Writer, v any) error {
	var b bytes.Buffer
	if err := JSON(&b, v); err != nil {
		return err
	}
	text, err := yaml.JSONToYAML(shownEscapes(b.Bytes()))
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// shownEscapes makes texts of the escapes in JSON that stand for characters
// other than newline, tab and those with a meaning in JSON.
func shownEscapes(raw []byte) []byte {
	var out []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			out = append(out, raw[i])
			continue
		}
		switch next := raw[i+1]; next {
		case 'u', 'b', 'f', 'r':
			out = append(out, '\\', '\\', next)
		default:
			out = append(out, '\\', next)
		}
		i++
	}
	return out
}
