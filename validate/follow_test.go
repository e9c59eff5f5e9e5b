package validate

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trailctl/bucket"
)

// arriving is a corpus whose digest files come one after the other.
type arriving struct {
	*corpus
	all      map[string]object
	come     int // digest files that are there
	options  Options
	f        *Follower
	gets     map[string]int
	counting sync.Mutex // of gets
	heard    func(*Round)
}

func newArriving(t *testing.T, hours int, change ...func(*corpus)) *arriving {
	t.Helper()
	c := newCorpus(t, hours, change...)
	a := &arriving{corpus: c, all: c.bucket(testBucket).objects, options: c.options(), gets: map[string]int{}}
	c.bucket(testBucket).objects = map[string]object{}
	open := a.options.Open
	a.options.Open = func(ctx context.Context, name string) (Store, error) {
		s, err := open(ctx, name)
		return fetchCounter{s, &a.counting, a.gets}, err
	}
	a.options.Workers = 1
	a.f = &Follower{Proofs: NewProofs("")}
	return a
}

// fetchCounter counts what is fetched.
type fetchCounter struct {
	Store
	mu   *sync.Mutex
	gets map[string]int
}

func (c fetchCounter) Get(ctx context.Context, key string) (*bucket.Body, error) {
	c.mu.Lock()
	c.gets[key]++
	c.mu.Unlock()
	return c.Store.Get(ctx, key)
}

// comes lets n more digest files arrive, an hour late, with their log files.
func (a *arriving) comes(n int) {
	for range n {
		d := a.chain[a.come]
		for _, l := range d.logs {
			k := l["s3Object"].(string)
			a.bucket(d.bucket).objects[k] = a.all[k]
		}
		k := a.digestKey(a.come)
		a.bucket(d.bucket).objects[k] = a.all[k]
		a.come++
		a.options.Now = d.end.Add(time.Hour)
	}
}

// look makes a round and says what it brought: the hours of the digest files,
// the findings, and the verdict.
func (a *arriving) look() string {
	a.t.Helper()
	r, err := a.f.Round(context.Background(), a.options)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.heard != nil {
		a.heard(r)
	}
	var words []string
	for _, d := range r.Digests {
		w := hour(d.End)
		if d.Verdict != VerdictValid || d.LogFiles.Valid != 2 {
			w += fmt.Sprintf("(%s %s)", d.Verdict, counts(d.LogFiles))
		}
		words = append(words, w)
	}
	for _, f := range r.Findings {
		words = append(words, brief(f))
	}
	for _, f := range r.Trouble {
		words = append(words, "trouble: "+string(f.Code))
	}
	if r.GivenUp {
		words = append(words, "given up")
	}
	return strings.Join(append(words, string(r.Verdict)), ", ")
}

func (a *arriving) expect(want string) {
	a.t.Helper()
	if got := a.look(); got != want {
		a.t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFollowRounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		make func(*corpus)
		do   func(*arriving)
	}{
		{name: "nothing is there", do: func(a *arriving) { a.options.Now = a.start; a.expect("nothing") }},
		{name: "the first comes in time", do: func(a *arriving) {
			a.options.Started, a.options.Now = a.start, a.start.Add(time.Minute)
			a.expect("valid")
			a.expect("valid")
			a.comes(1)
			a.expect("1, valid")
		}},
		{name: "none ever comes", do: func(a *arriving) {
			a.options.Started, a.options.Now = a.start, a.start.Add(time.Minute)
			a.expect("valid")
			a.options.Now = a.start.Add(2 * time.Hour)
			a.expect("valid")
			a.options.Now = a.start.Add(4 * time.Hour)
			a.expect("missing tail-not-covered 0..4, invalid")
		}},
		{name: "one after the other", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.expect("valid")
			a.comes(1)
			a.expect("4, valid")
			a.comes(2)
			a.expect("5, 6, valid")
			for k, n := range a.gets {
				if strings.Contains(k, "_CloudTrail_") && n != 1 {
					t.Errorf("%s was fetched %d times", k, n)
				}
			}
		}},
		{name: "overdue", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.options.Now = a.chain[2].end.Add(2 * time.Hour)
			a.expect("valid")
			a.options.Now = a.options.Now.Add(2 * time.Minute)
			if got := a.look(); !strings.HasPrefix(got, "missing tail-not-covered ") || !strings.HasSuffix(got, ", invalid") {
				t.Error(got)
			}
		}},
		{name: "logging is stopped, and goes on", make: func(c *corpus) {
			for _, d := range c.chain[3:] { // ten hours later
				d.start, d.end = d.start.Add(10*time.Hour), d.end.Add(10*time.Hour)
			}
			c.chain[3].begins = true
		}, do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.options.Stopped, a.options.Now = a.chain[2].end, a.chain[2].end.Add(8*time.Hour)
			a.expect("valid")
			// It is switched on, and its first digest file comes in two hours.
			a.options.Stopped, a.options.Started = time.Time{}, a.chain[3].start
			a.options.Now = a.chain[3].start.Add(time.Hour)
			a.expect("valid")
			a.comes(1)
			a.expect("14, notice gap 3..13, valid")
			a.expect("valid")
			a.comes(1)
			a.expect("15, valid")
		}},
		{name: "logging is switched on, and no digest file comes", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.options.Started, a.options.Now = a.chain[2].end.Add(10*time.Hour), a.chain[2].end.Add(14*time.Hour)
			if got := a.look(); !strings.HasPrefix(got, "missing tail-not-covered ") {
				t.Error(got)
			}
		}},
		{name: "a log file changed", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.comes(1)
			a.setLog(3, 0, []byte("x"))
			a.expect("4(invalid 1/2 invalid=1), invalid hash-mismatch, invalid")
		}},
		{name: "a digest file changed", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.comes(1)
			a.editDigest(3, func(b []byte) []byte { return []byte(strings.Replace(string(b), "awsAccountId", "awsAccountID", 1)) })
			a.expect("4(invalid 0/0 unproven=2), invalid signature unproven=2, invalid")
		}},
		{name: "a hole", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.comes(2)
			a.rmDigest(3)
			a.expect("5, missing not-found missing=1 unproven=2 3..4, invalid")
		}},
		{name: "the newest is gone", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.rmDigest(2)
			a.expect("missing tail-not-covered missing=1 2..4, invalid")
		}},
		{name: "the newest is gone, and the next one is there", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.comes(1)
			a.rmDigest(2)
			a.expect("4, missing not-found missing=1 unproven=2 2..3, invalid")
		}},
		{name: "the previous one is replaced", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			kept := a.chain
			a.chain[2].logs, a.chain = a.chain[2].logs[:1], a.chain[:3]
			a.seal(2)
			a.chain = kept
			a.comes(1)
			a.expect("4(invalid 2/2), invalid broken-link, invalid")
		}},
		{name: "a log file cannot be read for a while", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.comes(2)
			broken := a.bucket(testBucket).faults
			broken[a.logKey(3, 0)] = errors.New("no answer")
			a.expect("trouble: unreadable, incomplete")
			a.comes(1)
			a.expect("trouble: unreadable, incomplete")
			clear(broken)
			a.expect("4, 5, 6, valid")
			if n := a.gets[a.logKey(3, 1)]; n != 1 {
				t.Errorf("the other one was fetched %d times", n)
			}
		}},
		{name: "a digest file cannot be read for a while", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.comes(2)
			broken := a.bucket(testBucket).faults
			broken[a.digestKey(3)] = errors.New("no answer")
			if got := a.look(); !strings.Contains(got, "trouble: unreadable") || strings.Contains(got, "4") || strings.Contains(got, "invalid") {
				t.Error(got)
			}
			clear(broken)
			a.expect("4, 5, valid")
		}},
		{name: "a log file cannot be read for a day", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			a.comes(1)
			a.bucket(testBucket).faults[a.logKey(3, 0)] = errors.New("archived")
			a.expect("trouble: unreadable, incomplete")
			a.comes(24)
			a.expect("trouble: unreadable, given up, incomplete")
		}},
		{name: "the key changes", do: func(a *arriving) {
			a.comes(3)
			a.expect("2, 3, valid")
			next, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				t.Fatal(err)
			}
			der := x509.MarshalPKCS1PublicKey(&next.PublicKey)
			old := a.public
			a.key, a.public = next, []PublicKey{{Region: a.id.Region, Fingerprint: md5hex(der), DER: der}}
			a.seal(3)
			a.all[a.digestKey(3)] = *a.digestAt(3)
			for i := 4; i < len(a.chain); i++ {
				a.rmDigest(i)
			}
			a.public = append(a.public, old...)
			a.come = 4
			for n := range 2 {
				a.bucket(testBucket).objects[a.logKey(3, n)] = a.all[a.logKey(3, n)]
			}
			a.options.Now = a.chain[3].end.Add(time.Hour)
			a.expect("4, valid")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hours := 8
			if strings.Contains(c.name, "for a day") {
				hours = 30
			}
			change := c.make
			if change == nil {
				change = func(*corpus) {}
			}
			a := newArriving(t, hours, change)
			a.t = t
			c.do(a)
		})
	}
}

// Two weeks take no more memory and no more calls than two days.
func TestFollowForgets(t *testing.T) {
	t.Parallel()
	a := newArriving(t, 24*14)
	a.comes(3)
	a.look()
	for a.come < len(a.chain) {
		a.comes(1)
		clear(a.gets)
		if got := a.look(); got != hour(a.chain[a.come-1].end)+", valid" {
			t.Fatal(got)
		}
		if len(a.gets) > 5 {
			t.Fatalf("%d files fetched for one digest file: %v", len(a.gets), a.gets)
		}
		if a.f.Proofs.Len() > 8 || len(a.f.told) > 2 || len(a.f.chains) != 1 || len(a.f.stuck)+len(a.f.doubts) > 0 {
			t.Fatalf("%d proofs, %d told, %d chains", a.f.Proofs.Len(), len(a.f.told), len(a.f.chains))
		}
	}
	r := a.f.Report(a.options)
	if r.Verdict != VerdictValid || r.Digests.Valid != 24*14-1 || r.LogFiles.Valid != 2*r.Digests.Valid || len(r.Chains[0].Covered) != 1 || r.Chains[0].Verdict != VerdictValid {
		t.Errorf("%+v", r)
	}
}

// A restarted following goes on where the one before ended, however long ago.
func TestFollowGoesOn(t *testing.T) {
	t.Parallel()
	a := newArriving(t, 12)
	name := filepath.Join(t.TempDir(), "proofs")
	restart := func() {
		if err := a.f.Proofs.Close(); err != nil {
			t.Fatal(err)
		}
		p, err := OpenProofs(name, "")
		if err != nil {
			t.Fatal(err)
		}
		a.f = &Follower{Proofs: p}
	}
	restart()
	a.comes(3)
	a.expect("2, 3, valid")
	restart()
	a.comes(7)
	a.expect("4, 5, 6, 7, 8, 9, 10, valid")
	a.expect("valid")
	restart()
	a.expect("valid")
	for k, n := range a.gets {
		if strings.Contains(k, "_CloudTrail_") && n != 1 {
			t.Errorf("%s was fetched %d times", k, n)
		}
	}
	// Another following does not begin there.
	restart()
	a.options.Accounts = []string{a.id.Account}
	a.expect("9, 10, valid")
	// All is gone while nobody looked.
	restart()
	a.options.Accounts = nil
	clear(a.bucket(testBucket).objects)
	a.options.Now = a.options.Now.Add(5 * time.Hour)
	if got := a.look(); !strings.HasPrefix(got, "missing tail-not-covered") {
		t.Error(got)
	}
	a.f.Proofs.Close()
}

// What an earlier following told is proved again and not told again, also when
// both begin at a time that was asked for, or at an earlier one.
func TestFollowTellsOnce(t *testing.T) {
	t.Parallel()
	a := newArriving(t, 12)
	name := filepath.Join(t.TempDir(), "proofs")
	at := func(h int) time.Time { return corpusStart.Add(time.Duration(h) * time.Hour) }
	before := 0
	restart := func(begin time.Time) {
		if err := a.f.Proofs.Close(); err != nil {
			t.Fatal(err)
		}
		p, err := OpenProofs(name, "")
		if err != nil {
			t.Fatal(err)
		}
		a.f = &Follower{Proofs: p, Begin: begin}
	}
	expect := func(want string, again int) {
		t.Helper()
		a.expect(want)
		if got := before; got != again {
			t.Errorf("%d told before, want %d", got, again)
		}
	}
	a.heard = func(r *Round) { before = r.Before }
	a.comes(6)
	restart(at(3))
	expect("4, 5, 6, valid", 0)
	restart(at(3))
	expect("valid", 3)
	a.comes(1)
	expect("7, valid", 0)
	restart(at(5))
	expect("valid", 2)
	// What was not told is told, also while something else waits.
	restart(at(1))
	log := a.logKey(2, 0)
	a.bucket(testBucket).faults[log] = errors.New("no route")
	a.f.Proofs = NewProofs("")
	a.f = &Follower{Proofs: a.f.Proofs, Begin: at(4)}
	expect("5, 6, 7, valid", 0)
	a.f = &Follower{Proofs: a.f.Proofs, Begin: at(1)}
	expect("2, trouble: unreadable, incomplete", 0)
	delete(a.bucket(testBucket).faults, log)
	expect("3, 4, valid", 0)
	expect("valid", 0)
	a.comes(1)
	expect("8, valid", 0)
	a.f = &Follower{Proofs: a.f.Proofs, Begin: at(1)}
	expect("valid", 7)
	// What was told must not go.
	a.rmDigest(7)
	a.f = &Follower{Proofs: a.f.Proofs, Begin: at(1)}
	expect("missing tail-not-covered missing=1 7..9, invalid", 6)
}

// Nobody asked for the time before the first look, in the second one neither.
func TestFollowBeginsWhereItBegins(t *testing.T) {
	t.Parallel()
	a := newArriving(t, 3)
	a.comes(1)
	a.bucket(testBucket).faults[a.logKey(0, 0)] = errors.New("no route")
	a.expect("trouble: unreadable, incomplete")
	a.expect("trouble: unreadable, incomplete")
	clear(a.bucket(testBucket).faults)
	a.expect("1, valid")
	if at, resumed := a.f.From(a.options); resumed || at.After(a.chain[0].start) {
		t.Errorf("from %s, %v", at, resumed)
	}
	b := &Follower{Proofs: a.f.Proofs}
	a.comes(2)
	if at, resumed := b.From(a.options); !resumed || !at.Equal(a.chain[0].end) {
		t.Errorf("goes on from %s, %v", at, resumed)
	}
}

// A region that begins later is taken in: its log files come before its first
// digest file, which has three hours to come.
func TestFollowTakesInARegion(t *testing.T) {
	t.Parallel()
	for _, comes := range []bool{true, false} {
		a := newArriving(t, 12, func(c *corpus) { c.id.Region = "us-east-1" })
		other := newCorpus(t, 12, func(c *corpus) {
			c.chain = c.chain[6:]
			c.chain[0].begins = true
		})
		a.options.Keys, a.options.MultiRegion = anyRegion{keys: a.public}, true
		put := func(k string) { a.bucket(testBucket).objects[k] = other.bucket(testBucket).objects[k] }
		a.comes(6)
		a.expect("5, 6, valid")
		a.comes(1)
		put(other.logKey(0, 0))
		put(other.logKey(0, 1))
		a.expect("7, valid")
		if a.comes(1); comes {
			put(other.digestKey(0))
			a.expect("7, 8, warning chain-begins 5..6, valid")
			a.expect("valid")
			continue
		}
		a.expect("8, valid")
		a.comes(1)
		a.expect("9, valid")
		a.comes(1)
		if got := a.look(); !strings.HasPrefix(got, "10, missing no-digests") {
			t.Error(got)
		}
	}
}

// anyRegion gives the same keys for all regions.
type anyRegion struct {
	keys []PublicKey
}

func (a anyRegion) PublicKeys(_ context.Context, region string, _, _ time.Time) ([]PublicKey, error) {
	var keys []PublicKey
	for _, k := range a.keys {
		k.Region = region
		keys = append(keys, k)
	}
	return keys, nil
}
