package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/describe"
)

func TestRecordsHaveLimits(t *testing.T) {
	text := func(n int) map[string]any { return map[string]any{"a": strings.Repeat("x", n)} }
	rows := []struct {
		name                string
		in, out, more       map[string]any
		noIn, noOut, noMore bool
	}{
		{"small", text(10), text(10), text(10), false, false, false},
		{"all that may be", text(100<<10 - 10), text(100<<10 - 10), text(28<<10 - 10), false, false, false},
		{"parameters", text(100 << 10), text(10), nil, true, false, false},
		{"elements", nil, text(900 << 10), text(10), false, true, false},
		{"additional data", text(10), nil, text(28 << 10), false, false, true},
	}
	for _, row := range rows {
		r := cloudtrail.Record{EventTime: "2026-01-15T09:00:00Z", RequestParameters: row.in, ResponseElements: row.out, AdditionalData: row.more}
		e, err := newEvent(r)
		if err != nil || len(e.JSON) > maxEvent {
			t.Errorf("%s: %d bytes, %v", row.name, len(e.JSON), err)
			continue
		}
		var got cloudtrail.Record
		if err := json.Unmarshal(e.JSON, &got); err != nil {
			t.Fatal(err)
		}
		for part, is := range map[string]struct {
			m    map[string]any
			left bool
		}{"in": {got.RequestParameters, row.noIn}, "out": {got.ResponseElements, row.noOut}, "more": {got.AdditionalData, row.noMore}} {
			if (is.m["omitted"] == true) != is.left {
				t.Errorf("%s: %s is %.80v", row.name, part, is.m)
			}
		}
	}
}

// TestEventsHaveALimit has an event whose parts are within their limits: only
// together with who called are they too large.
func TestEventsHaveALimit(t *testing.T) {
	part := map[string]any{"a": strings.Repeat("x", 100<<10-10)}
	r := cloudtrail.Record{EventTime: "2026-01-15T09:00:00Z", RequestParameters: part, ResponseElements: part}
	r.UserIdentity.SessionContext = map[string]any{"a": strings.Repeat("x", 60<<10)}
	e, err := newEvent(r)
	if err != nil || len(e.JSON) > maxEvent || strings.Count(string(e.JSON), `"omitted":true`) != 2 {
		t.Errorf("%d bytes, %v", len(e.JSON), err)
	}
	r.UserIdentity.SessionContext = map[string]any{"a": strings.Repeat("x", 300<<10)}
	if _, err := newEvent(r); err == nil {
		t.Error("an event of more than 256 KB")
	}
}

func TestResourcesOfRecordsCanExist(t *testing.T) {
	long := strings.Repeat("k", maxARN)
	r := record(&call.Call{Resources: []call.Resource{
		{ARN: "arn:aws:s3:::b/" + long, Type: "AWS::S3::Object"}, {ARNPrefix: "arn:aws:s3:::" + long}, {ARN: "arn:aws:s3:::b", Type: "AWS::S3::Bucket"},
	}})
	if len(r.Resources) != 1 || r.Resources[0].ARN != "arn:aws:s3:::b" {
		t.Errorf("%.300v", r.Resources)
	}
}

func TestHostIDsAreCut(t *testing.T) {
	for in, want := range map[string]int{strings.Repeat("a", 90): 90, strings.Repeat("a", 900<<10): maxHostID, strings.Repeat("世", 200): maxHostID - 1} {
		if got := cutText(in, maxHostID); len(got) != want || !utf8.ValidString(got) {
			t.Errorf("%d bytes of %d", len(got), len(in))
		}
	}
}

func TestInventedOperationsAreTalliedTogether(t *testing.T) {
	var all tally
	for i := range 3000 {
		all.count(&call.Call{EventSource: "iam.amazonaws.com", Operation: fmt.Sprintf("Invented%d", i)})
	}
	all.count(&call.Call{EventSource: "iam.amazonaws.com", Operation: "Invented7"})
	all.count(&call.Call{EventSource: "iam.amazonaws.com", Operation: "GetUser", ReadOnly: true})
	if len(all.mutating) != maxTallied+1 || all.mutating[alsoTallied] != 3000-maxTallied || all.mutating["iam.Invented7"] != 2 || all.total != 3002 {
		t.Errorf("%d names, %d others, %d in all", len(all.mutating), all.mutating[alsoTallied], all.total)
	}
}

// TestLongNamesMakeSmallRecords describes calls whose names nothing can have.
func TestLongNamesMakeSmallRecords(t *testing.T) {
	for _, address := range []string{"/b/" + strings.Repeat("k", 900_000), "/" + strings.Repeat("b", 900_000), "/b/k?prefix=" + strings.Repeat("p", 900_000)} {
		c := &call.Call{HTTP: httptest.NewRequest("PUT", "http://127.0.0.1"+address, nil), Service: "s3", AccessKeyID: "a", Account: "123456789012"}
		describe.Request(c, describe.REST, describe.Part{})
		e, err := newEvent(record(c))
		if err != nil || len(e.JSON) > 4<<10 || e.Name == "" {
			t.Errorf("%.20s: %d bytes, %v", address, len(e.JSON), err)
		}
	}
}
