package render

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"trailctl/internal/term"
	"trailctl/logs"
)

// recordCards writes each record as a page with sections: who did what,
// where, when, and how it ended. Nothing of the record is left out, unless it
// is longer than any that CloudTrail writes; fields have their own names.
type recordCards struct {
	to      *bufio.Writer
	options RecordOptions
	any     bool
}

// member is one field of an object as it is written.
type member struct {
	name  string
	value []byte
}

// cardPlace is where a field stands: in which section, and there after which
// others.
type cardPlace struct {
	section string
	order   int
}

// cardPlaces are the places of the top-level fields. Those that have none are
// in the last section.
func cardPlaces() map[string]cardPlace {
	places := map[string]cardPlace{}
	for section, fields := range map[string][]string{
		"who":       {"userIdentity"},
		"what":      {"eventName", "eventSource", "eventType", "eventCategory", "readOnly", "managementEvent", "apiVersion", "eventID", "requestID", "sharedEventID", "eventVersion"},
		"where":     {"awsRegion", "recipientAccountId", "sourceIPAddress", "userAgent", "vpcEndpointId", "vpcEndpointAccountId", "tlsDetails", "sessionCredentialFromConsole", "edgeDeviceDetails"},
		"when":      {"eventTime"},
		"result":    {"errorCode", "errorMessage"},
		"resources": {"resources"},
		"request":   {"requestParameters"},
		"response":  {"responseElements"},
	} {
		for i, f := range fields {
			places[f] = cardPlace{section, i}
		}
	}
	return places
}

func (w *recordCards) write(r *logs.Record) error {
	if w.any {
		w.to.WriteByte('\n')
	}
	w.any = true
	w.title(r)
	fields, ok := membersOf(r.Raw)
	if !ok {
		w.section("record")
		if len(r.Raw) > mostOfValue {
			w.cut("  ", r.Raw)
			return w.line("")
		}
		return w.line("  " + string(escapeJSON(compact(r.Raw))))
	}
	places := cardPlaces()
	slices.SortStableFunc(fields, func(a, b member) int { return places[a.name].order - places[b.name].order })
	parts := map[string][]member{}
	for _, f := range fields {
		section := cmp.Or(places[f.name].section, "also")
		parts[section] = append(parts[section], f)
	}
	w.who(r, parts["who"])
	w.fields("what", parts["what"])
	w.values("request", parts["request"])
	w.fields("where", parts["where"])
	w.when(r, parts["when"])
	w.result(r, parts["result"])
	w.values("resources", parts["resources"])
	w.values("response", parts["response"])
	w.fields("also", parts["also"])
	return w.line("")
}

func (w *recordCards) flush() error { return w.to.Flush() }
func (w *recordCards) close() error { return w.to.Flush() }

// title is the event in one line.
func (w *recordCards) title(r *logs.Record) {
	who, end := r.Identity().Words(), r.Failure()
	title := w.paint("1", orDash(eventWords(r)))
	if who != "" {
		code := "1"
		if who == "root" {
			code = "33"
		}
		title += " by " + w.paint(code, who)
	}
	if end != "" {
		title += ": " + w.paint("31", end)
	}
	w.line(title)
}

func (w *recordCards) who(r *logs.Record, fields []member) {
	var all []member
	for _, f := range fields {
		if inner, ok := membersOf(f.value); ok {
			all = append(all, inner...)
		} else {
			all = append(all, f)
		}
	}
	w.fields("who", all)
}

func (w *recordCards) when(r *logs.Record, fields []member) {
	t, ok := r.Time()
	if !ok {
		w.fields("when", fields)
		return
	}
	w.section("when")
	w.field("eventTime", t.Format(time.DateTime)+" UTC")
	if w.options.Zone != nil {
		w.field("", t.In(w.options.Zone).Format(time.DateTime+" MST"))
	}
}

func (w *recordCards) result(r *logs.Record, fields []member) {
	switch failure := r.Failure(); {
	case failure == "":
		w.section("result")
		w.line("  no error")
	case r.ErrorCode() == "" && r.ErrorMessage() == "":
		w.section("result")
		w.text("  ", failure) // as the response says
	default:
		w.fields("result", fields)
	}
}

// fields writes a section of names and values. Null says nothing.
func (w *recordCards) fields(section string, fields []member) {
	headed := false
	for _, f := range fields {
		if string(f.value) == "null" {
			continue
		}
		if !headed {
			w.section(section)
			headed = true
		}
		if len(f.value) > mostOfValue {
			w.line("  " + term.Escape(f.name))
			w.cut("    ", f.value)
			continue
		}
		if c := f.value[0]; c != '{' && c != '[' {
			w.field(f.name, scalar(f.value))
			continue
		}
		w.line("  " + term.Escape(f.name))
		w.json(f.value, "    ")
	}
}

// values writes a section whose values need no names.
func (w *recordCards) values(section string, fields []member) {
	for _, f := range fields {
		if string(f.value) == "null" {
			continue
		}
		w.section(section)
		if len(f.value) > mostOfValue {
			w.cut("  ", f.value)
			continue
		}
		w.json(f.value, "  ")
	}
}

func (w *recordCards) section(name string) {
	w.line("\n" + w.paint("1", name))
}

// field writes a name and its text beside each other.
func (w *recordCards) field(name, value string) {
	const width = 21
	name = term.Escape(name)
	w.text("  "+name+strings.Repeat(" ", max(1, width-cellWidth(name))), value)
}

// deepest is how many levels of JSON are indented. What goes deeper stands on
// one line: the indentation alone would be many times the record.
const deepest = 64

// mostIndented bounds the same for values that are both long and deep: their
// bytes times their levels.
const mostIndented = 16 << 20

// What a card shows of one value, and how many fields of one object: far more
// than the records of CloudTrail have, of which the largest are 1 MiB.
const (
	mostOfValue  = 1 << 20
	mostOfFields = 10_000
)

// cut shows the beginning of a value that is too long for a card, and says so.
func (w *recordCards) cut(indent string, value []byte) {
	begin := bytes.ReplaceAll(value[:mostOfValue], []byte("\n"), []byte(" "))
	w.line(indent + string(escapeJSON(bytes.ToValidUTF8(begin, nil))) + "…")
	w.line(indent + "(the first " + Size(mostOfValue) + " of " + Size(int64(len(value))) + ": --output json shows all)")
}

func (w *recordCards) json(value []byte, indent string) {
	if value[0] != '{' && value[0] != '[' {
		w.line(indent + term.Escape(scalar(value)))
		return
	}
	var b bytes.Buffer
	if d := depth(value); d > deepest || d*len(value) > mostIndented || json.Indent(&b, value, indent, "  ") != nil {
		b.Reset()
		b.Write(compact(value))
	}
	for line := range bytes.Lines(append([]byte(indent), b.Bytes()...)) {
		text := string(escapeJSON(bytes.TrimSuffix(line, []byte("\n"))))
		inner := strings.TrimLeft(text, " ")
		indent := len(text) - len(inner)
		lead := indent + keyLength(inner)
		w.hang(text[:lead], text[lead:], " ,", indent+4)
	}
}

// keyLength is how long the name at the beginning of a line of indented JSON
// is, with what stands between it and its value.
func keyLength(line string) int {
	i := strings.Index(line, `": `)
	if i < 1 || line[0] != '"' || line[i-1] == '\\' {
		return 0
	}
	return i + len(`": `)
}

// line writes text that is escaped already. A failed write shows when the
// card is flushed.
func (w *recordCards) line(text string) error {
	if text == "" {
		return nil
	}
	_, err := w.to.WriteString(text + "\n")
	return err
}

func (w *recordCards) paint(code, text string) string {
	const most = 4 << 10 // it is a title, and the field itself comes below
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	text = term.Escape(text)
	if !w.options.Terminal.Colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// membersOf takes an object apart; false for anything else, and for one with
// too many members.
func membersOf(object []byte) ([]member, bool) {
	if len(object) == 0 || object[0] != '{' {
		return nil, false
	}
	var all []member
	logs.EachMember(object, func(name, value []byte) bool {
		all = append(all, member{string(name), value})
		return len(all) <= mostOfFields
	})
	return all, len(all) <= mostOfFields
}

// scalar is a string without its quotes, or the JSON of something else.
func scalar(value []byte) string {
	var s string
	if value[0] == '"' && json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

func compact(value []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return bytes.ReplaceAll(value, []byte("\n"), []byte(" "))
	}
	return b.Bytes()
}

// depth is how deep well-formed JSON is nested.
func depth(value []byte) int {
	level, deep, quoted := 0, 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deep = max(deep, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deep
}
