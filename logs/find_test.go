package logs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
	"trailctl/internal/when"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// found lists what a query finds, by the last part of the names.
func found(t *testing.T, src Source, q Query) (taken []string, skipped map[string]string, errs []error) {
	t.Helper()
	skipped = map[string]string{}
	for f, err := range Find(context.Background(), src, q) {
		name := f.Object.Key[strings.LastIndexByte(f.Object.Key, '_')+1:]
		name = name[strings.LastIndexByte(name, '/')+1:]
		switch {
		case err != nil:
			errs = append(errs, err)
		case f.Skip != "":
			skipped[name] = f.Skip
		default:
			taken = append(taken, strings.TrimSuffix(name, ".json.gz"))
		}
	}
	return taken, skipped, errs
}

func someBucket() *fakeBucket {
	b := &fakeBucket{objects: map[string][]byte{}, fail: map[string]error{}}
	for _, k := range []string{
		logKey(account, "eu-west-1", "2026-01-01T10:00", "eu1"),
		logKey(account, "us-east-1", "2026-01-01T23:50", "us1"),
		logKey(account, "us-east-1", "2026-01-02T00:05", "us2"),
		logKey(account, "us-east-1", "2026-01-02T12:00", "us3"),
		logKey(account, "us-east-1", "2026-01-05T12:00", "us4"),
		logKey(other, "us-east-1", "2026-01-02T12:00", "other"),
		digestKey("us-east-1", "2026-01-02T01:00"),
		digestKey("us-east-1", "2026-01-02T14:00"),
		"AWSLogs/" + account + "/CloudTrail-Digest/",
		"AWSLogs/" + account + "/elasticloadbalancing/us-east-1/2026/01/02/lb.log.gz",
		"AWSLogs/o-abc123/" + account + "/CloudTrail/us-east-1/2026/01/02/" + account + "_CloudTrail_us-east-1_20260102T1200Z_org.json.gz",
		"AWSLogs/" + account + "/CloudTrail-Insight/us-east-1/2026/01/02/" + account + "_CloudTrail-Insight_us-east-1_20260102T1200Z_ins.json.gz",
	} {
		b.objects[k] = []byte("x")
	}
	return b
}

func TestFind(t *testing.T) {
	base := &bucket.Base{Account: account}
	window := when.Window{Start: at("2026-01-02T00:00"), End: at("2026-01-02T12:30")}
	for _, test := range []struct {
		name string
		q    Query
		want string
	}{
		{"everything", Query{}, "eu1 ins org other us1 us2 us3 us4"},
		{"below AWSLogs/", Query{Prefix: "AWSLogs/"}, "eu1 ins org other us1 us2 us3 us4"},
		{"one account, known", Query{Base: base}, "eu1 ins us1 us2 us3 us4"},
		{"one account, asked for", Query{Accounts: []string{other}}, "other"},
		{"one account, in the prefix", Query{Prefix: "AWSLogs/" + other}, "other"},
		{"one region", Query{Base: base, Regions: []string{"eu-west-1"}}, "eu1"},
		{"one organization", Query{Prefix: "AWSLogs/o-abc123"}, "org"},
		{"a deep prefix", Query{Prefix: "AWSLogs/" + account + "/CloudTrail/us-east-1/2026/01/02/"}, "us2 us3"},
		{"a window", Query{Base: base, Window: window}, "ins us2 us3"},
		{"a window, in days", Query{Base: base, Window: when.Window{Start: at("2026-01-01T23:55"), End: at("2026-01-03T00:00")}}, "ins us2 us3"},
		{"since", Query{Base: base, Window: when.Window{Start: at("2026-01-02T00:01")}, Now: at("2026-01-04T00:00")}, "ins us2 us3 us4"},
		{"until", Query{Base: base, Window: when.Window{End: at("2026-01-02T00:05")}}, "eu1 us1"},
		{"a minute that has begun", Query{Base: base, Window: when.Window{Start: at("2026-01-02T12:00").Add(30 * time.Second), End: at("2026-01-02T12:30")}}, "ins us3"},
		{"flat", Query{Flat: true, Window: window}, "ins org other us2 us3"},
		{"digests", Query{Base: base, Regions: []string{"us-east-1"}, Digests: true, Window: window, DigestWindow: ForDigests(window)}, "20260102T010000Z 20260102T140000Z ins us2 us3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			taken, _, errs := found(t, someBucket(), test.q)
			want := strings.Fields(test.want)
			got := slices.Clone(taken)
			slices.Sort(got)
			if len(errs) > 0 || !slices.Equal(got, want) {
				t.Errorf("%v, want %v; errors %v", got, want, errs)
			}
		})
	}
}

func TestFindInOrderOfKeys(t *testing.T) {
	b := someBucket()
	var keys []string
	for f, err := range Find(context.Background(), b, Query{Digests: true, Window: when.Window{Start: at("2025-12-30T00:00")}, Now: at("2026-01-06T00:00")}) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, f.Object.Key)
	}
	if !slices.IsSorted(keys) || len(keys) != 10 {
		t.Errorf("%d keys: %q", len(keys), keys)
	}
}

func TestFindListsOnlyTheDaysOfTheWindow(t *testing.T) {
	b := someBucket()
	q := Query{Base: &bucket.Base{Account: account}, Regions: []string{"us-east-1"},
		Window: when.Window{Start: at("2026-01-01T23:00"), End: at("2026-01-02T13:00")}}
	for _, err := range Find(context.Background(), b, q) {
		if err != nil {
			t.Fatal(err)
		}
	}
	region := "AWSLogs/" + account + "/CloudTrail/us-east-1/"
	want := region + "2026/01/01/ after " + region + "2026/01/01/" + account + "_CloudTrail_us-east-1_20260101T2300Z"
	if !slices.Contains(b.lists, want) {
		t.Errorf("listed %q, not %q", b.lists, want)
	}
}

func TestFindStopsListingAfterTheWindow(t *testing.T) {
	b := someBucket()
	for d := range 300 {
		b.objects[logKey(account, "us-east-1", at("2026-02-01T00:00").AddDate(0, 0, d).Format("2006-01-02T15:04"), "later")] = nil
	}
	found(t, b, Query{Base: &bucket.Base{Account: account}, Window: when.Window{End: at("2026-01-02T12:30")}})
	if b.listed > 20 {
		t.Errorf("%d objects were listed", b.listed)
	}
}

func TestFindFlatNamesWhatItPassesOver(t *testing.T) {
	b := someBucket()
	b.objects["x/plain.json"], b.objects["README.md"], b.objects[KeysFile] = nil, nil, nil
	b.objects["copy/"+account+"_CloudTrail_us-east-1_20260102T1200Z_loose.json"] = nil
	b.objects["copy/"+account+"_CloudTrail_us-east-1_20200102T1200Z_old.json"] = nil
	taken, skipped, _ := found(t, b, Query{Flat: true, Window: when.Window{Start: at("2026-01-01T00:00")}})
	for name, why := range map[string]string{
		"README.md": SkipName, KeysFile: SkipOwn, "lb.log.gz": SkipService, "": SkipFolder,
		"20260102T010000Z.json.gz": SkipDigest, "old.json": SkipWindow,
	} {
		if skipped[name] != why {
			t.Errorf("%q: skipped as %q, want %q", name, skipped[name], why)
		}
	}
	if !slices.Contains(taken, "plain.json") || !slices.Contains(taken, "loose.json") {
		t.Errorf("taken: %v", taken)
	}
}

func TestFindGoesOnAfterAFailure(t *testing.T) {
	b := someBucket()
	b.fail["AWSLogs/"+other+"/CloudTrail/"] = errFake
	b.fail["AWSLogs/"+account+"/CloudTrail/eu-west-1/"] = errFake
	taken, _, errs := found(t, b, Query{})
	if len(errs) != 2 || !errors.Is(errs[0], errFake) || !slices.Contains(taken, "us4") || !slices.Contains(taken, "org") {
		t.Errorf("taken %v, errors %v", taken, errs)
	}
}

func TestLooksLikeLog(t *testing.T) {
	for name, want := range map[string]bool{
		"a.json": true, "a.json.gz": true, "a/b.JSONL": true, "a.ndjson": true, "a.log": true, "a.txt": true, "a.gz": true, "a.log.gz": true,
		"a": false, "a.md": false, "a.tar.gz": false, "a.json.metadata.json": false, "a.zip": false,
	} {
		if got := looksLikeLog(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
