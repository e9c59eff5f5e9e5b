package validate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"trailctl/bucket"
)

// changing is a bucket whose objects may be another thing, or trouble, from
// one reading to the next.
type changing struct {
	*memory
	mu    sync.Mutex
	times map[string]int
	on    func(key string, time int) ([]byte, error) // nil, nil: as it is
}

func (m *changing) Get(ctx context.Context, key string) (*bucket.Body, error) {
	m.mu.Lock()
	m.times[key]++
	n := m.times[key]
	m.mu.Unlock()
	b, err := m.on(key, n)
	if err != nil {
		return nil, err
	}
	got, err := m.memory.Get(ctx, key)
	if err == nil && b != nil {
		got.ReadCloser, got.Size = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	}
	return got, err
}

// run checks a corpus whose bucket changes. With full, no room is left to keep
// digest files.
func (c *corpus) run(full bool, on func(key string, time int) ([]byte, error)) (*Report, *changing) {
	c.t.Helper()
	m := &changing{memory: c.bucket(testBucket), times: map[string]int{}, on: on}
	o := c.options()
	o.Open = func(context.Context, string) (Store, error) { return m, nil }
	o.MaxDigest, o.MaxLogFile, o.Workers = defaultMaxDigest, defaultMaxLogFile, 4
	k := newCheck(o)
	if full && !k.kept.TryAcquire(keptRoom) {
		c.t.Fatal("there is no room from the start")
	}
	if err := k.run(context.Background()); err != nil {
		c.t.Fatal(err)
	}
	if !full && !k.kept.TryAcquire(keptRoom) {
		c.t.Error("not all room was given back")
	}
	return k.report(false), m
}

func asItIs(string, int) ([]byte, error) { return nil, nil }

func TestDigestsAreReadOnceOrTwice(t *testing.T) {
	t.Parallel()
	for _, full := range []bool{false, true} {
		c := newCorpus(t, 6)
		r, m := c.run(full, asItIs)
		if r.Verdict != VerdictValid || counts(r.LogFiles) != "12/12" {
			t.Errorf("full %v: %s, %v", full, counts(r.LogFiles), briefs(r))
		}
		want := 1
		if full {
			want = 2
		}
		if got := m.times[c.digestKey(3)]; got != want {
			t.Errorf("full %v: fetched %d times", full, got)
		}
	}
}

// What was proved is what its log files are read from.
func TestDigestThatChangesBetweenReadings(t *testing.T) {
	t.Parallel()
	c := newCorpus(t, 6)
	other := zip(bytes.ReplaceAll(unzip(t, c.digestAt(3).body), []byte(c.logKey(3, 0)), []byte(c.logKey(2, 0))))
	for name, on := range map[string]func() ([]byte, error){
		"another":          func() ([]byte, error) { return other, nil },
		"something behind": func() ([]byte, error) { return append(bytes.Clone(c.digestAt(3).body), 0), nil },
		"deleted":          func() ([]byte, error) { return nil, bucket.ErrNotFound },
		"trouble":          func() ([]byte, error) { return nil, errors.New("the line is dead") },
	} {
		r, _ := c.run(true, func(key string, time int) ([]byte, error) {
			if key == c.digestKey(3) && time == 2 {
				return on()
			}
			return nil, nil
		})
		if r.Verdict != VerdictIncomplete || counts(r.LogFiles) != "10/12 unchecked=2" || counts(r.Digests) != "6/6" {
			t.Errorf("%s: %s, %s, %v", name, r.Verdict, counts(r.LogFiles), briefs(r))
		}
	}
}

// A log file that came wrong is fetched once more.
func TestLogFileIsReadAgain(t *testing.T) {
	t.Parallel()
	c := newCorpus(t, 6)
	wrong := zip([]byte("{}"))
	for _, k := range []struct {
		name    string
		answers []any
		want    string
	}{
		{"once wrong", []any{wrong}, "12/12"},
		{"once cut", []any{c.logAt(3, 0).body[:20]}, "12/12"},
		{"twice wrong", []any{wrong, wrong}, "11/12 invalid=1"},
		{"wrong, then trouble", []any{wrong, errors.New("the line is dead")}, "11/12 invalid=1"},
		{"wrong, then denied", []any{wrong, bucket.ErrDenied}, "11/12 invalid=1"},
		{"trouble", []any{errors.New("the line is dead")}, "11/12 unchecked=1"},
	} {
		r, _ := c.run(false, func(key string, time int) ([]byte, error) {
			if key != c.logKey(3, 0) || time > len(k.answers) {
				return nil, nil
			}
			if err, ok := k.answers[time-1].(error); ok {
				return nil, err
			}
			return k.answers[time-1].([]byte), nil
		})
		if got := counts(r.LogFiles); got != k.want {
			t.Errorf("%s: %s, want %s", k.name, got, k.want)
		}
	}
}

// Digest files that nobody signed cost little memory, whatever they hold.
func TestHostileDigests(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := newCorpus(t, 8)
	entry := `{"s3Bucket":"b","s3Object":"k","hashValue":"h","hashAlgorithm":"SHA-256"}`
	entries := strings.Repeat(entry+",", 40<<20/len(entry)) + entry
	for i := range c.chain {
		var what string
		switch i % 3 {
		case 0:
			what = `"logFiles":[` + entries + `]`
		case 1:
			what = `"x":"` + strings.Repeat("x", 40<<20) + `","logFiles":[]`
		case 2:
			what = `"x":` + strings.Repeat("[", 40<<20) + `,"logFiles":[]`
		}
		text := bytes.Replace(unzip(t, c.digestAt(i).body), []byte(`"logFiles":`), fmt.Appendf(nil, `%s,"rest":`, what), 1)
		c.bucket(testBucket).put(c.digestKey(i), zip(text), c.digestAt(i).meta)
	}
	entries = ""
	runtime.GC()
	stop, peak := watchHeap()
	r, _ := c.run(false, asItIs)
	stop()
	if counts(r.Digests) != "0/8 invalid=8" {
		t.Errorf("%s, %v", counts(r.Digests), briefs(r))
	}
	if *peak > 32<<20 {
		t.Errorf("%d MiB more are used on the way", *peak>>20)
	}
}

// watchHeap looks how much the heap grows until stop is called.
func watchHeap() (stop func(), peak *uint64) {
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	peak = new(uint64)
	done, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&now)
				*peak = max(*peak, now.HeapInuse-min(before.HeapInuse, now.HeapInuse))
			}
		}
	}()
	return func() { close(done); <-ended }, peak
}

// What was fetched ahead is given back by whoever looks at no more of it.
func TestDigestsFetchedAheadAreGivenBack(t *testing.T) {
	t.Parallel()
	for _, looked := range []int{1, 2, 5} {
		c := newCorpus(t, 40)
		k := newCheck(c.options())
		k.MaxDigest = defaultMaxDigest
		at := location{bucket: testBucket, chainID: c.id}
		w := &walker{check: k, tally: k.newTally(c.id), home: at, unit: &unit{Base: c.id.Base, region: c.id.Region}, rhythm: usualRhythm}
		var list []entry
		for i, d := range c.chain {
			list = append(list, entry{end: d.end.Unix(), size: int64(len(c.digestAt(i).body))})
		}
		n := 0
		for range w.ahead(context.Background(), at, list) {
			if n++; n == looked {
				break
			}
		}
		if !k.kept.TryAcquire(keptRoom) {
			t.Errorf("after %d of them: not all room was given back", looked)
		}
	}
}
