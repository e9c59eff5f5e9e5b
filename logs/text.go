package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The text form is one line a record: six fields with a space between them,
//
//	eventID eventName eventSource awsRegion sourceIPAddress User-Agent=...
//
// of which the last runs to the end of the line. An absent field is "-", an
// empty one is two quotes. So that a line stays a line and can be read back,
// what is not printable, a space inside one of the first five fields, and
// the backslash are written as escapes: \\, \n, \r, \t, \x20, \u202e,
// \U000e0041.
const agentMark = "User-Agent="

// textFields are the fields of a line before the user agent.
var textFields = [...]field{fieldID, fieldName, fieldSource, fieldRegion, fieldAddress}

// textNames are the names of the fields of a line, the user agent's last.
var textNames = [...]string{"eventID", "eventName", "eventSource", "awsRegion", "sourceIPAddress", "userAgent"}

// AppendText appends the record's line, without a newline.
func AppendText(to []byte, r *Record) []byte {
	start := len(to)
	for _, f := range textFields {
		to = appendTextField(to, r.value(f), false)
		to = append(to, ' ')
	}
	// A file that begins with a bracket is read as JSON.
	if c := to[start]; c == '{' || c == '[' {
		to = slices.Replace(to, start, start+1, fmt.Appendf(nil, `\x%02x`, c)...)
	}
	to = append(to, agentMark...)
	return appendTextField(to, r.value(fieldAgent), true)
}

func appendTextField(to, value []byte, last bool) []byte {
	if len(value) == 0 || value[0] == 'n' {
		return append(to, '-')
	}
	s := text(value)
	if value[0] == '{' || value[0] == '[' {
		s = string(value)
	}
	switch s {
	case "":
		return append(to, `""`...)
	case "-":
		return append(to, `\x2d`...)
	case `""`:
		return append(to, `\x22"`...)
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			to = fmt.Appendf(to, `\x%02x`, s[i])
		case r == '\\':
			to = append(to, `\\`...)
		case r == '\n':
			to = append(to, `\n`...)
		case r == '\r':
			to = append(to, `\r`...)
		case r == '\t':
			to = append(to, `\t`...)
		case r == ' ' && last:
			to = append(to, ' ')
		case r == ' ' || r < utf8.RuneSelf && !unicode.IsPrint(r):
			to = fmt.Appendf(to, `\x%02x`, r)
		case !unicode.IsPrint(r) && r <= 0xffff:
			to = fmt.Appendf(to, `\u%04x`, r)
		case !unicode.IsPrint(r):
			to = fmt.Appendf(to, `\U%08x`, r)
		default:
			to = append(to, s[i:i+n]...)
		}
		i += n
	}
	return to
}

// splitText reads lines of the text form from data[start:]. The first line
// must be one, or the file is something else.
func splitText(data []byte, start int, report *Report, yield func(*Record) bool) {
	for i := start; i < len(data); {
		line := data[i:]
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		offset := i
		i += len(line) + 1
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		fields, whole := splitLine(string(line))
		if fields == nil {
			if !report.LogFile {
				return
			}
			report.damage(&DamageError{int64(offset), "no line of the form eventID eventName eventSource awsRegion sourceIPAddress User-Agent=..."})
			continue
		}
		if !whole {
			if !report.LogFile {
				return // too little to tell a log line by
			}
			if len(bytes.TrimSpace(data[min(i, len(data)):])) > 0 {
				report.damage(&DamageError{int64(offset), "the line has no " + agentMark + "..."})
				continue
			}
			report.note("the line at byte %d ends before its user agent does: it is read without one", offset)
		}
		report.LogFile = true
		report.Records++
		if !yield(&Record{Raw: textRecord(fields), Offset: int64(offset)}) {
			return
		}
	}
}

// splitLine takes a line apart; nil when it is none of the form. whole is
// false when the line breaks off where the user agent should be.
func splitLine(line string) (fields []string, whole bool) {
	fields = strings.SplitN(line, " ", len(textNames))
	if len(fields) < len(textFields) {
		return nil, false
	}
	for _, f := range fields[:len(textFields)] {
		if f == "" {
			return nil, false
		}
	}
	if len(fields) == len(textFields) {
		return append(fields, "-"), false
	}
	agent, marked := strings.CutPrefix(fields[5], agentMark)
	if !marked {
		// One word is a mark that was cut off; more of them are other text.
		if strings.Contains(fields[5], " ") {
			return nil, false
		}
		agent = "-"
	}
	fields[5] = agent
	return fields, marked
}

// textRecord writes the JSON record that a line stands for.
func textRecord(fields []string) []byte {
	out := []byte{'{'}
	for i, f := range fields {
		if f == "-" {
			continue
		}
		if f == `""` {
			f = ""
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, textNames[i]...)
		out = append(out, `":`...)
		out = appendJSONString(out, unescapeText(f))
	}
	return append(out, '}')
}

func appendJSONString(to []byte, s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// A string can always be encoded.
	_ = e.Encode(s)
	return append(to, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// unescapeText undoes the escapes of the text form. A backslash that begins
// none stays one: other programs do not write them doubled.
func unescapeText(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		digits := 0
		switch s[i+1] {
		case '\\':
			b.WriteByte('\\')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'x':
			digits = 2
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		default:
			digits = -1
		}
		if digits == 0 {
			i++
			continue
		}
		n, err := uint64(0), error(strconv.ErrSyntax)
		if digits > 0 && i+2+digits <= len(s) {
			n, err = strconv.ParseUint(s[i+2:i+2+digits], 16, 32)
		}
		switch {
		case err != nil || n > unicode.MaxRune:
			b.WriteByte('\\')
			continue
		case digits == 2:
			b.WriteByte(byte(n))
		default:
			b.WriteRune(rune(n))
		}
		i += 1 + digits
	}
	return b.String()
}
