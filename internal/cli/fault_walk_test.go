package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/clock"
	"trailctl/internal/term"
)

// The fault walk: while a trail is made with every option, the k-th AWS call
// fails, alone or with all after it; then the same command runs again without
// faults. For every k and every kind of failure it must end in the same state
// as a run without failures, and what belongs to others must still be there.
// A first run that ends well in spite of the failure must have done all.
//
// By default every thirteenth k of each kind is walked; TRAILCTL_FAULTS=all
// walks them all.

// faultWalk is one command whose calls are made to fail.
type faultWalk struct {
	name string
	args []string
}

func faultWalks() []faultWalk {
	return []faultWalk{
		{"every option", []string{
			"trail", "create", "audit", "--all-regions", "--bucket", "shared-logs", "--prefix", "security/audit",
			"--sns-topic", "audit-topic", "--notify", "--notify-prefix", "security/", "--log-group", "audit-logs", "--create-log-group", "--retention", "30",
			"--kms-key", "alias/audit", "--update-key-policy", "--organization", "--tag", "team=security", "--tag", "codes=1+2",
			"--management-events", "all", "--exclude", "kms", "--data-events", "s3,lambda", "--resources", "all",
			"--insights", "call-rate,error-rate", "--yes",
		}},
		{"selected regions", []string{
			"trail", "create", "regional", "--regions", "us-east-1,eu-west-1", "--bucket", "shared-logs",
			"--sns-topic", "regional-topic", "--log-group", "regional-logs", "--create-log-group", "--tag", "team=security", "--yes",
		}},
	}
}

// faultKinds are how a call can fail: an answer of an error, a connection that
// ends before the call was served, and one that ends after it.
func faultKinds() []string { return []string{"500", "throttle", "denied", "drop", "drop-after"} }

func TestFaultWalk(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_MAX_ATTEMPTS": "1", "TRAILCTL_TIME": start.Format(time.RFC3339),
	} {
		t.Setenv(k, v)
	}
	open := func(t *testing.T) *ground {
		box, err := sandbox.New(context.Background(), sandbox.Options{
			Regions: []string{"us-east-1", "eu-west-1"}, LogInterval: 5 * time.Minute, DigestInterval: time.Hour,
			Clock: clock.NewManual(start), NewKey: sharedKeys,
		})
		if err != nil {
			t.Fatal(err)
		}
		return newGround(t, box)
	}
	stride := 13
	if os.Getenv("TRAILCTL_FAULTS") == "all" {
		stride = 1
	}
	for _, w := range faultWalks() {
		t.Run(w.name, func(t *testing.T) {
			g := open(t)
			before := g.calls(t)
			if code, _, stderr := g.run(w.args); code != 0 {
				t.Fatalf("without faults: exit %d\n%s", code, stderr)
			}
			total := g.calls(t) - before
			want := g.snapshot(t)
			g.mustKeepForeign(t)
			g.mustChangeNothing(t, w.args)
			g.close()
			w.through(t, open, total, stride, want)
		})
	}
}

// through makes each call fail in turn, two walks side by side.
func (w faultWalk) through(t *testing.T, open func(*testing.T) *ground, total, stride int, want string) {
	var mu sync.Mutex
	tried, failedFirst := 0, 0
	var group errgroup.Group
	group.SetLimit(2)
	try := func(f fault) error {
		g := open(t)
		defer g.close()
		first := w.once(t, g, f, want)
		mu.Lock()
		defer mu.Unlock()
		tried++
		if first != 0 {
			failedFirst++
		}
		return nil
	}
	for n, kind := range faultKinds() {
		for k := n % stride; k < total; k += stride {
			for _, count := range []int{1, 1_000_000} {
				group.Go(func() error { return try(fault{kind, k, count}) })
			}
		}
	}
	group.Wait()
	t.Logf("%s: %d calls; %d faults tried, %d of them ended the first run with an error; all converged: %t", w.name, total, tried, failedFirst, !t.Failed())
}

// fault makes calls fail, after some that do not.
type fault struct {
	Kind  string `json:"kind"`
	Skip  int    `json:"skip"`
	Count int    `json:"count"`
}

func (f fault) String() string {
	if f.Count == 1 {
		return fmt.Sprintf("%s at call %d", f.Kind, f.Skip+1)
	}
	return fmt.Sprintf("%s from call %d on", f.Kind, f.Skip+1)
}

// once runs the command with a fault and again without, and returns the first
// exit code.
func (w faultWalk) once(t *testing.T, g *ground, f fault, want string) int {
	g.fault(t, f)
	first, _, _ := g.run(w.args)
	g.heal(t)
	if first == 0 {
		if got := g.snapshot(t); got != want {
			t.Errorf("%s: the first run ended well, but with another state than without faults:\n%s", f, firstDifference(want, got))
		}
	}
	code, _, stderr := g.run(w.args)
	if code != 0 {
		t.Errorf("%s: the second run ended with exit %d\n%s", f, code, stderr)
	} else if got := g.snapshot(t); got != want {
		t.Errorf("%s: another state than without faults:\n%s", f, firstDifference(want, got))
	}
	g.mustKeepForeign(t)
	return first
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, a[i], strings.Join(b[min(i, len(b)-1):min(i+1, len(b))], ""))
		}
	}
	return "more lines: " + strings.Join(b[len(a):], "\n")
}

// ground is a sandbox in which others have been before.
type ground struct {
	server  *httptest.Server
	box     *sandbox.Sandbox
	foreign foreign
	alone   bool // one run after the other
}

func newGround(t *testing.T, box *sandbox.Sandbox) *ground {
	g := &ground{box: box, alone: true, server: httptest.NewServer(box)}
	g.foreign = settle(t, g.server.URL)
	return g
}

func (g *ground) close() {
	g.server.Close()
	g.box.Close()
}

// run runs the program in this process.
func (g *ground) run(args []string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	args = slices.Concat([]string{"trailctl"}, args, []string{"--endpoint-url", g.server.URL})
	a := &app{streams: term.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, now: timeSource(), args: args, alone: g.alone}
	code = a.finish(context.Background(), a.run(context.Background(), args))
	return code, out.String(), errs.String()
}

// mustChangeNothing runs the command again and looks for changing calls.
func (g *ground) mustChangeNothing(t *testing.T, args []string) {
	t.Helper()
	before := g.box.Status().Mutating
	if code, _, stderr := g.run(args); code != 0 {
		t.Errorf("the second run ended with exit %d\n%s", code, stderr)
	}
	for operation, n := range g.box.Status().Mutating {
		if n != before[operation] {
			t.Errorf("the second run called %s %d times", operation, n-before[operation])
		}
	}
}

// calls is how many AWS calls came in so far.
func (g *ground) calls(t *testing.T) int {
	t.Helper()
	return g.box.Status().Calls
}

func (g *ground) fault(t *testing.T, f fault) {
	body, err := json.Marshal(f)
	if err != nil {
		t.Error(err)
	}
	g.control(t, http.MethodPost, body)
}

func (g *ground) heal(t *testing.T) { g.control(t, http.MethodDelete, nil) }

func (g *ground) control(t *testing.T, method string, body []byte) []byte {
	r, err := http.NewRequest(method, g.server.URL+"/_sandbox/faults", bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return nil
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		t.Errorf("%s /_sandbox/faults: %s: %s", method, answer.Status, text)
	}
	return text
}
