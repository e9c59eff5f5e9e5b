package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestResumeAfterKills kills runs over one --resume file at random moments: the
// last run fetches only what none of them proved, and its report is that of a
// run that nobody disturbed. With TRAILCTL_KILLS=50 it does so 50 times.
func TestResumeAfterKills(t *testing.T) {
	kills := 4
	if n, err := strconv.Atoi(os.Getenv("TRAILCTL_KILLS")); err == nil {
		kills = n
	}
	const files = 40
	b := newFollowBench(t)
	client := sts.NewFromConfig((&tailBench{url: b.url}).config("caller", "us-east-1"))
	for range files {
		if _, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
			t.Fatal(err)
		}
		b.advance(t, 5*time.Minute)
	}
	b.advance(t, time.Hour)
	b.run(t, "trail", "stop", "audit", "--yes") // its own reading is no part of it
	b.advance(t, time.Minute)
	t.Setenv("TRAILCTL_TIME", b.box.Now().Format(time.RFC3339))
	slow := func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "_CloudTrail_") {
			time.Sleep(50 * time.Millisecond)
		}
		return false
	}
	b.fault.Store(&slow)
	file := filepath.Join(t.TempDir(), "proofs")
	command := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command("trailctl", append([]string{"validate", "audit", "--output", "json", "--concurrency", "1"}, args...)...)
		out := new(bytes.Buffer)
		cmd.Stdout = out
		return cmd, out
	}
	report := func(args ...string) (text string, before int) {
		cmd, out := command(args...)
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var r map[string]any
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if n, ok := r["logFilesProvedBefore"].(float64); ok {
			before = int(n)
		}
		delete(r, "logFilesProvedBefore")
		return fmt.Sprint(r), before
	}
	began := time.Now()
	want, _ := report()
	took := time.Since(began)
	all := int(b.gets.Swap(0))
	if all < files {
		t.Fatalf("%d log files", all)
	}
	for range kills {
		killed, _ := command("--resume", file)
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(took) / 2)))
		killed.Process.Kill()
		killed.Wait()
	}
	time.Sleep(100 * time.Millisecond) // for requests under way
	b.gets.Store(0)
	got, before := report("--resume", file)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if fetched := int(b.gets.Swap(0)); fetched != all-before {
		t.Errorf("%d of %d had been proved, and %d were fetched", before, all, fetched)
	}
	t.Logf("%d of %d were proved by the %d killed runs; a whole run takes %v", before, all, kills, took)
	if got, before = report("--resume", file); got != want || before != all || b.gets.Load() != 0 {
		t.Errorf("once more: %d proved before, %d fetched\n%s", before, b.gets.Load(), got)
	}
}
