package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"trailctl/validate"
)

// A notice about several places at once says how many log files these are
// together: the summary below counts them all.
func TestAlikeFindingsAreSummedUp(t *testing.T) {
	notice := func(region string, n int) validate.Finding {
		return validate.Finding{Severity: validate.SeverityNotice, Code: validate.CodeOutside, Subject: validate.SubjectChain,
			Region: region, URI: "s3://b/" + region, UnprovenLogFiles: n, Message: "1 log file lies after the last digest file"}
	}
	for _, tt := range []struct {
		list []validate.Finding
		want string
	}{
		{[]validate.Finding{notice("us-east-1", 1)}, "digest file\n"},
		{[]validate.Finding{notice("us-east-1", 1), notice("eu-west-1", 1)}, "digest file (in each of 2 places: 2 log files in all)\n"},
		{[]validate.Finding{notice("us-east-1", 0), notice("eu-west-1", 0)}, "digest file\n"},
	} {
		var b bytes.Buffer
		writeFinding(&b, tt.list, Terminal{})
		if !strings.Contains(b.String(), tt.want) {
			t.Errorf("%q is not in\n%s", tt.want, b.String())
		}
	}
	b := &branch{}
	b.likewise([]spot{{findings: []validate.Finding{notice("us-east-1", 1)}}, {findings: []validate.Finding{notice("eu-west-1", 2)}}})
	if got := fmt.Sprint(b.leaves); !strings.Contains(got, "1 chain more: 3 log files in all)") {
		t.Error(got)
	}
}
