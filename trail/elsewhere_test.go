package trail

import (
	"strings"
	"testing"
)

func TestElsewhere(t *testing.T) {
	tests := map[string]struct {
		trail Trail
		deny  bool
		want  string
	}{
		"two of a name":       {Trail{Name: "local", ARN: ARN("aws", home, account, "local"), HomeRegion: home}, false, "us-east-1"},
		"the other one":       {Trail{Name: "local", ARN: ARN("aws", "us-east-1", account, "local"), HomeRegion: "us-east-1"}, false, home},
		"one of a name":       {Trail{Name: "audit", ARN: auditARN, HomeRegion: home}, false, ""},
		"another account's":   {Trail{Name: "local", ARN: ARN("aws", home, "444455556666", "local"), HomeRegion: home}, false, ""},
		"may not list trails": {Trail{Name: "local", ARN: ARN("aws", home, account, "local"), HomeRegion: home}, true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := threeTrails(t)
			f.noListTrail = tt.deny
			if got := strings.Join(Elsewhere(t.Context(), f.lister(home), tt.trail), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
