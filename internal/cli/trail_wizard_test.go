package cli

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"trailctl/internal/sandbox"
	"trailctl/internal/term"
)

// The questions are asked on a terminal alone, and what they amount to is
// shown as a plan and a command line before anything is changed.
func TestWizard(t *testing.T) {
	box, err := sandbox.New(context.Background(), sandbox.Options{Regions: []string{"us-east-1", "eu-west-1"}, NewKey: sharedKeys})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(box)
	defer srv.Close()
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "TERM": "dumb",
	} {
		t.Setenv(k, v)
	}
	ask := func(typed string, terminal bool, flags ...string) (code int, shown string) {
		var out, errs bytes.Buffer
		args := append([]string{"trailctl", "trail", "create", "--endpoint-url", srv.URL}, flags...)
		code = Main(context.Background(), args, term.Streams{
			In: strings.NewReader(typed), Out: &out, Err: &errs,
			InTerminal: terminal, ErrTerminal: terminal, OutTerminal: terminal, Width: 80,
		})
		return code, out.String() + errs.String()
	}
	const everything = "MyTrail\n2\nus-east-1,eu-west-1\n\nct\nct-logs\ny\ny\n3\n\n"
	const line = "trailctl trail create MyTrail --regions us-east-1,eu-west-1 --prefix ct --log-group ct-logs --create-log-group --enable-log-file-validation --sns-topic MyTrail --notify"
	tests := []struct {
		name, typed string
		terminal    bool
		flags       []string
		code        int
		shown       []string
		trails      int // afterwards
	}{
		{name: "no terminal", code: codeUsage, shown: []string{"NAME is missing"}},
		{name: "a flag says something of the trail", terminal: true, flags: []string{"--bucket", "logs"}, code: codeUsage, shown: []string{"NAME is missing"}},
		{name: "broken off", terminal: true, typed: "MyTrail\n", code: codeInterrupted, shown: []string{"not all questions were answered"}},
		{name: "refused", terminal: true, typed: everything + "n\n", code: codeFailed, shown: []string{line, "+ create  trail MyTrail in eu-west-1", "nothing was changed"}},
		{name: "taken", terminal: true, typed: everything + "y\n", code: codeDone, shown: []string{line, "There is no log group ct-logs in us-east-1"}, trails: 2},
		{name: "the name is taken", terminal: true, typed: "MyTrail\n", code: codeInterrupted, shown: []string{"there is a trail MyTrail already"}, trails: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, shown := ask(tt.typed, tt.terminal, tt.flags...)
			if code != tt.code || box.Status().Trails != tt.trails {
				t.Fatalf("exit %d, %d trails\n%s", code, box.Status().Trails, shown)
			}
			for _, piece := range tt.shown {
				if !strings.Contains(shown, piece) {
					t.Errorf("%q is not in\n%s", piece, shown)
				}
			}
		})
	}
}
