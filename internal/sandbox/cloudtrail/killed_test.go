package cloudtrail

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// killer kills a service when it is about to do something for the nth time:
// it copies the folder as it is then, and lets nothing happen any more. After
// stands for the moment after it was done.
type killer struct {
	fakeGroups
	bucket *fakeBucket
	dir    string
	after  bool

	mu     sync.Mutex
	n      int // to come, 0 for never
	copied string
	dead   bool
}

func (k *killer) do(action func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return errSilent
	}
	k.n--
	if k.n == 0 && !k.after {
		return k.die()
	}
	err := action()
	if k.n == 0 {
		return k.die()
	}
	return err
}

func (k *killer) die() error {
	if err := os.CopyFS(k.copied, os.DirFS(k.dir)); err != nil {
		return err
	}
	k.dead = true
	return errSilent
}

func (k *killer) killed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

func (k *killer) Bucket(ctx context.Context, name string) (*BucketState, error) {
	return k.bucket.Bucket(ctx, name)
}

func (k *killer) Put(ctx context.Context, o Object) error {
	return k.do(func() error {
		k.bucket.mu.Lock()
		delete(k.bucket.objects, o.Key) // it may come again
		k.bucket.mu.Unlock()
		return k.bucket.Put(ctx, o)
	})
}

func (k *killer) PutEvents(ctx context.Context, account, region, name, stream string, events []LogEvent) error {
	return k.do(func() error { return k.fakeGroups.PutEvents(ctx, account, region, name, stream, events) })
}

// changingKeys answers another key each time. They are small, and there are
// few, as making them takes long.
var changingKeys = sync.OnceValue(func() NewKey {
	var mu sync.Mutex
	var keys []*rsa.PrivateKey
	n := 0
	return func(string) (*rsa.PrivateKey, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(keys) < 9 {
			k, err := rsa.GenerateKey(rand.Reader, 1024)
			if err != nil {
				return nil, err
			}
			keys = append(keys, k)
		}
		n++
		return keys[n%len(keys)], nil
	}
})

// killedRun is a service that is killed at the nth thing that it does.
type killedRun struct {
	*bench
	k     *killer
	saves bool // the state is saved after each delivery
	want  []string
}

func (r *killedRun) event(region string) {
	if !r.k.killed() {
		r.want = append(r.want, r.record(region, "Event"))
	}
}

func (r *killedRun) goOn(d time.Duration) {
	target := r.now.Add(d)
	for !r.k.killed() {
		at, due := r.s.NextDue()
		if !due || at.After(target) {
			r.now = target
			return
		}
		if at.After(r.now) {
			r.now = at
		}
		if err := r.s.Deliver(context.Background(), r.now); err != nil {
			r.t.Fatal(err)
		}
		if r.saves && !r.k.killed() {
			r.s.Save()
		}
	}
}

func (r *killedRun) call(operation string) {
	if !r.k.killed() {
		r.do("us-east-1", operation, `{"Name":"demo"}`)
	}
}

// days is a life with everything that is delivered.
func (r *killedRun) days() {
	for range 2 {
		r.event("us-east-1")
		r.event("eu-west-1")
		r.goOn(7 * time.Minute)
		r.event("us-east-1")
		r.event("us-east-1")
		r.goOn(65 * time.Minute)
	}
	r.event("eu-west-1")
	r.call("StopLogging")
}

// reborn goes on from what a folder holds.
func (r *killedRun) reborn(dir string, o Options) {
	r.t.Helper()
	o.Dir = dir
	s, err := New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.s, r.k.dead, r.k.n = s, false, 0
	r.now = r.now.Add(3 * time.Second)
	s.Resume(r.now)
}

// Whenever the process is killed in a delivery, every event is in one log file
// in the end, every log file in one digest file, and the digest files are one
// chain.
func TestKilledAtEachStep(t *testing.T) {
	for _, after := range []bool{false, true} {
		for _, saves := range []bool{false, true} {
			for n, killed := 1, true; killed; n++ {
				t.Run(fmt.Sprint(n, " after=", after, " saves=", saves), func(t *testing.T) { killed = killAt(t, n, after, saves) })
				if n > 100 {
					t.Fatal("there is no end")
				}
			}
		}
	}
}

func killAt(t *testing.T, n int, after, saves bool) (killed bool) {
	dir := t.TempDir()
	k := &killer{n: n, after: after, dir: filepath.Join(dir, "first"), copied: filepath.Join(dir, "second")}
	var o Options
	b := newBench(t, func(given *Options) {
		given.Dir, given.NewKey = k.dir, changingKeys()
		k.fakeGroups = given.Groups.(fakeGroups)
		k.bucket = given.Bucket.(*fakeBucket)
		given.Bucket, given.Groups = k, k
		o = *given
	})
	r := &killedRun{bench: b, k: k, saves: saves}
	b.do("us-east-1", "CreateTrail", strings.Replace(createWhole, "{", `{"IsMultiRegionTrail":true,`, 1))
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	r.days()
	if killed = k.killed(); killed {
		r.reborn(k.copied, o)
	}
	k.n = 0
	r.goOn(3 * time.Hour)
	b.do("us-east-1", "StopLogging", `{"Name":"demo"}`)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	r.event("us-east-1")
	r.goOn(2 * time.Hour)
	r.check()
	return killed
}

func (r *killedRun) check() {
	r.t.Helper()
	got := r.delivered("")
	slices.Sort(got)
	if !slices.Equal(got, r.want) {
		r.t.Errorf("delivered %v, want %v", got, r.want)
	}
	listed, begins := map[string]int{}, map[string]int{}
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		for i, d := range r.checkChain(region) {
			for _, f := range d.LogFiles {
				listed[f.Key]++
			}
			if d.PreviousKey == nil {
				begins[region]++
			} else if i == 0 {
				r.t.Errorf("no chain begins with %s, the first one", d.Key)
			}
		}
	}
	if begins["us-east-1"] != 2 || begins["eu-west-1"] != 2 { // trails are started twice
		r.t.Errorf("so many chains begin: %v", begins)
	}
	files := r.bucket.keys("/CloudTrail/")
	for _, f := range files {
		if listed[f] != 1 {
			r.t.Errorf("%s stands in %d digest files", f, listed[f])
		}
	}
	if len(listed) != len(files) {
		r.t.Errorf("%d log files are listed, and %d are there", len(listed), len(files))
	}
}

// A process that is killed while it saves leaves journals that the state has
// taken in already, or one that follows on another.
func TestKilledWhileSaving(t *testing.T) {
	for _, saved := range []bool{false, true} {
		t.Run(fmt.Sprint("saved=", saved), func(t *testing.T) {
			dir := t.TempDir()
			var o Options
			b := newBench(t, func(given *Options) { given.Dir = dir; o = *given })
			b.do("us-east-1", "CreateTrail", createDemo)
			b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
			want := []string{b.record("us-east-1", "First"), b.record("us-east-1", "Second")}
			b.advance(5 * time.Minute)
			if saved {
				b.s.Save() // so that nothing in the journal undoes what is repeated
			}
			want = append(want, b.record("us-east-1", "Third"))
			before := t.TempDir()
			if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			b.s.Save()
			want = append(want, b.record("us-east-1", "Fourth"))
			put := func(part string) {
				names, err := filepath.Glob(filepath.Join(before, part))
				if err != nil || len(names) != 1 {
					t.Fatalf("%s: %v %v", part, names, err)
				}
				text, err := os.ReadFile(names[0])
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, filepath.Base(names[0])), text, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			put("journal.*.jsonl")
			if !saved {
				put(stateFile)
			}
			leftover := filepath.Join(dir, historyName+".123")
			if err := os.WriteFile(leftover, []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			b.s = s
			s.Resume(b.now)
			b.advance(2 * time.Hour)
			if got := b.delivered(""); !slices.Equal(got, want) {
				t.Errorf("delivered %v, want %v", got, want)
			}
			checkWhole(b)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			names, err := filepath.Glob(filepath.Join(dir, "*"))
			if len(names) != 2 || err != nil { // the state and the history
				t.Errorf("in the folder: %v %v", names, err)
			}
		})
	}
}

// A journal whose last line was cut off, or that holds something else, is read
// up to there and around it.
func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	var o Options
	b := newBench(t, func(given *Options) { given.Dir = dir; o = *given })
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	want := []string{b.record("us-east-1", "First"), b.record("us-east-1", "Second")}
	b.record("us-east-1", "Torn")
	name := b.s.journal.name(b.s.journal.number)
	text, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, append([]byte("nothing\n{\"To\":5}\n"), text[:len(text)-1]...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if b.s, err = New(o); err != nil {
		t.Fatal(err)
	}
	b.s.Resume(b.now)
	b.advance(5 * time.Minute)
	if got := b.delivered(""); !slices.Equal(got, want) {
		t.Errorf("delivered %v, want %v", got, want)
	}
}

// A deleted trail's last files are delivered after the process was killed.
func TestKilledAfterDeleteTrail(t *testing.T) {
	dir := t.TempDir()
	var o Options
	b := newBench(t, func(given *Options) { given.Dir = dir; o = *given })
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	want := []string{b.record("us-east-1", "First")}
	b.bucket.silent = errSilent
	b.s.mu.Lock()
	t1 := b.s.find(testAccount, "us-east-1", "demo")
	t1.Logging = false
	b.s.follow(t1, b.now)
	b.s.ended, b.s.trails = append(b.s.ended, t1), nil
	b.s.mu.Unlock()
	b.s.Save()
	want = append(want, b.record("us-east-1", "DeleteTrail"))
	b.bucket.silent = nil
	var err error
	if b.s, err = New(o); err != nil {
		t.Fatal(err)
	}
	b.s.Resume(b.now)
	b.advance(time.Minute)
	if got := b.delivered(""); !slices.Equal(got, want) {
		t.Errorf("delivered %v, want %v", got, want)
	}
	checkWhole(b)
	if _, due := b.s.NextDue(); due || len(b.s.ended) != 0 || len(b.bucket.keys("/CloudTrail-Digest/us-east-1/")) != 1 {
		t.Errorf("%d trails are left, and the digest files %v", len(b.s.ended), b.bucket.keys("/CloudTrail-Digest/"))
	}
}
