package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
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
		{"digests", Query{Base: base, Regions: []string{"us-east-1"}, Digests: true, Window: window, DigestWindow: when.Window{Start: window.Start, End: window.End.Add(2 * time.Hour)}}, "20260102T010000Z 20260102T140000Z ins us2 us3"},
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

func TestFindInOrder(t *testing.T) {
	byTime := func(a, b Found) int {
		return cmp.Or(a.Key.Time.Compare(b.Key.Time), strings.Compare(a.Object.Key, b.Object.Key))
	}
	byKey := func(a, b Found) int { return strings.Compare(a.Object.Key, b.Object.Key) }
	const regions = 70 // more places than are merged
	many := someBucket()
	for i := range regions {
		for hour := range 3 {
			at := at("2026-01-02T00:00").Add(time.Duration(hour)*time.Hour + time.Duration(i*7%50)*time.Minute)
			many.objects[logKey(account, fmt.Sprintf("zz-east-%d", i), at.Format("2006-01-02T15:04"), "x")] = []byte("x")
		}
	}
	window := when.Window{Start: at("2025-12-30T00:00")}
	for _, c := range []struct {
		name  string
		b     *fakeBucket
		q     Query
		order func(a, b Found) int
		n     int
	}{
		{"by time over all places", someBucket(), Query{}, byTime, 8},
		{"by time, in days", someBucket(), Query{Digests: true, Window: window, Now: at("2026-01-06T00:00")}, byTime, 10},
		{"one account", many, Query{Base: &bucket.Base{Account: account}, Regions: []string{"zz-east-1", "zz-east-2", "us-east-1"}, Window: window}, byTime, 11},
		{"by key when there are many places", many, Query{}, byKey, 8 + 3*regions},
		{"by key in a folder", someBucket(), Query{Flat: true}, byKey, 12},
	} {
		var list []Found
		for f, err := range Find(context.Background(), c.b, c.q) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, f)
		}
		if !slices.IsSortedFunc(list, c.order) || len(list) != c.n {
			t.Errorf("%s: %d files, or not in order", c.name, len(list))
			for _, f := range list[:min(len(list), 14)] {
				t.Log(f.Object.Key)
			}
		}
	}
}

// What a caller does not take leaves nothing running.
func TestFindStopsEarly(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, err := range Find(context.Background(), someBucket(), Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines were left behind", n-before)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	n := 0
	for _, err := range Find(ctx, someBucket(), Query{}) {
		cancel()
		last = err
		n++
	}
	if !errors.Is(last, context.Canceled) || n > 9 {
		t.Errorf("after cancelling: %d files, %v", n, last)
	}
}

// Whatever minute the digest files of a region end at: those that a download
// takes list only log files that it takes, and together they list each file
// that can hold a record of the window.
func TestForCopy(t *testing.T) {
	for _, w := range []when.Window{
		{Start: at("2026-01-10T10:00"), End: at("2026-01-10T11:00")},
		{Start: at("2026-01-10T10:07"), End: at("2026-01-10T10:08")},
		{Start: at("2026-01-10T23:59"), End: at("2026-01-12T00:01")},
		{Start: at("2026-01-10T10:30")},
		{End: at("2026-01-10T10:30")},
		{},
	} {
		files, digests := ForCopy(w, DefaultLag)
		q := Query{Window: files, DigestWindow: digests, Digests: true}
		taken := func(k bucket.Kind, t time.Time) bool {
			return q.judgeKey(bucket.Key{Kind: k, Time: t, Region: "us-east-1"}) == ""
		}
		for _, minute := range []int{0, 1, 17, 42, 59} {
			for end := at("2026-01-09T00:00").Add(time.Duration(minute) * time.Minute); end.Before(at("2026-01-14T00:00")); end = end.Add(time.Hour) {
				digest := taken(bucket.Digest, end)
				for s := end.Add(-time.Hour); s.Before(end); s = s.Add(20 * time.Second) {
					named := s.Truncate(time.Minute)
					if digest && !taken(bucket.LogFile, named) {
						t.Fatalf("%v: the digest file of %v is taken, but not the log file of %v", w, end, s)
					}
					// Delivered within an hour of what it records.
					holds := when.Window{Start: w.Start}
					if !w.End.IsZero() {
						holds.End = w.End.Add(DefaultLag)
					}
					if !digest && holds.Contains(s) {
						t.Fatalf("%v: nobody vouches for the log file of %v", w, s)
					}
				}
			}
		}
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
	want := region + " after " + region + "2026/01/01/" + account + "_CloudTrail_us-east-1_20260101T2300Z"
	if !slices.Contains(b.lists, want) {
		t.Errorf("listed %q, not %q", b.lists, want)
	}
}

// What does not fit into a page is listed by days, each key once.
func TestFindListsByDays(t *testing.T) {
	b := &fakeBucket{objects: map[string][]byte{}}
	var want []string
	for i := range 3 * page {
		unique := fmt.Sprintf("n%04d", i)
		want = append(want, unique)
		b.objects[logKey(account, "us-east-1", at("2026-01-01T00:00").Add(time.Duration(i)*2*time.Minute).Format("2006-01-02T15:04"), unique)] = nil
	}
	q := Query{Base: &bucket.Base{Account: account}, Window: when.Window{Start: at("2026-01-01T00:00"), End: at("2026-01-05T04:00")}}
	taken, _, errs := found(t, b, q)
	if !slices.Equal(taken, want) || len(errs) > 0 {
		t.Errorf("%d keys, %v", len(taken), errs)
	}
	region := "AWSLogs/" + account + "/CloudTrail/us-east-1/"
	days := slices.DeleteFunc(slices.Clone(b.lists), func(l string) bool { return !strings.HasPrefix(l, region+"2026/01/0") })
	// A page reaches from the first of January to the second.
	if len(days) != 3 || !slices.ContainsFunc(days, func(l string) bool { return strings.HasPrefix(l, region+"2026/01/02/ after "+region+"2026/01/02/") }) {
		t.Errorf("listed %q", b.lists)
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
	b.objects["copy/"+unfinishedKeys] = nil
	b.objects["copy/"+account+"_CloudTrail_us-east-1_20260102T1200Z_loose.json"] = nil
	b.objects["copy/"+account+"_CloudTrail_us-east-1_20200102T1200Z_old.json"] = nil
	taken, skipped, _ := found(t, b, Query{Flat: true, Window: when.Window{Start: at("2026-01-01T00:00")}})
	for name, why := range map[string]string{
		"README.md": SkipName, KeysFile: SkipOwn, unfinishedKeys: SkipOwn, "lb.log.gz": SkipService, "": SkipFolder,
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
