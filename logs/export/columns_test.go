package export

import (
	"fmt"
	"strings"
	"testing"

	"trailctl/logs"
)

// column reads one column of a record, "null" when it is null.
func column(t *testing.T, record, name string) string {
	t.Helper()
	r := newReader()
	r.read("a.json.gz", &logs.Record{Raw: []byte(record)})
	for i, c := range r.columns {
		switch at := r.cells[i]; {
		case c.Name != name:
			continue
		case !at.set:
			return "null"
		case c.kind == flag, c.kind == moment:
			return fmt.Sprint(at.number)
		default:
			return string(at.bytes)
		}
	}
	t.Fatalf("no column %s", name)
	return ""
}

func TestColumns(t *testing.T) {
	for _, c := range []struct{ record, column, want string }{
		{`{"eventTime":"2026-01-15T09:00:00Z"}`, "event_time", "1768467600000"},
		{`{"eventTime":"2026-01-15T10:00:00.25+01:00"}`, "event_time", "1768467600250"},
		{`{"eventTime":"yesterday"}`, "event_time", "null"},
		{`{"eventTime":1768467600}`, "event_time", "null"},
		{`{}`, "event_time", "null"},
		{`{"eventName":"RunInstances"}`, "event_name", "RunInstances"},
		{`{"eventName":""}`, "event_name", ""},
		{`{"eventName":null}`, "event_name", "null"},
		{`{}`, "event_name", "null"},
		{`{"event\u004eame":"a\u0041\n"}`, "event_name", "aA\n"},
		{`{"eventName":"first","eventName":"last"}`, "event_name", "last"},
		{`{"eventName":"first","eventName":null}`, "event_name", "null"},
		{`{"eventVersion":1.08}`, "event_version", "1.08"},
		{`{"errorCode":8.82e-05}`, "error_code", "8.82e-05"},
		{`{"userAgent":{"a": [1,
		2]}}`, "user_agent", `{"a":[1,2]}`},
		{`{"userAgent":"\ud800x"}`, "user_agent", "\ufffdx"},
		{"{\"userAgent\":\"\xff\xfex\"}", "user_agent", "\ufffdx"},
		{`{"userAgent":"\u0000"}`, "user_agent", "\x00"},
		{`{"readOnly":true}`, "read_only", "1"},
		{`{"readOnly":"True"}`, "read_only", "1"},
		{`{"readOnly":"false"}`, "read_only", "0"},
		{`{"readOnly":"maybe"}`, "read_only", "null"},
		{`{"readOnly":1}`, "read_only", "null"},
		{`{"managementEvent":false}`, "management_event", "0"},
		{`{"userIdentity":"somebody"}`, "user_identity_type", "null"},
		{`{"userIdentity":"somebody"}`, "identity", "null"},
		{`{"userIdentity":{}}`, "user_identity_arn", "null"},
		{`{"userIdentity":{"type":"Root"}}`, "identity", "root"},
		{`{"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/deploy/ci"}}`, "identity", "deploy/ci"},
		{`{"userIdentity":{"userName":"a"},"userIdentity":{"type":"b"}}`, "user_identity_user_name", "null"},
		{`{"userIdentity":{"sessionContext":{"attributes":{"mfaAuthenticated":"true","creationDate":"2026-01-15T09:00:00Z"}}}}`, "session_mfa_authenticated", "1"},
		{`{"userIdentity":{"sessionContext":{"attributes":{"mfaAuthenticated":"true","creationDate":"2026-01-15T09:00:00Z"}}}}`, "session_creation_date", "1768467600000"},
		{`{"userIdentity":{"sessionContext":{"sessionIssuer":{"userName":"deploy"}}}}`, "session_issuer_user_name", "deploy"},
		{`{"userIdentity":{"onBehalfOf":{"userId":"u"}}}`, "user_identity_on_behalf_of_user_id", "u"},
		{`{"tlsDetails":{"tlsVersion":"TLSv1.3"}}`, "tls_version", "TLSv1.3"},
		{`{"responseElements":""}`, "response_elements", `""`},
		{`{"responseElements":null}`, "response_elements", "null"},
		{`{"requestParameters":{"a": {"b":[8.82e-05]}}}`, "request_parameters", `{"a": {"b":[8.82e-05]}}`},
		{`{"requestParameters":"text"}`, "request_parameters", `"text"`},
		{`{"resources":"none"}`, "resources", "null"},
		{`{"resources":[]}`, "resources", "[]"},
		{`{"eventName":"x"}`, "log_file", "a.json.gz"},
		{`{"unheardOf": {"x":1}}`, "raw", `{"unheardOf": {"x":1}}`},
		{"{\"a\":\n1}", "raw", `{"a":1}`},
		{"{\"a\":\"\xff\"}", "raw", "{\"a\":\"\ufffd\"}"},
	} {
		if got := column(t, c.record, c.column); got != c.want {
			t.Errorf("%s of %s: got %q, want %q", c.column, c.record, got, c.want)
		}
	}
}

// Each field that has a column arrives in it, and in no other.
func TestEachFieldHasItsColumn(t *testing.T) {
	names := map[string]bool{}
	for _, c := range Columns() {
		if names[c.Name] || c.Name != strings.ToLower(c.Name) {
			t.Errorf("the name %s is taken or not in lower case", c.Name)
		}
		names[c.Name] = true
		if c.Field == "" {
			continue
		}
		value := map[kind]string{text: `"v"`, flag: `true`, moment: `"1970-01-01T00:00:00.007Z"`, document: `{"v":1}`, list: `[{}]`}[c.kind]
		want := map[kind]string{text: "v", flag: "1", moment: "7", document: `{"v":1}`, list: `[{}]`}[c.kind]
		parts := strings.Split(c.Field, ".")
		record := `{"` + strings.Join(parts, `":{"`) + `":` + value + strings.Repeat("}", len(parts))
		if got := column(t, record, c.Name); got != want {
			t.Errorf("%s of %s: got %q", c.Name, record, got)
		}
		r := newReader()
		r.read("", &logs.Record{Raw: []byte(record)})
		set := 0
		for i, at := range r.cells {
			if at.set && r.columns[i].Field != "" {
				set++
			}
		}
		if set != 1 {
			t.Errorf("%s fills %d columns", record, set)
		}
	}
}

func TestAppendCSV(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `""`},
		{"plain", "plain"},
		{`a,"b"`, `"a,""b"""`},
		{"=cmd()", "'=cmd()"},
		{"+1", "'+1"},
		{"-1", "'-1"},
		{"@x", "'@x"},
		{" =x", `' =x`},
		{`"=x`, `"'""=x"`},
		{"＝x", "'＝x"},
		{"a;=x", `"a;'=x"`},
		{"a; b", `"a; b"`},
		{"a=b-c", "a=b-c"},
		{"\t=x", `\t=x`},
		{"\r\n", `\r\n`},
		{"a\x1b[31mb", `a\x1b[31mb`},
		{"\x00\x7f", `\x00\x7f`},
		{"\u0085\u202e\u2028\ufeff", `\u0085\u202e\u2028\ufeff`},
		{"\U000e0041", `\U000e0041`},
		{"né 日本", "né 日本"},
	} {
		if got := string(appendCSV(nil, []byte(c.text))); got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}
