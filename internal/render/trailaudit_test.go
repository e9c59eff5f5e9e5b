package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"trailctl/trail"
	"trailctl/trail/audit"
)

func auditReport() audit.Report {
	find := func(id, title string, s audit.Severity, r audit.Result, name, why, fix string) audit.Finding {
		f := audit.Finding{
			Control: audit.Control{SecurityHub: id, CIS30: "4." + id[len(id)-1:], Title: title, Severity: s},
			Verdict: audit.Verdict{Result: r, Why: why, Fix: fix, Evidence: []audit.Evidence{{Call: "x:Y", What: "w\x1b[31m", Value: "v"}}},
		}
		if name != "" {
			f.Trail, f.Region, f.ARN = name, "us-east-1", trail.ARN("aws", "us-east-1", "111122223333", name)
		}
		return f
	}
	long := strings.Repeat("a reason with many words in it ", 6)
	command := "trailctl trail update main --region us-east-1 " + strings.Repeat("--tag KEY=VALUE ", 6)
	return audit.Report{
		Account: trail.Account{ID: "111122223333"},
		Findings: []audit.Finding{
			find("CloudTrail.1", "one rule", audit.High, audit.Fail, "", long, command),
			find("CloudWatch.2", "an alarm", audit.Low, audit.Fail, "main", "no filter", "do it"),
			find("CloudWatch.3", "another alarm", audit.Low, audit.Fail, "main", "no filter", "do it"),
			find("CloudWatch.4", "a third", audit.Low, audit.Fail, "other", "no filter", "do it"),
			find("CloudTrail.5", "hidden", audit.Low, audit.Unknown, "evil\x1b[2Jname", "denied\nby \x07 someone", ""),
			find("CloudTrail.6", "well", audit.Critical, audit.Pass, strings.Repeat("long-name-", 12), "fine", ""),
			find("CloudTrail.7", "nothing", audit.Low, audit.NotApplicable, "", "no", ""),
		},
		Partial: errors.New("denied"),
	}
}

func TestAuditText(t *testing.T) {
	var b bytes.Buffer
	if err := AuditText(&b, auditReport(), Terminal{Width: 80}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if w := runewidth.StringWidth(line); w > 80 && !strings.HasPrefix(line, "trailctl trail update ") {
			t.Errorf("%d columns: %s", w, line)
		}
		if strings.ContainsAny(line, "\x1b\x07") {
			t.Errorf("a control character in %q", line)
		}
	}
	for _, want := range []string{
		"FAIL     one rule (CloudTrail.1, cis-v3.0/4.1)\n",
		"FAIL     an alarm (CloudWatch.2, cis-v3.0/4.2)\n         another alarm (CloudWatch.3, cis-v3.0/4.3)\nlow      trail main in us-east-1: no filter\nread     w\\x1b[31m: v\nfix      do it\n\nFAIL ",
		"fix\ntrailctl trail update main --region us-east-1 --tag KEY=VALUE --tag KEY=VALUE --tag KEY=VALUE --tag KEY=VALUE --tag KEY=VALUE --tag KEY=VALUE \n\n",
		"high     the account: a reason with many words in it a reason with many words in\n           it a reason",
		"FAIL     a third",
		"UNKNOWN  hidden",
		"4 failed, 1 not known, 1 passed, 1 not applicable\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Index(text, "FAIL") > strings.Index(text, "pass ") {
		t.Error("failures do not come first")
	}
}

func TestAuditJSON(t *testing.T) {
	var b bytes.Buffer
	if err := AuditJSON(&b, auditReport()); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Version, Failed, Unknown, Passed, NotApplicable int
		Complete                                        bool
		Findings                                        []struct {
			Control, Result, Trail, Why, Fix string
			IDs                              []string
			Evidence                         []struct{ Call, What, Value string }
		}
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != 1 || doc.Failed != 4 || doc.Unknown != 1 || doc.Passed != 1 || doc.NotApplicable != 1 || doc.Complete || len(doc.Findings) != 7 {
		t.Errorf("%+v", doc)
	}
	f := doc.Findings[1]
	if f.Control != "CloudWatch.2" || f.Result != "fail" || len(f.IDs) != 2 || len(f.Evidence) != 1 || f.Evidence[0].Call != "x:Y" || f.Fix != "do it" {
		t.Errorf("%+v", f)
	}
	if bytes.ContainsAny(b.Bytes(), "\x1b\x07") {
		t.Error("a control character in the JSON")
	}
}
