package cli

import (
	"bytes"
	"strings"
	"testing"

	"trailctl/internal/term"
	"trailctl/validate"
)

// Unknown keys at a local endpoint are explained by the sandbox that was there
// before; elsewhere, and for other findings, nothing explains them away.
func TestDigestFilesOfAnEarlierSandbox(t *testing.T) {
	for _, c := range []struct {
		local bool
		code  validate.Code
		want  bool
	}{
		{true, validate.CodeUnknownKey, true},
		{false, validate.CodeUnknownKey, false},
		{true, validate.CodeSignature, false},
	} {
		var out, said bytes.Buffer
		o := &validateOptions{app: &app{streams: term.Streams{Out: &out, Err: &said}}}
		r := &validate.Report{Verdict: validate.VerdictInvalid, Findings: []validate.Finding{{Severity: validate.SeverityInvalid, Code: c.code, URI: "s3://b/d"}}}
		if err := o.finish(r, &validateTarget{local: c.local}, &validateWatch{}, nil); exitCode(err) != codeInvalid {
			t.Errorf("%+v: %v", c, err)
		}
		if got := strings.Contains(said.String(), "of an earlier sandbox"); got != c.want {
			t.Errorf("%+v: said %q", c, said.String())
		}
	}
}
