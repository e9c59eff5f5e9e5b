package export

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"trailctl/logs"
)

// liner writes JSON Lines.
type liner struct{}

func (liner) write(to []byte, _ *logs.File, r *logs.Record) ([]byte, bool) {
	return append(append(to, oneLine(r.Raw)...), '\n'), false
}

// oneLine is JSON on one line: unchanged when it is on one, else without the
// white space between its parts.
func oneLine(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) == nil {
		return b.Bytes()
	}
	// Between tokens a space does as well as a line's end, and inside of
	// strings there is none.
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, raw)
}

// repair replaces each run of bytes that is not UTF-8 by U+FFFD.
func repair(text []byte) (repaired []byte, changed bool) {
	if utf8.Valid(text) {
		return text, false
	}
	return bytes.ToValidUTF8(text, []byte("\ufffd")), true
}
