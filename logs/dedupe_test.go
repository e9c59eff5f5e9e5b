package logs

import (
	"fmt"
	"testing"
)

func TestDedupe(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []string
		shown   string // one letter a record: shown or folded
		want    DedupeCounts
	}{
		{"the same twice", []string{`{"eventID":"a"}`, `{"eventID":"b"}`, `{"eventID":"a"}`}, "ssf", DedupeCounts{Folded: 1}},
		{"other bytes", []string{`{"eventID":"a","x":1}`, `{"eventID":"a","x":2}`}, "sf", DedupeCounts{Folded: 1, Differing: 1}},
		{"an escaped eventID is the same", []string{`{"eventID":"a"}`, `{"eventID":"\u0061"}`}, "sf", DedupeCounts{Folded: 1, Differing: 1}},
		{"without an eventID", []string{`{}`, `{}`, `{"eventID":null}`, `{"eventID":null}`, `{"eventID":""}`, `{"eventID":""}`}, "ssssss", DedupeCounts{}},
		{"Insights events share another ID", []string{`{"eventID":"a","sharedEventID":"s"}`, `{"eventID":"b","sharedEventID":"s"}`}, "ss", DedupeCounts{}},
	} {
		var d Dedupe
		shown := ""
		for _, raw := range c.records {
			if d.Seen(&Record{Raw: []byte(raw)}) {
				shown += "f"
			} else {
				shown += "s"
			}
		}
		if shown != c.shown || d.Counts() != c.want {
			t.Errorf("%s: %s, want %s; %+v", c.name, shown, c.shown, d.Counts())
		}
	}
}

// What is remembered is bounded, and it is told when that matters.
func TestDedupeForgets(t *testing.T) {
	record := func(n int) *Record { return &Record{Raw: fmt.Appendf(nil, `{"eventID":"%d"}`, n)} }
	d := Dedupe{span: 10}
	for n := range 20 {
		if d.Seen(record(n)) {
			t.Fatalf("%d was never there", n)
		}
	}
	if d.Counts().Forgot || !d.Seen(record(0)) {
		t.Errorf("twenty are remembered: %+v", d.Counts())
	}
	for n := 20; n < 50; n++ {
		d.Seen(record(n))
		if len(d.new)+len(d.old) > 20 {
			t.Fatalf("%d are remembered", len(d.new)+len(d.old))
		}
	}
	if !d.Counts().Forgot || d.Seen(record(5)) || !d.Seen(record(45)) {
		t.Errorf("%+v", d.Counts())
	}
}
