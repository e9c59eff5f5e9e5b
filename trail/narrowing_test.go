package trail

import (
	"strings"
	"testing"
)

func TestNarrowing(t *testing.T) {
	full := Trail{HomeRegion: "us-east-1", Bucket: "logs", MultiRegion: true, Organization: true, GlobalServiceEvents: true, KMSKey: "k"}
	tests := map[string]struct {
		change func(*Trail)
		want   []string
	}{
		"nothing":      {func(*Trail) {}, nil},
		"one region":   {func(t *Trail) { t.MultiRegion = false }, []string{"outside us-east-1"}},
		"one account":  {func(t *Trail) { t.Organization = false }, []string{"other accounts"}},
		"not global":   {func(t *Trail) { t.GlobalServiceEvents = false }, []string{"global services"}},
		"no key":       {func(t *Trail) { t.KMSKey = "" }, []string{"encrypted with key k"}},
		"other key":    {func(t *Trail) { t.KMSKey = "l" }, nil},
		"other bucket": {func(t *Trail) { t.Bucket = "new" }, []string{"trailctl bucket show logs"}},
		"other prefix": {func(t *Trail) { t.Prefix = "p" }, []string{"trailctl bucket show logs"}},
		"two at once":  {func(t *Trail) { t.MultiRegion, t.KMSKey = false, "" }, []string{"outside", "encrypted"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			next := full
			tt.change(&next)
			got := narrowing(full, next)
			if len(got) != len(tt.want) {
				t.Fatalf("got %q", got)
			}
			for i, piece := range tt.want {
				if !strings.Contains(got[i], piece) {
					t.Errorf("got %q, want %q", got[i], piece)
				}
			}
			// More than before is nothing to warn of.
			if wider := narrowing(Trail{Bucket: next.Bucket, Prefix: next.Prefix}, next); len(wider) > 0 {
				t.Errorf("widening warns: %q", wider)
			}
		})
	}
}
