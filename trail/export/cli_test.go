package export

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// recorder stands for the AWS CLI: it writes its arguments down, a NUL after
// each and two after a command.
const recorder = `#!/usr/bin/env bash
printf '%s\0' "$@" >>"$RECORD"
printf '\0' >>"$RECORD"
`

// runScript runs a script with the recorder as aws, and gives the arguments
// of each call.
func runScript(t *testing.T, text string) [][]string {
	t.Helper()
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not there")
	}
	dir := t.TempDir()
	record := filepath.Join(dir, "record")
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(recorder), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(shell, "-c", text)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "RECORD="+record, "RETRY_WAIT=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text)
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("the script made files of its own: %v", files)
	}
	raw, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	var calls [][]string
	for call := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\x00\x00"), "\x00\x00") {
		calls = append(calls, strings.Split(call, "\x00"))
	}
	return calls
}

func TestScriptKeepsHostileTextsInside(t *testing.T) {
	for _, h := range hostile {
		text, err := Write(full(func(s string) string { return s + h }), CLI, Options{})
		if err != nil {
			t.Fatal(err)
		}
		calls := runScript(t, text)
		if len(calls) != 21 {
			t.Errorf("%q: %d calls, want 21", h, len(calls))
		}
		found := map[string]bool{}
		for _, c := range calls {
			if len(c) != 6 || c[2] != "--region" || c[3] != "us-east-1" || c[4] != "--cli-input-json" {
				t.Fatalf("%q: a call with the arguments %q", h, c)
			}
			var doc any
			if err := json.Unmarshal([]byte(c[5]), &doc); err != nil {
				t.Fatalf("%q: %v", h, err)
			}
			gather(doc, found)
		}
		for _, stem := range []string{"key", "value", "prefix", "selector", "ours", "x", "y", "p", "arn:aws:s3:::a"} {
			if !found[stem+h] {
				t.Errorf("%q did not come through", stem+h)
			}
		}
		if !found[full(func(s string) string { return s + h }).Bucket.Policy] {
			t.Errorf("%q: the bucket's policy is not the same byte for byte", h)
		}
	}
}

func TestScriptOrder(t *testing.T) {
	text, err := Write(full(plain), CLI, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, c := range runScript(t, text) {
		order = append(order, c[1])
	}
	got := strings.Join(order, " ")
	want := "create-bucket put-public-access-block put-bucket-ownership-controls put-bucket-encryption put-bucket-versioning put-bucket-tagging put-bucket-logging put-bucket-policy " +
		"create-topic set-topic-attributes create-log-group put-retention-policy create-role put-role-policy put-role-policy attach-role-policy " +
		"put-bucket-notification-configuration create-trail put-event-selectors put-insight-selectors start-logging"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestScriptTriesAgainAndStops(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not there")
	}
	text, err := Write(basic(), CLI, Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// The policy is refused twice, the trail for ever.
	aws := `#!/usr/bin/env bash
echo "$2" >>"$RECORD"
[ "$2" = put-bucket-policy ] && [ "$(grep -c "$2" "$RECORD")" -lt 3 ] && exit 254
[ "$2" != create-trail ]
`
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(aws), 0o755); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(dir, "record")
	cmd := exec.Command(shell, "-c", text)
	cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "RECORD="+record, "RETRY_WAIT=0")
	if err := cmd.Run(); err == nil {
		t.Error("the trail was refused, and the script ends well")
	}
	raw, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	lines := string(raw)
	if n := strings.Count(lines, "put-bucket-policy"); n != 3 {
		t.Errorf("the policy was tried %d times", n)
	}
	if n := strings.Count(lines, "create-trail"); n != 8 {
		t.Errorf("the trail was tried %d times", n)
	}
	if strings.Contains(lines, "start-logging") {
		t.Error("the script went on after a failure")
	}
}
