package logs

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trailctl/bucket"
)

// truth is the part of TRUTH-dev.json that is compared here: counts that
// Python's json module made.
type truth struct {
	Files map[string]struct {
		Records      int            `json:"records"`
		EventName    map[string]int `json:"eventName"`
		EventSource  map[string]int `json:"eventSource"`
		Region       map[string]int `json:"awsRegion"`
		Type         map[string]int `json:"eventType"`
		ErrorCode    map[string]int `json:"errorCode"`
		IdentityType map[string]int `json:"userIdentity.type"`
	} `json:"files"`
	Unparseable map[string]string `json:"unparseable"`
}

func realData(t *testing.T) (string, truth) {
	t.Helper()
	dir := os.Getenv("TRAILCTL_REAL_DATA")
	if dir == "" {
		t.Skip("TRAILCTL_REAL_DATA is not set")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "TRUTH-dev.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tr truth
	if err := json.Unmarshal(raw, &tr); err != nil {
		t.Fatal(err)
	}
	return dir, tr
}

func count(records []Record, of func(*Record) string) map[string]int {
	n := map[string]int{}
	for i := range records {
		v := of(&records[i])
		if v == "" {
			v = "<absent>"
		}
		n[v]++
	}
	return n
}

func sameCounts(a, b map[string]int) bool {
	// An empty string and an absent field are one to the reader.
	if n, ok := b[""]; ok {
		b["<absent>"] += n
		delete(b, "")
	}
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func TestRealFiles(t *testing.T) {
	dir, tr := realData(t)
	folder, err := bucket.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	w := &Walker{Source: folder, Fetchers: 4}
	seen, broken, extra := 0, 0, 0
	for f := range w.Files(context.Background(), Find(context.Background(), folder, Query{Flat: true})) {
		key := f.Object.Key
		want, known := tr.Files[key]
		_, bad := tr.Unparseable[key]
		switch {
		case known:
			seen++
			if f.Err != nil || f.Skip != "" || len(f.Records) != want.Records {
				t.Errorf("%s: %d records, want %d; error %v, skipped %q", key, len(f.Records), want.Records, f.Err, f.Skip)
			}
			for name, c := range map[string]struct {
				got  map[string]int
				want map[string]int
			}{
				"eventName":   {count(f.Records, (*Record).Name), want.EventName},
				"eventSource": {count(f.Records, (*Record).Source), want.EventSource},
				"awsRegion":   {count(f.Records, (*Record).Region), want.Region},
				"eventType":   {count(f.Records, (*Record).Type), want.Type},
				"errorCode":   {count(f.Records, (*Record).ErrorCode), want.ErrorCode},
				"identity":    {count(f.Records, func(r *Record) string { return r.Identity().Type }), want.IdentityType},
			} {
				if !sameCounts(c.got, c.want) {
					t.Errorf("%s: %s %v, want %v", key, name, c.got, c.want)
				}
			}
			for i := range f.Records {
				if !json.Valid(f.Records[i].Raw) {
					t.Errorf("%s: record %d is not JSON", key, i)
				}
			}
		case bad:
			broken++
			var d *DamageError
			if !errors.As(f.Err, &d) || !strings.Contains(f.Err.Error(), key) {
				t.Errorf("%s: error %v, want one that names the file and the place", key, f.Err)
			}
			t.Logf("%s: %d records and %v", key, len(f.Records), f.Err)
		default:
			extra += len(f.Records)
			if f.Err != nil || len(f.Records) > 0 {
				t.Errorf("%s is no log file, but: %d records, %v", key, len(f.Records), f.Err)
			}
		}
	}
	if seen != len(tr.Files) || broken != len(tr.Unparseable) {
		t.Errorf("%d files and %d broken ones, want %d and %d", seen, broken, len(tr.Files), len(tr.Unparseable))
	}
}
