package cli

import (
	"fmt"
	"testing"

	"trailctl/logs"
)

func TestOwnCalls(t *testing.T) {
	for _, c := range []struct {
		agent, readOnly string
		want            bool
	}{
		{"aws-sdk-go-v2/1.47.7 os/linux app/trailctl m/g", "true", true},
		{"[aws-sdk-go-v2/1.47.7 app/trailctl]", "true", true}, // S3 writes brackets
		{"aws-sdk-go-v2/1.47.7 app/trailctl m/g", "false", false},
		{"aws-sdk-go-v2/1.47.7 app/trailctl m/g", "null", false},
		{"aws-sdk-go-v2/1.47.7 app/trailctl2", "true", false},
		{"aws-cli/2.0", "true", false},
		{"", "true", false},
	} {
		r := logs.Record{Raw: fmt.Appendf(nil, `{"userAgent":%q,"readOnly":%s}`, c.agent, c.readOnly)}
		if got := isOwn(&r, "app/trailctl"); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
