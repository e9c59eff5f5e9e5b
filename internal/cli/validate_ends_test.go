package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/clock"
)

// delivery is a sandbox with a trail that delivered, and the real program
// beside it: what main does with signals and closed pipes counts here.
type delivery struct {
	program, url string
	logs         []string
	client       *s3.Client
	slow         atomic.Bool // log files are answered never
	refused      chan struct{}
}

func deliver(t *testing.T) *delivery {
	t.Helper()
	d := &delivery{program: filepath.Join(t.TempDir(), "trailctl"), refused: make(chan struct{}, 1)}
	if out, err := exec.Command("go", "build", "-o", d.program, "trailctl").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	box, err := sandbox.New(context.Background(), sandbox.Options{
		Regions: []string{"us-east-1"}, LogInterval: 5 * time.Minute, DigestInterval: time.Hour, Clock: clock.NewManual(start), NewKey: sharedKeys,
	})
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		object := r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/CloudTrail/") && strings.HasSuffix(r.URL.Path, ".gz")
		if object && d.slow.Load() && !strings.HasSuffix(r.URL.Path, d.logs[0]) {
			select {
			case <-end:
			case <-r.Context().Done():
			}
			return
		}
		box.ServeHTTP(w, r)
		if object && d.slow.Load() {
			select {
			case d.refused <- struct{}{}:
			default:
			}
		}
	}))
	t.Cleanup(func() {
		close(end)
		srv.Close()
		box.Close()
	})
	d.url = srv.URL
	d.client = (&bench{url: srv.URL}).s3()
	d.must(t, "trail", "create", "audit", "--bucket", "audit-logs", "--single-region", "--yes")
	for range 6 {
		d.must(t, "trail", "list")
		if err := box.Advance(35 * time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := d.client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: new("audit-logs")})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range pages.Contents {
		if strings.Contains(*o.Key, "/CloudTrail/") && strings.HasSuffix(*o.Key, ".gz") {
			d.logs = append(d.logs, *o.Key)
		}
	}
	if len(d.logs) < 3 {
		t.Fatalf("only %d log files were delivered", len(d.logs))
	}
	return d
}

// tamper deletes the first log file.
func (d *delivery) tamper(t *testing.T) {
	t.Helper()
	if _, err := d.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: new("audit-logs"), Key: &d.logs[0]}); err != nil {
		t.Fatal(err)
	}
}

func (d *delivery) command(args ...string) *exec.Cmd {
	return d.surround(exec.Command(d.program, args...))
}

func (d *delivery) surround(cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+d.url, "AWS_ACCESS_KEY_ID=tester", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=us-east-1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true", "TRAILCTL_TIME="+start.Add(210*time.Minute).Format(time.RFC3339))
	return cmd
}

func (d *delivery) must(t *testing.T, args ...string) {
	t.Helper()
	if out, err := d.command(args...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// code runs a command that may fail and returns its exit code.
func code(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// TestValidateEnds shows that no finding is lost: the exit code tells of it
// however a check ends.
func TestValidateEnds(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	d := deliver(t)
	for _, name := range []string{"valid", "missing"} {
		bad := name == "missing"
		if bad {
			d.tamper(t)
		}
		t.Run(name+"/output", func(t *testing.T) { d.failOutput(t, bad) })
		d.slow.Store(true)
		t.Run(name+"/interrupt", func(t *testing.T) { d.interrupt(t, bad) })
		d.slow.Store(false)
	}
	t.Run("limit", func(t *testing.T) { d.limit(t) })
}

// failOutput shows that the exit code tells of a finding whatever
// becomes of the output, and that standard error says in a line what standard
// output could not.
func (d *delivery) failOutput(t *testing.T, bad bool) {
	closed := func(cmd *exec.Cmd) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd.Stdout = w
		t.Cleanup(func() { w.Close() })
	}
	full := func(cmd *exec.Cmd) {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = f
		t.Cleanup(func() { f.Close() })
	}
	const line, space = "INVALID: 1 log file missing\n", "no space left on device\n"
	cases := []struct {
		name     string
		args     []string
		out      func(*exec.Cmd)
		good     int // exit code when all is valid
		goodSays string
		says     []string // when a log file is missing
	}{
		{"closed", []string{"--output", "text"}, closed, 0, "", []string{line}},
		{"closed, each file named", []string{"--output", "text", "--verbose"}, closed, 0, "", []string{line}},
		{"closed, JSON", []string{"--output", "json"}, closed, 0, "", []string{line}},
		{"closed, JSON of each file", []string{"--output", "json", "--verbose"}, closed, 0, "", []string{line}},
		{"full", []string{"--output", "text"}, full, 1, space, []string{line, space}},
		{"full, each file named", []string{"--output", "json", "--verbose"}, full, 1, space, []string{line, space}},
		{"JUnit on a full disk", []string{"--output", "text", "--junit", "/dev/full"}, nil, 1, space, []string{"writing the JUnit file: ", space}},
		{"both", []string{"--output", "text", "--junit", "/dev/full"}, closed, 1, space, []string{space, line}},
	}
	for _, c := range cases {
		cmd := d.command(append([]string{"validate", "audit"}, c.args...)...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if c.out != nil {
			c.out(cmd)
		}
		want, says := c.good, []string{c.goodSays}
		if bad {
			want, says = 3, c.says
		}
		if got := code(t, cmd); got != want {
			t.Errorf("%s: exit code %d, want %d\n%s", c.name, got, want, errs.String())
		}
		for _, s := range says {
			if !strings.Contains(errs.String(), s) {
				t.Errorf("%s: %q is not in %q", c.name, s, errs.String())
			}
		}
	}
}

// limit shows that a limit on the size of files is met as an error of
// writing, too.
func (d *delivery) limit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "result.xml")
	cmd := d.surround(exec.Command("sh", "-c", `ulimit -f 1; exec "$0" validate audit --output text --junit "$1"`, d.program, name))
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != 3 || !strings.Contains(string(out), "file too large") {
		t.Errorf("exit code %d\n%s", got, out)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".*xml*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// interrupt interrupts a check of which one log file is answered and the
// others never are. What was found until then is told, by the exit code even
// when nobody reads the output and a second signal ends it.
func (d *delivery) interrupt(t *testing.T, bad bool) {
	want := 130
	if bad {
		want = 3
	}
	for _, c := range []struct {
		name    string
		signals []syscall.Signal
		blocked bool // nobody reads standard output
	}{
		{"SIGINT", []syscall.Signal{syscall.SIGINT}, false},
		{"SIGTERM", []syscall.Signal{syscall.SIGTERM}, false},
		{"twice, nobody reads", []syscall.Signal{syscall.SIGINT, syscall.SIGINT}, true},
		{"both, nobody reads", []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}, true},
	} {
		name := filepath.Join(t.TempDir(), "result.xml")
		cmd := d.command("validate", "audit", "--output", "text", "--junit", name)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if c.blocked {
			cmd.Stdout = fullPipe(t)
		}
		select {
		case <-d.refused: // by the one before
		default:
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// One that is not there is asked for a second time.
		for patience := 20 * time.Second; patience > 0; {
			select {
			case <-d.refused:
				patience = 700 * time.Millisecond
			case <-time.After(patience):
				if patience > time.Second {
					t.Fatalf("%s: no log file was asked for\n%s", c.name, errs.String())
				}
				patience = 0
			}
		}
		for _, s := range c.signals {
			cmd.Process.Signal(s)
			time.Sleep(300 * time.Millisecond)
		}
		ended := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		ended.Stop()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("%s: exit code %d (%s), want %d\n%s", c.name, got, cmd.ProcessState, want, errs.String())
		}
		if !c.blocked && !strings.Contains(out.String(), "\nInterrupted: there is more that was not looked at\n") {
			t.Errorf("%s: what was proved is not said:\n%s%s", c.name, out.String(), errs.String())
		}
		if !c.blocked && !strings.Contains(errs.String(), "with --resume FILE the next run is taken up where it ends\n") {
			t.Errorf("%s: how to go on is not said: %s", c.name, errs.String())
		}
		if xml, err := os.ReadFile(name); err != nil || !bytes.Contains(xml, []byte(`type="interrupted"`)) || bytes.Contains(xml, []byte("<failure")) != bad {
			t.Errorf("%s: %v\n%s", c.name, err, xml)
		}
	}
}

// fullPipe is a pipe that takes nothing more.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	w.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := io.Copy(w, strings.NewReader(strings.Repeat(" ", 2<<20))); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a pipe took %d bytes: %v", n, err)
	}
	return w
}
