package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// ids splits data and returns the eventIDs of its records.
func ids(data string) ([]string, *Report) {
	var found []string
	report := Split([]byte(data), func(r Record) bool {
		found = append(found, r.ID())
		return true
	})
	return found, report
}

func record(id string) string { return `{"eventVersion":"1.08","eventID":"` + id + `"}` }

func TestSplitForms(t *testing.T) {
	a, b, c := record("a"), record("b"), record("c")
	asString := func(s string) string { return string(appendJSONString(nil, s)) }
	for _, test := range []struct{ name, in, want string }{
		{"as delivered", `{"Records":[` + a + `,` + b + `]}`, "a b"},
		{"pretty-printed", "{\r\n  \"Records\" : [\n\t" + a + " ,\n" + b + "\n ]\n}\n", "a b"},
		{"an empty list of records", `{"Records":[]}`, ""},
		{"a bare array", `[` + a + `,` + b + `]`, "a b"},
		{"an empty array", " [ ] ", ""},
		{"nothing", "", ""},
		{"white space", " \n", ""},
		{"a bare record", a, "a"},
		{"lines", a + "\n" + b + "\r\n" + c, "a b c"},
		{"one after the other", a + b, "a b"},
		{"files after each other", `{"Records":[` + a + "]}\n" + `{"Records":[` + b + `]}`, "a b"},
		{"byte order mark", "\ufeff" + `{"Records":[` + a + `]}`, "a"},
		{"LookupEvents", `{"NextToken":"x","Events":[{"EventId":"a","CloudTrailEvent":` + asString(a) + `}]}`, "a"},
		{"LookupEvents with records in it", `{"Events":[` + a + `]}`, "a"},
		{"lines of LookupEvents", `{"CloudTrailEvent":` + asString(a) + "}\n" + `{"CloudTrailEvent":` + asString(b) + `}`, "a b"},
		{"EventBridge", `{"version":"0","detail-type":"AWS API Call via CloudTrail","detail":` + a + `}`, "a"},
		{"EventBridge, several", `[{"detail":` + a + `},{"detail":` + b + `}]`, "a b"},
		{"a key written with escapes", `{"\u0052ecords":[` + a + `]}`, "a"},
		{"a field written with escapes", `[{"event\u0049D":"a"}]`, "a"},
		{"other fields in front", `{"x":{"Records":[1]},"Records":[` + a + `]}`, "a"},
		{"only an unusual record", `{"Records":[{"recipientAccountId":"1","eventID":"a","userIdentity":null}]}`, "a"},
		{"other things in the list", `{"Records":[` + a + `,null,5,"x",[1],{"y":1}]}`, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, report := ids(test.in)
			if err := report.Err(); err != nil || strings.Join(got, " ") != test.want || report.Records != len(got) {
				t.Errorf("%v and error %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestSplitIsNoLogFile(t *testing.T) {
	for name, in := range map[string]string{
		"a digest file":                    `{"awsAccountId":"1","digestStartTime":"x","logFiles":[{"s3Bucket":"b"}]}`,
		"an empty object":                  `{}`,
		"an array of objects":              `[{"data":{"Records":[` + record("a") + `]},"log":"x"}]`,
		"numbers":                          `[1,2]`,
		"text":                             "Apache License\nVersion 2.0\n",
		"YAML":                             "parsers:\n- a\n",
		"a scalar":                         `"eventID"`,
		"cut off, and of some other kind":  `{"a":[1,2`,
		"notifications of S3":              `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put"},{"eventVersion":"2.1","eventSource":"aws:s3"}]}`,
		"records of some other program":    `{"Records":[{"a":1}]}`,
		"a detail that is no record":       `{"detail":{"a":1}}`,
		"five words on a line":             "one two three four five\n",
		"a log line of some other program": "Jan 1 10:00:00 host sshd: agent=x",
	} {
		t.Run(name, func(t *testing.T) {
			got, report := ids(in)
			if len(got) > 0 || report.LogFile || !errors.Is(report.Err(), ErrNotLogFile) {
				t.Errorf("%v, %+v", got, report)
			}
		})
	}
}

func TestSplitDamage(t *testing.T) {
	a, b, c := record("a"), record("b"), record("c")
	for _, test := range []struct {
		name, in, want string
		offset         int
		reason         string
	}{
		{"cut in a record", `{"Records":[` + a + `,{"eventID":"b`, "a", 63, "ends in the middle"},
		{"cut in the first record", `{"Records":[{"eventVersion":"1.0`, "", 32, "ends in the middle"},
		{"cut between records", `{"Records":[` + a + `,`, "a", 50, "ends in the middle"},
		{"cut behind a record", `{"Records":[` + a, "a", 49, "inside a list"},
		{"cut behind the list", `{"Records":[` + a + `]`, "a", 50, "ends in the middle"},
		{"a bare record cut", `{"eventID":"a","x":`, "", 19, "ends in the middle"},
		{"trailing junk", `{"Records":[` + a + `]} junk`, "a", 52, "'j'"},
		{"control character", `{"Records":[` + a + `,{"eventID":"b` + "\n" + `"},` + c + `]}`, "a c", 63, "control character 0x0a"},
		{"bad escape", `{"Records":[` + a + `,{"eventID":"\q"},` + c + `]}`, "a c", 63, `\`},
		{"bad \\u escape", `[` + a + `,{"eventID":"\u12x4"},` + c + `]`, "a c", 55, "four hexadecimal"},
		{"bad number", `[` + a + `,{"eventID":01},` + c + `]`, "a c", 51, "expected"},
		{"no comma", `[` + a + ` ` + b + `]`, "a", 39, "expected ','"},
		{"two lists", `{"Records":[` + a + `],"Records":[` + b + `]}`, "a b", 51, "a second list"},
		{"Records is no list", `{"Records":{}}`, "", 11, "not a list"},
		{"a bad line among lines", a + "\n" + `{"eventID":` + "\n" + c + "\n", "a c", 88, ""},
		{"a bad first line", `{"eventID":x}` + "\n" + b + "\n", "b", 11, ""},
		{"CloudTrailEvent that is cut", `{"Events":[{"CloudTrailEvent":"{\"eventID\":"}]}`, "", 30, "its byte 11"},
		{"UTF-16", "\xff\xfe{\x00", "", 0, "UTF-16"},
		{"too deep", `[{"eventID":` + strings.Repeat("[", maxDepth+2), "", 12 + maxDepth, "deeper"},
		{"a bad line of text", "a b c d e User-Agent=x\nnonsense\nc b c d e User-Agent=x\n", "a c", 23, "form"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, report := ids(test.in)
			var d *DamageError
			if !errors.As(report.Err(), &d) || strings.Join(got, " ") != test.want {
				t.Fatalf("%v and error %v, want %s", got, report.Err(), test.want)
			}
			if int(d.Offset) != test.offset || !strings.Contains(d.Reason, test.reason) {
				t.Errorf("%v, want byte %d and %q", d, test.offset, test.reason)
			}
		})
	}
}

func TestSplitRecordsKeepTheirBytes(t *testing.T) {
	const odd = `{"eventID" : "a","n":8.82e-05,"u":"\u00e9é\ud800","x":{"y":[ ]}}`
	in := `{"Records":[` + odd + `]}`
	Split([]byte(in), func(r Record) bool {
		if string(r.Raw) != odd || in[r.Offset:int(r.Offset)+len(odd)] != odd {
			t.Errorf("%s at %d", r.Raw, r.Offset)
		}
		return true
	})
}

func TestSplitStopsWhenAsked(t *testing.T) {
	for _, in := range []string{`{"Records":[` + record("a") + "," + record("b") + "]}", record("a") + "\n" + record("b"),
		"a b c d e User-Agent=x\nb b c d e User-Agent=x"} {
		n := 0
		report := Split([]byte(in), func(Record) bool { n++; return false })
		if n != 1 || len(report.Damage) > 0 {
			t.Errorf("%d records, %v", n, report.Err())
		}
	}
}

// documents counts the objects that encoding/json finds in data the way
// Split does, and tells whether all of data is JSON. ok is false for input
// of which the two need not agree.
func documents(data []byte) (records int, valid, ok bool) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	for {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return records, true, true
		}
		if err != nil {
			return 0, false, true
		}
		list, isList := v.([]any)
		switch m, isObject := v.(map[string]any); {
		case isList:
			for _, e := range list {
				records += marked(e)
			}
		case !isObject:
			return 0, false, true // a scalar is no document for Split
		case m["Records"] != nil || m["Events"] != nil || m["CloudTrailEvent"] != nil || m["detail"] != nil:
			return 0, true, false
		default:
			records += marked(v)
		}
	}
}

func marked(v any) int {
	m, _ := v.(map[string]any)
	for k := range m {
		if k == "Records" || k == "Events" || k == "CloudTrailEvent" || k == "detail" || k == "eventSource" {
			return 1000 // another rule applies: do not compare
		}
	}
	for k := range m {
		if marksRecord([]byte(k)) {
			return 1
		}
	}
	return 0
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		`{"eventID":"a"}`, `[{"eventID":"a"},{"eventName":1}]`, `{"eventID":"\u00e9\n"} {"a":[1.5e-3,true,null]}`,
		`[{"eventID":-0}]`, `[]`, "\ufeff[{}]", `{"Records":[{"eventID":"a"}]}`, `{"eventID":"a",}`, `[1 2]`, `{"a":tru}`,
		`{"eventID":"a` + "\x01" + `"}`, `{"event\u0049D":1}`, `[{"eventID":01}]`, "{\"eventID\":1}\n{bad\n{\"eventID\":2}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		report := Split(data, func(r Record) bool {
			n++
			if !json.Valid(r.Raw) || r.Raw[0] != '{' {
				t.Errorf("record %q is no JSON object", r.Raw)
			}
			_, _ = r.Time()
			_ = r.Identity().Words()
			return true
		})
		trimmed := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
		if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
			return // text, or UTF-16
		}
		records, valid, ok := documents(data)
		if sound := len(report.Damage) == 0; ok && sound != valid {
			t.Fatalf("damage %v, but encoding/json says valid %v", report.Damage, valid)
		}
		if ok && valid && records < 1000 && n != records {
			t.Fatalf("%d records, encoding/json finds %d", n, records)
		}
	})
}

func FuzzUnquote(f *testing.F) {
	f.Add(`a\u00e9\ud83d\ude00\ud800x\n\"`)
	f.Fuzz(func(t *testing.T, s string) {
		quoted := []byte(`"` + s + `"`)
		sc := scanner{data: quoted}
		end, _, err := sc.str(0)
		sound := err == nil && end == len(quoted)
		if sound != json.Valid(quoted) {
			t.Fatalf("%q: %v, encoding/json says %v", quoted, err, json.Valid(quoted))
		}
		var want string
		if !sound || json.Unmarshal(quoted, &want) != nil {
			return
		}
		if got := strings.ToValidUTF8(string(unquote(quoted)), "\ufffd"); got != strings.ToValidUTF8(want, "\ufffd") && !slices.Contains([]byte(s), 0x80) {
			// encoding/json puts one U+FFFD for each bad byte, ToValidUTF8 one for a run.
			if strings.ReplaceAll(got, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
				t.Fatalf("unquote(%q) = %q, want %q", quoted, got, want)
			}
		}
	})
}

// Damage must not make reading slow: each of these lines opens a bracket
// that reaches to the end of the file.
func TestSplitGivesUpOnEndlessDamage(t *testing.T) {
	in := record("a") + "\n" + strings.Repeat("{\"a\":[\n", 50_000) + strings.Repeat("1,\n", 50_000)
	got, report := ids(in)
	if len(got) != 1 || len(report.Damage) == 0 || !strings.Contains(report.Damage[len(report.Damage)-1].Reason, "too much damage") {
		t.Errorf("%v, %v", got, report.Err())
	}
}

// Every byte at every place of a string is judged as encoding/json does.
func TestStringsByteByByte(t *testing.T) {
	for place := range 20 {
		for c := range 256 {
			text := []byte(`"abcdefghijklmnopqrstu"`)
			text[1+place] = byte(c)
			s := scanner{data: text}
			end, _, err := s.str(0)
			if sound := err == nil && end == len(text); sound != json.Valid(text) {
				t.Fatalf("%q: %d, %v", text, end, err)
			}
		}
	}
}
