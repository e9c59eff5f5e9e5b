package trail

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

type noSelectors struct{}

func (noSelectors) GetEventSelectors(context.Context, *cloudtrail.GetEventSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetEventSelectorsOutput, error) {
	return &cloudtrail.GetEventSelectorsOutput{}, nil
}

// An imitation of CloudTrail that tells no selectors of a new trail means the
// one that AWS tells: all management events are recorded, and insights can be
// looked for.
func TestNoSelectorsAreThoseOfANewTrail(t *testing.T) {
	s, err := ReadSelectors(t.Context(), noSelectors{}, "new")
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{{CallRate}, {ErrorRate}} {
		insights, err := ParseInsights(names)
		if err != nil {
			t.Fatal(err)
		}
		if err := insights.Fits(s); err != nil {
			t.Errorf("%s: %v", names, err)
		}
	}
}
