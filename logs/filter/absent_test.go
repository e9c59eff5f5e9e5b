package filter

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"trailctl/logs"
)

func mustCompile(t testing.TB, o Options) *Filter {
	t.Helper()
	f, err := Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAbsent(t *testing.T) {
	const record = `{"eventVersion":"1.08","eventName":"RunInstances","eventSource":"ec2.amazonaws.com","sourceIPAddress":"203.0.113.7","userAgent":"a=b"}`
	const spelledE = `{"eventVersion":"1.08","eventName":"RunInst\u0061nces","userAgent":"a\/b\u003dc"}`
	inString := func(r string) string {
		quoted, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return `{"Events":[{"CloudTrailEvent":` + string(quoted) + `}]}`
	}
	const line = `id GetObject s3.amazonaws.com us-east-1 10.0.0.1 User-Agent=\x41bc def`
	for _, c := range []struct {
		o    Options
		data string
		want bool
	}{
		{Options{}, record, false},
		{Options{EventNames: []string{"GetObject"}}, record, true},
		{Options{EventNames: []string{"getobject"}}, record, true},
		{Options{EventNames: []string{"runinstances"}}, record, false},
		{Options{EventNames: []string{"RunInstances"}}, record, false},
		{Options{EventNames: []string{"GetObject", "PutObject"}}, record, true},
		{Options{EventNames: []string{"GetObject", "RunInstances"}}, record, false},
		{Options{EventNames: []string{"K", "L", "M", "N", "O", "P", "Q"}}, record, false}, // too many to look for
		{Options{EventNames: []string{"GetObject"}}, spelledE, false},                     // a letter is spelled
		{Options{Filters: []string{"userAgent=x"}}, `{"eventID":"\u003d"}`, true},
		{Options{Filters: []string{"userAgent=x=y"}}, `{"eventID":"\u003d"}`, false},
		{Options{Filters: []string{"userAgent=x/y"}}, `{"eventID":"\/"}`, false},
		{Options{Filters: []string{"userAgent=x y"}}, `{"eventID":"\/"}`, true},
		{Options{Filters: []string{`userAgent=x"y`}}, `{"eventID":"\""}`, false},
		{Options{Filters: []string{"userAgent=é"}}, `{"eventID":"\u00e9"}`, false},
		{Options{Filters: []string{"userAgent=é"}}, `{"eventID":"\n"}`, true},
		{Options{Filters: []string{"userAgent=q"}}, `{"XvXntID":"\u00e9"}`, true},
		{Options{EventNames: []string{"GetObject"}}, inString(record), true},
		{Options{EventNames: []string{"GetObject"}}, inString(spelledE), false},
		{Options{Filters: []string{"eventName!=GetObject"}}, record, false},
		{Options{Filters: []string{"eventName^=Get"}}, record, true},
		{Options{Filters: []string{"eventName=Get*Object"}}, record, true},
		{Options{Filters: []string{"eventName=~Get.*"}}, record, true},
		{Options{Filters: []string{"eventName=~^Get.*"}}, record, false},
		{Options{Filters: []string{"eventName=~(?i)get"}}, record, false},
		{Options{Filters: []string{"identity=deploy/alice"}}, record, false}, // put together of two fields
		{Options{Filters: []string{"service=s3"}}, record, true},
		{Options{Filters: []string{"eventName=GetObject", "eventID exists"}}, record, true},
		{Options{Filters: []string{"eventName=GetObject", "eventID exists"}, Any: true}, record, false},
		{Options{Filters: []string{"eventName=GetObject", "eventName=PutObject"}, Any: true}, record, true},
		{Options{SourceIPs: []string{"198.51.100.1"}}, record, true},
		{Options{SourceIPs: []string{"198.51.100.0/24"}}, record, false},
		{Options{SourceIPs: []string{"2001:db8::1"}}, record, false},
		{Options{Services: []string{"S3"}}, record, true},
		{Options{AccessKeys: []string{"AKIAX"}}, record, true},
		{Options{Grep: []string{"nowhere"}}, record, true},
		{Options{Grep: []string{"NOWHERE"}, IgnoreCase: true}, record, true},
		{Options{Grep: []string{"EVENTNAME"}, IgnoreCase: true}, record, false},
		{Options{Grep: []string{`"eventName":"GetObject"`}}, line, false}, // its record has it, the line has not
		{Options{Grep: []string{"eventName"}}, "id GetObject s3.amazonaws.com us-east-1 10.0.0.1 User-Agent=x", false},
		{Options{Filters: []string{"userAgent^=Abc"}}, line, false},
		{Options{EventNames: []string{"PutObject"}}, strings.Replace(line, `\x41`, "A", 1), true},
		{Options{Presets: []string{"trail-tampering"}}, record, true},
		{Options{Users: []string{"Alice"}}, record, true},
		{Options{Users: []string{"alice"}}, record, true},
		{Options{Users: []string{"root"}}, record, false},
		{Options{Users: []string{"a*t 1"}}, record, false},
		{Options{Users: []string{"deploy/alice"}}, record, true},
		{Options{Roles: []string{"deploy"}}, record, true},
	} {
		f := mustCompile(t, c.o)
		if got := f.Absent([]byte(c.data)); got != c.want {
			t.Errorf("%s in %s: Absent is %v", f, c.data, got)
		}
	}
}

// holds fails when a file is passed over although a record in it matches.
func holds(t *testing.T, f *Filter, data []byte) (matches int) {
	t.Helper()
	logs.Split(data, func(r logs.Record) bool {
		if f.Match(&r) {
			matches++
		}
		return true
	})
	if matches > 0 && f.Absent(data) {
		t.Errorf("%s: Absent, but %d match in %q", f, matches, data)
	}
	return matches
}

// FuzzAbsent looks for files of any kind that are passed over wrongly.
func FuzzAbsent(f *testing.F) {
	for _, e := range []string{"eventName=RunInstances", "userAgent=~a.*", "awsRegion in a,b", "service=ec2", "sourceIPAddress$=7", `userAgent=*\**`,
		"203.0.113.7", "::ffff:203.0.113.0/120", "fe80::1%eth0", "eventTime>=2026-01-01"} {
		f.Add([]byte(records), e)
		f.Add([]byte(`{"Events":[{"CloudTrailEvent":"{\"eventID\":\"\\u0041\",\"eventName\":\"\u0052unInstances\"}"}]}`), e)
		f.Add([]byte(`{"Records":[{"eventVersion":"1.08","sourceIPAddress":"::FFFF:cb00:7107"},{"sourceIPAddress":"fe80::1%eth0"}]}`), e)
		f.Add([]byte(`id \x52unInstances ec2.amazonaws.com us-east-1 10.0.0.7 User-Agent=*`), e)
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		for _, o := range []Options{
			{Filters: []string{text}}, {Grep: []string{text}}, {Grep: []string{text}, IgnoreCase: true}, {EventNames: []string{text}},
			{Services: []string{text}}, {SourceIPs: []string{text}}, {AccessKeys: []string{text}}, {Roles: []string{text}}, {Users: []string{text}},
		} {
			if compiled, err := Compile(o); err == nil {
				holds(t, compiled, data)
			}
		}
	})
}

// FuzzAbsentSpelled writes a value in many spellings and forms: the filter
// for it must find it, and so must not pass over the file.
func FuzzAbsentSpelled(f *testing.F) {
	for i, v := range []string{"RunInstances", "a/b\"c\\d", "é\u202e\U0001f600", "1 2\t3\n", "=&<>", "\x01", "u0041"} {
		f.Add(v, uint64(i))
	}
	f.Fuzz(func(t *testing.T, value string, seed uint64) {
		value = strings.ToValidUTF8(value, "?")
		if value == "" || strings.ContainsRune(value, '\uFFFD') {
			return
		}
		random := rand.New(rand.NewPCG(seed, 1))
		exact := strings.NewReplacer(`\`, `\\`, `*`, `\*`).Replace(value)
		for _, o := range []Options{
			{Filters: []string{`userAgent="` + strings.ReplaceAll(exact, `"`, `""`) + `"`}},
			{Filters: []string{`userAgent in x,"` + strings.ReplaceAll(exact, `"`, `""`) + `"`}},
			{Grep: []string{value}},
			{Filters: []string{`userAgent="` + strings.ReplaceAll(exact, `"`, `""`) + `"`}, Grep: []string{value}},
		} {
			filter := mustCompile(t, o)
			for _, data := range spellings(random, value) {
				// In the text form spaces at the ends of lines and the like
				// are lost: there only a match counts.
				if n := holds(t, filter, []byte(data)); n == 0 && data[0] == '{' && o.Grep == nil {
					t.Errorf("%s: no match in %q", filter, data)
				}
			}
		}
	})
}

// FuzzAbsentAddress writes an IPv4 address in many spellings: --source-ip must
// find it by any of them, and so must not pass over the file.
func FuzzAbsentAddress(f *testing.F) {
	for i, n := range []uint32{0xcb007107, 0, 7, 0xffff0000, 0xffffffff, 0x0a000001} {
		f.Add(n, uint64(i))
	}
	f.Fuzz(func(t *testing.T, n uint32, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 2))
		texts := addressTexts(n)
		for _, flag := range append(texts, texts[0]+"/32", texts[1]+"/128", texts[2]+"/128") {
			filter := mustCompile(t, Options{SourceIPs: []string{flag}})
			for _, text := range texts {
				mixed := []byte(text)
				for i, c := range mixed {
					if c >= 'a' && random.IntN(2) == 0 {
						mixed[i] = c - 'a' + 'A'
					}
				}
				record := `{"eventVersion":"1.08","sourceIPAddress":` + spelled(random, string(mixed)) + `}`
				for _, data := range []string{`{"Records":[` + record + `]}`, `{"Events":[{"CloudTrailEvent":` + spelled(random, record) + `}]}`} {
					if holds(t, filter, []byte(data)) != 1 {
						t.Errorf("%s: no match in %q", filter, data)
					}
				}
			}
		}
	})
}

// addressTexts are ways to write an IPv4 address.
func addressTexts(n uint32) []string {
	dotted := fmt.Sprintf("%d.%d.%d.%d", n>>24, n>>16&255, n>>8&255, n&255)
	high, low := n>>16, n&0xffff
	texts := []string{
		dotted, "::ffff:" + dotted, fmt.Sprintf("::ffff:%x:%x", high, low), fmt.Sprintf("::ffff:%04x:%04x", high, low),
		fmt.Sprintf("0:0:0:0:0:ffff:%x:%x", high, low), "0::ffff:" + dotted, fmt.Sprintf("::ffff:%x:%x%%eth0", high, low),
	}
	if n == 0 {
		texts = append(texts, "0:0:0:0:0:ffff::")
	}
	return texts
}

// spellings are files with one record that has the value.
func spellings(random *rand.Rand, value string) []string {
	record := `{"eventVersion":"1.08","userAgent":` + spelled(random, value) + `}`
	r := logs.Record{Raw: []byte(`{"eventID":"i","eventName":"n","eventSource":"s","awsRegion":"r","sourceIPAddress":"a","userAgent":` + spelled(random, value) + `}`)}
	return []string{
		`{"Records":[` + record + `]}`,
		`{"Events":[{"CloudTrailEvent":` + spelled(random, record) + `}]}`,
		`{"detail-type":"x","detail":` + record + `}`,
		string(logs.AppendText(nil, &r)),
	}
}

// spelled writes a JSON string with some of its characters as escapes.
func spelled(random *rand.Rand, value string) string {
	often := []float64{0, 0.05, 1}[random.IntN(3)]
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		escape := random.Float64() < often
		switch {
		case escape && r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04X`, high, low)
		case escape:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r == '/' && random.IntN(2) == 0:
			b.WriteString(`\/`)
		default:
			quoted, _ := json.Marshal(string(r)) // a rune can always be written
			b.Write(quoted[1 : len(quoted)-1])
		}
	}
	b.WriteByte('"')
	return b.String()
}

// FuzzCompile: what can be compiled says what it is in a form that means the
// same.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"eventName=RunInstances", "eventName = 'Run Instances'", "awsRegion in a, \"b,c\" ,d*", "errorCode not exists", `a="x""y"`,
		"eventTime>=2026-01-31T13:00Z", "requestParameters.a<8.82e-05", "userAgent=~^(a|b)$", "resources[].ARN!=*x*", `"b".c=\*`, "identity in ''",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = Compile(Options{Users: []string{s}, Roles: []string{s}, SourceIPs: []string{s}, AccessKeys: []string{s}, EventNames: []string{s}, Services: []string{s}, Presets: []string{s}})
		c, err := compile(s)
		if err != nil {
			if err.Error() == "" {
				t.Errorf("%q: an error without words", s)
			}
			return
		}
		again, err := compile(c.text)
		if err != nil {
			t.Fatalf("%q reads %q, which cannot be read: %v", s, c.text, err)
		}
		if again.text != c.text {
			t.Errorf("%q reads %q, which reads %q", s, c.text, again.text)
		}
		if data := []byte(records); chosen(t, &Filter{all: []*condition{c}}, records) != chosen(t, &Filter{all: []*condition{again}}, records) {
			t.Errorf("%q and %q choose different records of %s", s, c.text, data)
		}
	})
}
