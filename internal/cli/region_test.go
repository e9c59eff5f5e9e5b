package cli

import (
	"strings"
	"testing"
)

func TestCheckRegion(t *testing.T) {
	for name, want := range map[string]string{
		"us-east-1": "", "us-gov-west-1": "", "eusc-de-east-1": "", "us-isof-south-1": "",
		"us-east-9": "", "mars-north-1": "", "me-western-1": "", // may be new
		"us-esat-1": "us-east-1", "eu-cnetral-1": "eu-central-1", "us-est-2": "us-east-2", "eu-westt-1": "eu-west-1", "use-ast-1": "us-east-1",
	} {
		err := checkRegion(name)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), "did you mean "+want+"?")):
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
