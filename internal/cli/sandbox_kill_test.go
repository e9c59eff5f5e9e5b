package cli

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSandboxKilled kills a sandbox that keeps its state while it records and
// delivers: each call that was answered is in one log file in the end, and the
// digest files prove them.
func TestSandboxKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	var answered []string
	k := startKept(t, dir)
	k.run("trail", "create", "demo", "--bucket", "killed-logs", "--yes")
	for round := range 3 {
		answered = append(answered, k.callUntilKilled(fmt.Sprint("round-", round))...)
		k = startKept(t, dir)
	}
	k.post("/_sandbox/advance?by=10s")
	copied := filepath.Join(t.TempDir(), "copy")
	k.run("logs", "download", "s3://killed-logs", "--dest", copied, "--no-digests")
	var report struct{ Verdict string }
	if err := json.Unmarshal(k.run("validate", "demo", "--output", "json"), &report); err != nil || report.Verdict != "valid" {
		t.Errorf("the digest files say %q, %v", report.Verdict, err)
	}
	seen := userAgents(t, copied)
	for _, agent := range answered {
		if seen[agent] != 1 {
			t.Errorf("%s is %d times in the log files", agent, seen[agent])
		}
	}
	t.Logf("%d calls were answered", len(answered))
}

// kept is a sandbox in a process of its own that keeps its state.
type kept struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
}

func startKept(t *testing.T, dir string) *kept {
	t.Helper()
	cmd := exec.Command("trailctl", "sandbox", "start", "--listen", "127.0.0.1:0", "--dir", dir,
		"--log-interval", "100ms", "--digest-interval", "1s", "--regions", "us-east-1")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{t: t, cmd: cmd}
	t.Cleanup(k.kill)
	lines := bufio.NewScanner(out)
	for k.url == "" && lines.Scan() {
		if _, url, found := strings.Cut(lines.Text(), "export AWS_ENDPOINT_URL="); found {
			k.url = url
		}
	}
	if k.url == "" {
		t.Fatal("the sandbox does not tell its address")
	}
	go io.Copy(io.Discard, out)
	return k
}

func (k *kept) kill() {
	k.cmd.Process.Kill()
	k.cmd.Wait()
}

// run runs the program against the sandbox and returns its output.
func (k *kept) run(args ...string) []byte {
	k.t.Helper()
	cmd := exec.Command("trailctl", args...)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+k.url, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	out, err := cmd.Output()
	if err != nil {
		k.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func (k *kept) post(path string) {
	k.t.Helper()
	a, err := http.Post(k.url+path, "", nil)
	if err != nil {
		k.t.Fatal(err)
	}
	defer a.Body.Close()
	if text, _ := io.ReadAll(a.Body); a.StatusCode != http.StatusOK {
		k.t.Fatalf("%s: %s %s", path, a.Status, text)
	}
}

// callUntilKilled makes calls, each of a user agent of its own, until the
// sandbox is killed, and returns those that were answered.
func (k *kept) callUntilKilled(agents string) (answered []string) {
	time.AfterFunc(time.Duration(600+rand.IntN(1000))*time.Millisecond, func() { k.cmd.Process.Kill() })
	defer k.kill()
	for n := 0; ; n++ {
		agent := fmt.Sprint(agents, "-", n)
		r, err := http.NewRequest(http.MethodGet, k.url+"/killed-logs?location", nil)
		if err != nil {
			k.t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=bob/20260115/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		r.Header.Set("User-Agent", agent)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			return answered
		}
		_, err = io.Copy(io.Discard, a.Body)
		a.Body.Close()
		if err != nil {
			return answered
		}
		answered = append(answered, agent)
		time.Sleep(time.Millisecond)
	}
}

// userAgents counts the user agents in the log files of a folder.
func userAgents(t *testing.T, dir string) map[string]int {
	t.Helper()
	n := map[string]int{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".json.gz") {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		var file struct{ Records []struct{ UserAgent string } }
		err = json.NewDecoder(z).Decode(&file)
		for _, r := range file.Records {
			n[strings.Trim(r.UserAgent, "[]")]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
