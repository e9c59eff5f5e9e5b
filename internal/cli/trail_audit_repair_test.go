package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// repair runs the remedies that an audit names, twice where the first ones open
// the way for others: then nothing fails. Where one of them is not a command of
// this program's that changes something, it does nothing.
func (a *audited) repair(t *testing.T, name string) {
	fill := strings.NewReplacer("--kms-key KEY", "--kms-key "+a.key, "--sns-topic TOPIC", "--sns-topic alarms", "KEY=VALUE", "team=security")
	var fixes []string
	for range 3 {
		fixes = a.remedies(t, name)
		for _, fix := range fixes {
			for line := range strings.SplitSeq(fill.Replace(fix), " && ") {
				own, ours := strings.CutPrefix(line, "trailctl ")
				if !ours || strings.HasPrefix(own, "trail status ") {
					return
				}
				if code, out := a.run(own); code != 0 {
					t.Errorf("%s: %s: exit %d\n%s", name, line, code, out)
					return
				}
			}
		}
		if len(fixes) == 0 {
			return
		}
		if err := a.box.Advance(5 * time.Minute); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
	}
	t.Errorf("%s: after all remedies there are still %q", name, fixes)
}

// remedies are those of an audit's failures, each once.
func (a *audited) remedies(t *testing.T, name string) (fixes []string) {
	_, out := a.run("trail audit --output json")
	var doc struct {
		Findings []struct{ Result, Fix string }
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	for _, f := range doc.Findings {
		if f.Result == "fail" && !slices.Contains(fixes, f.Fix) {
			fixes = append(fixes, f.Fix)
		}
	}
	return fixes
}
