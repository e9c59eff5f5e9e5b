package audit

import (
	"slices"
	"testing"

	"trailctl/trail"
)

func TestDeliveryNamesTheRegions(t *testing.T) {
	at := func(region, answer string) trail.RegionStatus {
		return trail.RegionStatus{Region: region, Status: trail.Status{DeliveryError: answer}}
	}
	tests := map[string]struct {
		home  string
		other []trail.RegionStatus
		why   string
	}{
		"home only":    {"AccessDenied", []trail.RegionStatus{at("eu-west-1", "")}, "did not arrive: log files (AccessDenied)"},
		"one other":    {"", []trail.RegionStatus{at("eu-west-1", "AccessDenied")}, "did not arrive: log files (AccessDenied) in eu-west-1"},
		"both":         {"AccessDenied", []trail.RegionStatus{at("eu-west-1", "AccessDenied")}, "did not arrive: log files (AccessDenied) in us-east-1, eu-west-1"},
		"many":         {"", []trail.RegionStatus{at("a", "X"), at("b", "X"), at("c", "X"), at("d", "X")}, "did not arrive: log files (X) in a and 3 other regions"},
		"two answers":  {"X", []trail.RegionStatus{at("a", "Y")}, "did not arrive: log files (X); log files (Y) in a"},
		"all is well":  {"", []trail.RegionStatus{at("a", "")}, "nothing was refused"},
		"home is told": {"X", []trail.RegionStatus{at("us-east-1", "X")}, "did not arrive: log files (X)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := cleanTrail()
			s.Status.DeliveryError = tt.home
			s.Everywhere.Regions = tt.other
			v := delivering(Account{}, s)
			if v.Why != tt.why {
				t.Errorf("%s\nwant %s", v.Why, tt.why)
			}
			if got := slices.ContainsFunc(v.Evidence, func(e Evidence) bool { return e.What == "LatestDeliveryError of main" }); !got {
				t.Errorf("the home region is not in %v", v.Evidence)
			}
		})
	}
}
