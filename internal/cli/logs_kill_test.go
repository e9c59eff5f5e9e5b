package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestDownloadKilled kills downloads at random moments and runs them again:
// what is there is whole at any time, and all is there in the end. With
// TRAILCTL_KILLS=50 it does so 50 times with 3,000 files.
func TestDownloadKilled(t *testing.T) {
	kills, number := 5, 300
	if n, err := strconv.Atoi(os.Getenv("TRAILCTL_KILLS")); err == nil {
		kills, number = n, 3000
	}
	bucket := someFiles(number)
	bucket.fault = func(http.ResponseWriter, *http.Request, string) bool {
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		return false
	}
	url := bucket.serve(t)
	download := func(dest string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command("trailctl", "logs", "download", "s3://logs", "--dest", dest, "--output", "json", "--no-digests", "--endpoint-url", url, "--concurrency", "16")
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
		out := new(bytes.Buffer)
		cmd.Stdout = out
		return cmd, out
	}
	whole, _ := download(t.TempDir())
	began := time.Now()
	if err := whole.Run(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	halfway := 0
	for range kills {
		dest := filepath.Join(t.TempDir(), "copy")
		killed, _ := download(dest)
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(took))))
		if err := killed.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		killed.Wait()
		before, _ := bucket.compare(t, dest)
		if before > 0 && before < number {
			halfway++
		}

		again, out := download(dest)
		if err := again.Run(); err != nil {
			t.Fatalf("the second run: %v\n%s", err, out)
		}
		var ledger struct{ Listed, Fetched, AlreadyThere, Failed, Skipped int }
		if err := json.Unmarshal(out.Bytes(), &ledger); err != nil {
			t.Fatal(err)
		}
		if ledger.Listed != number || ledger.AlreadyThere != before || ledger.Fetched != number-before {
			t.Errorf("%d were there; the second run's ledger is %+v", before, ledger)
		}
		if after, others := bucket.compare(t, dest); after != number || len(others) > 0 {
			t.Errorf("%d files in the end, and besides %q", after, others)
		}
		if err := os.RemoveAll(dest); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d were killed halfway; a whole run takes %v", halfway, kills, took)
}

// compare counts the files of a copy, which are to be those of the bucket, and
// names the others.
func (f *files) compare(t *testing.T, dest string) (n int, others []string) {
	t.Helper()
	err := filepath.WalkDir(dest, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == dest {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() {
			return err
		}
		key, err := filepath.Rel(dest, p)
		if err != nil {
			return err
		}
		want, ok := f.objects[filepath.ToSlash(key)]
		if !ok {
			others = append(others, key)
			return nil
		}
		got, err := os.ReadFile(p)
		if n++; !bytes.Equal(got, want) {
			t.Errorf("%s is not the object", key)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, others
}
