package render

import (
	"errors"
	"strings"
	"testing"

	"trailctl/logs"
)

func queryRecords() []logs.Record {
	var list []logs.Record
	for _, raw := range []string{
		`{"eventName":"A","n":1,"big":12345678901234567890,"resources":[{"ARN":"x"},{"ARN":"y"}],"userIdentity":{"type":"Root"}}`,
		`{"eventName":"B","errorCode":"no <way>","n":1.50,"resources":[]}`,
		`{"n":1e400,"userIdentity":{"type":"\u001b\u202e\u0009"}}`,
	} {
		list = append(list, logs.Record{Raw: []byte(raw)})
	}
	return list
}

func TestQuery(t *testing.T) {
	for _, c := range []struct{ query, format, want string }{
		{"eventName", "jsonl", "\"A\"\n\"B\"\n"},
		{"eventName", "json", "[\n\"A\",\n\"B\"\n]\n"},
		{"eventName", "text", "A\nB\n"},
		{"Records[].eventName", "jsonl", "\"A\"\n\"B\"\n"},
		{" Records[*].eventName", "jsonl", "\"A\"\n\"B\"\n"},
		{"[].eventName", "jsonl", "\"A\"\n\"B\"\n"},
		{"[?errorCode].eventName", "jsonl", "\"B\"\n"},
		{"Records[?errorCode=='no <way>'].[eventName, n]", "jsonl", "[\"B\",1.5]\n"},
		{"Records[].resources[].ARN", "jsonl", "\"x\"\n\"y\"\n"},
		{"Records[].resources[?ARN=='x' || ARN=='z'][]", "jsonl", "{\"ARN\":\"x\"}\n"},
		{"resources[].ARN", "jsonl", "[\"x\",\"y\"]\n[]\n"},
		{"[eventName, errorCode]", "text", "A\tNone\nB\tno <way>\nNone\tNone\n"},
		{"{e: errorCode, a: eventName}", "jsonl", "{\"a\":\"A\",\"e\":null}\n{\"a\":\"B\",\"e\":\"no <way>\"}\n{\"a\":null,\"e\":null}\n"},
		{"{e: errorCode, a: eventName}", "text", "A\tNone\nB\tno <way>\nNone\tNone\n"},
		{"big", "jsonl", "12345678901234567890\n"},
		{"n", "jsonl", "1\n1.5\n1e400\n"},
		{"n > `1`", "jsonl", "false\ntrue\n"},
		{"Records[?eventName==`B`].errorCode", "jsonl", "\"no <way>\"\n"},
		{"[?errorCode==` no <way>` && n==`1.5`].{\"a`b\": eventName}", "jsonl", "{\"a`b\":\"B\"}\n"},
		{"'`A' == eventName || eventName == `A`", "jsonl", "true\nfalse\nfalse\n"},
		{"userIdentity.type", "text", "Root\n\\x1b\\u202e\\t\n"},
		{"nosuch", "json", "[]\n"},
		{"requestParameters.Records", "json", "[]\n"},
	} {
		q, err := ParseQuery(c.query)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		var b strings.Builder
		w := NewRecords(&b, RecordOptions{Format: c.format, Query: q})
		records := queryRecords()
		for i := range records {
			if err := w.Write(&records[i]); err != nil {
				t.Errorf("%s: %v", c.query, err)
			}
		}
		if err := w.Close(); err != nil || b.String() != c.want {
			t.Errorf("%s, %s: %v\n%s", c.query, c.format, err, b.String())
		}
	}
}

func TestQueryMistakes(t *testing.T) {
	for query, want := range map[string]string{
		"":                              "at its end",
		"eventName.":                    "at its end",
		"event Name":                    "at character 7",
		"Records[":                      "at its end",
		"Records[?a='x']":               "at character",
		"nosuch(@)":                     "", // known when it runs
		"sort_by(Records, &eventTime)":  "needs all records at once",
		"length(Records)":               "needs all records at once",
		"Records":                       "needs all records at once",
		"Records[0]":                    "needs all records at once",
		"Records[0].eventName":          "needs all records at once",
		"[0]":                           "needs all records at once",
		"[-1].eventName":                "needs all records at once",
		"[:5]":                          "needs all records at once",
		"Records[].eventName | sort(@)": "puts the records of all files together",
		"Records[].a || Records[].b":    "puts the records of all files together",
		".Records[].a":                  "as in jq",
		"[?a==`\"b`]":                   "neither JSON nor text",
		"[?a==`b]":                      "Unclosed",
		"[?a] == [?b]":                  "puts the records of all files together",
	} {
		_, err := ParseQuery(query)
		if want == "" && err == nil {
			continue
		}
		if want == "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
	if q, err := ParseQuery("@()"); err == nil {
		err = q.results(&queryRecords()[0], func(any) error { return nil })
		if !errors.Is(err, errNonsense) {
			t.Errorf("%v", err)
		}
	}
	q, err := ParseQuery("length(n)")
	if err != nil {
		t.Fatal(err)
	}
	r := logs.Record{Raw: []byte(`{"eventID":"e1","n":1}`)}
	err = NewRecords(&strings.Builder{}, RecordOptions{Format: "json", Query: q}).Write(&r)
	if err == nil || !strings.Contains(err.Error(), "length(n)") || !strings.Contains(err.Error(), `"e1"`) {
		t.Errorf("%v", err)
	}
}

// An expression that somebody makes up never brings the program down.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"eventName", "Records[].x", "[?a].b", "length(@)", "[::2]", "a[1:2:0]", "&a", "max_by(@, &x)", "`{`", "@.*[]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := ParseQuery(s)
		if err != nil {
			return
		}
		records := queryRecords()
		for i := range records {
			_ = q.results(&records[i], func(any) error { return nil })
		}
	})
}
