//go:build unix

package validate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func proofOf(n int) Proof { return sha256.Sum256(fmt.Appendf(nil, "log file %d", n)) }

func openProofs(t testing.TB, name string) *Proofs {
	t.Helper()
	p, err := OpenProofs(name, "here")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// written is a file with proofs 0 to n-1, of 1000+i bytes each.
func written(t testing.TB, n int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "proofs")
	p := openProofs(t, name)
	for i := range n {
		p.Keep(proofOf(i), int64(1000+i))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// held are the proofs of 0 to n-1 that are held.
func held(t testing.TB, p *Proofs, n int) (list []int) {
	t.Helper()
	for i := range n {
		bytes, ok := p.Holds(proofOf(i))
		if ok && bytes != int64(1000+i) {
			t.Errorf("proof %d has %d bytes", i, bytes)
		}
		if ok {
			list = append(list, i)
		}
	}
	return list
}

func TestProofsAreKept(t *testing.T) {
	t.Parallel()
	name := written(t, 3000) // more than are written at once
	p := openProofs(t, name)
	defer p.Close()
	if n := len(held(t, p, 3001)); n != 3000 || p.Len() != 3000 || p.Damaged() != 0 {
		t.Errorf("%d of 3000 held, %d in all, %d damaged", n, p.Len(), p.Damaged())
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != headSize+3000*entrySize {
		t.Errorf("%v %v", info, err)
	}
}

// What was proved somewhere else, or lies elsewhere, or is listed with another
// hash, is another proof.
func TestProofsAreTiedToTheirPlace(t *testing.T) {
	t.Parallel()
	entry := logEntry{Bucket: "b", Key: "AWSLogs/1/k", Hash: "aa", Algorithm: hashAlgorithm}
	c, copied := &check{}, &check{Options: Options{Copy: true}}
	name := filepath.Join(t.TempDir(), "proofs")
	p := openProofs(t, name)
	p.Keep(c.proof(entry), 1)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		what  string
		place string
		proof Proof
		want  bool
	}{
		{"the same", "here", c.proof(entry), true},
		{"the hash in upper case", "here", c.proof(logEntry{Bucket: "b", Key: "AWSLogs/1/k", Hash: "AA"}), true},
		{"another place", "there", c.proof(entry), false},
		{"another bucket", "here", c.proof(logEntry{Bucket: "c", Key: "AWSLogs/1/k", Hash: "aa"}), false},
		{"another key", "here", c.proof(logEntry{Bucket: "b", Key: "AWSLogs/1/l", Hash: "aa"}), false},
		{"another hash", "here", c.proof(logEntry{Bucket: "b", Key: "AWSLogs/1/k", Hash: "ab"}), false},
		{"parts cut elsewhere", "here", c.proof(logEntry{Bucket: "bA", Key: "WSLogs/1/k", Hash: "aa"}), false},
		{"a copy", "here", copied.proof(entry), false},
	} {
		p, err := OpenProofs(name, x.place)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := p.Holds(x.proof); ok != x.want {
			t.Errorf("%s: %v", x.what, ok)
		}
		p.Close()
	}
}

// A run that is killed leaves any number of bytes.
func TestProofsCutAnywhere(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(written(t, 4))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "cut")
	for size := range len(whole) + 1 {
		if err := os.WriteFile(name, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		p := openProofs(t, name)
		want := max(0, size-headSize) / entrySize
		if got := held(t, p, 4); len(got) != want || p.Damaged() != 0 {
			t.Errorf("of %d bytes: %v, %d damaged", size, got, p.Damaged())
		}
		p.Keep(proofOf(9), 1009)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p = openProofs(t, name)
		if got := held(t, p, 10); len(got) != want+1 || p.Damaged() != 0 {
			t.Errorf("of %d bytes, then one more: %v, %d damaged", size, got, p.Damaged())
		}
		p.Close()
	}
}

// A byte that changed costs one entry at most, and never makes one.
func TestProofsDamagedAnywhere(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(written(t, 4))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "damaged")
	for at := range whole {
		broken := append([]byte{}, whole...)
		broken[at] ^= 0x11
		if err := os.WriteFile(name, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := OpenProofs(name, "here")
		if at < headSize {
			if err == nil {
				t.Errorf("byte %d: the head does not matter", at)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := held(t, p, 4); len(got) != 3 || p.Len() != 3 || p.Damaged() != 1 {
			t.Errorf("byte %d: %v of %d, %d damaged", at, got, p.Len(), p.Damaged())
		}
		p.Close()
	}
}

func TestProofsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(string(proofHead()), "version 1\n", "version 2\n", 1)
	for _, c := range []struct{ what, name, want string }{
		{"another kind", file("kind", strings.Repeat("hello ", 30), 0o600), "another kind of file"},
		{"another kind, short", file("short", "hello", 0o600), "another kind of file"},
		{"another version", file("version", newer, 0o600), "of version 2, and this program knows version 1"},
		{"a version that is no number", file("words", strings.Replace(newer, "2", "x", 1), 0o600), "another kind of file"},
		{"the group may write", file("group", "", 0o620), "its mode 0620 lets others write to it, who could make log files count as proved"},
		{"all may write", file("all", "", 0o602), "its mode 0602"},
		{"a pipe", fifo, "not a regular file"},
		{"a folder", dir, "not a regular file"},
		{"no folder", filepath.Join(dir, "none", "x"), "no such file"},
	} {
		p, err := OpenProofs(c.name, "here")
		if err == nil {
			p.Close()
			t.Errorf("%s: it is taken", c.what)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "the file of proved log files: ") {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "short")); string(text) != "hello" {
		t.Errorf("what is no such file was changed: %q %v", text, err)
	}
}

func TestProofsBelongToOneRun(t *testing.T) {
	t.Parallel()
	name := written(t, 1)
	p := openProofs(t, name)
	if _, err := OpenProofs(name, "here"); !errors.Is(err, ErrProofsBusy) {
		t.Errorf("a second run: %v", err)
	}
	p.Close()
	openProofs(t, name).Close()
}

// Nothing waits longer than a second or so for being written.
func TestProofsAreWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "proofs")
	p := openProofs(t, name)
	defer p.Close()
	p.Keep(proofOf(0), 1000)
	size := func() int64 {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	for end := time.Now().Add(5 * time.Second); size() < headSize+entrySize; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not written")
		}
	}
	begin := time.Now()
	for i := range 2 * flushFrom / entrySize {
		p.Keep(proofOf(i), int64(1000+i))
	}
	for size() < headSize+flushFrom {
		if time.Sleep(time.Millisecond); time.Since(begin) > flushAfter {
			t.Fatal("many wait for the second to pass")
		}
	}
}

// A full disk is told once and costs nothing but the file.
func TestProofsOfAFullDisk(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "proofs")
	p := openProofs(t, name)
	var mu sync.Mutex
	var told []error
	p.Trouble = func(err error) { mu.Lock(); defer mu.Unlock(); told = append(told, err) }
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	p.file.writing.Lock()
	right := p.file.handle
	p.file.handle = full
	p.file.writing.Unlock()
	for i := range 10 {
		p.Keep(proofOf(i), int64(1000+i))
		p.file.flush()
	}
	if len(held(t, p, 10)) != 10 {
		t.Error("the run itself forgets")
	}
	p.file.writing.Lock()
	p.file.handle = right
	p.file.writing.Unlock()
	p.Keep(proofOf(10), 1010)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if len(told) != 1 || !errors.Is(told[0], syscall.ENOSPC) {
		t.Errorf("told %v", told)
	}
	p = openProofs(t, name)
	if n := len(held(t, p, 11)); n != 11 {
		t.Errorf("%d of 11 were written in the end", n)
	}
	p.file.handle.Close()
	p.file.handle = full
	p.Keep(proofOf(11), 1)
	if err := p.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("closing: %v", err)
	}
}

// What nobody asks for any more leaves the memory, and the file in time.
func TestProofsAge(t *testing.T) {
	t.Parallel()
	name := written(t, 5)
	p := openProofs(t, name)
	p.mark("chain", corpusStart)
	p.mark("other", corpusStart)
	p.mark("other", time.Time{})
	p.age()
	held(t, p, 2)
	p.age()
	if got := held(t, p, 5); len(got) != 2 {
		t.Errorf("held %v", got)
	}
	for i := range 2*spareEntries + 100 {
		p.Keep(proofOf(100+i), 1)
	}
	p.age()
	held(t, p, 2)
	p.age() // writes the file anew
	if _, err := OpenProofs(name, "here"); !errors.Is(err, ErrProofsBusy) {
		t.Errorf("the new file is not locked: %v", err)
	}
	p.Keep(proofOf(4), 1004)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Size() != headSize+4*entrySize || info.Mode().Perm() != 0o600 {
		t.Errorf("%d bytes, mode %v, %v", info.Size(), info.Mode(), err)
	}
	p = openProofs(t, name)
	defer p.Close()
	if got := held(t, p, 200); fmt.Sprint(got) != "[0 1 4]" {
		t.Errorf("held %v", got)
	}
	if !p.marked("chain").Equal(corpusStart) || !p.marked("other").IsZero() {
		t.Errorf("%v %v", p.marked("chain"), p.marked("other"))
	}
}

func TestProofsMemory(t *testing.T) {
	const n = 300_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p := NewProofs("here")
	for i := range n {
		p.Keep(proofOf(i), 1000)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := float64(after.HeapAlloc-before.HeapAlloc) / n
	t.Logf("%.0f bytes each", each)
	if each > 80 {
		t.Errorf("%.0f bytes each", each)
	}
	runtime.KeepAlive(p)
}

// A second run with the file of the first one fetches no log file, and its
// report is the same.
func TestCheckCountsWhatWasProved(t *testing.T) {
	t.Parallel()
	c := newCorpus(t, 6)
	name := filepath.Join(t.TempDir(), "proofs")
	run := func() *Report {
		p := openProofs(t, name)
		defer p.Close()
		o := c.options()
		o.Proved = p
		return c.check(o)
	}
	first := run()
	for i := range c.chain {
		for n := range 2 {
			delete(c.bucket(testBucket).objects, c.logKey(i, n)) // nobody looks
		}
	}
	second := run()
	if first.ProvedBefore != 0 || second.ProvedBefore != 12 {
		t.Errorf("%d, then %d proved before", first.ProvedBefore, second.ProvedBefore)
	}
	second.ProvedBefore = 0
	if fmt.Sprintf("%+v", first.LogFiles) != fmt.Sprintf("%+v", second.LogFiles) || first.Verdict != second.Verdict || first.Bytes != second.Bytes {
		t.Errorf("%+v\n%+v", first, second)
	}
	// What was invalid is looked at again.
	c = newCorpus(t, 6)
	c.setLog(3, 0, []byte("x"))
	name = filepath.Join(t.TempDir(), "proofs")
	for range 2 {
		if r := run(); r.Verdict != VerdictInvalid || counts(r.LogFiles) != "11/12 invalid=1" {
			t.Errorf("%s %s", r.Verdict, counts(r.LogFiles))
		}
	}
}

// Whatever a file holds, it is refused or taken up, and nothing counts that
// was not kept.
func FuzzProofFile(f *testing.F) {
	whole, err := os.ReadFile(written(f, 2))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:headSize+40])
	f.Add(whole[:7])
	f.Fuzz(func(t *testing.T, raw []byte) {
		name := filepath.Join(t.TempDir(), "proofs")
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := OpenProofs(name, "here")
		if err != nil {
			return
		}
		if _, ok := p.Holds(proofOf(77)); ok {
			t.Error("a proof that nobody kept")
		}
		before := p.Len()
		p.Keep(proofOf(77), 5)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p = openProofs(t, name)
		defer p.Close()
		if bytes, ok := p.Holds(proofOf(77)); !ok || bytes != 5 || p.Len() != before+1 {
			t.Errorf("%d %v, %d of %d", bytes, ok, p.Len(), before+1)
		}
	})
}
