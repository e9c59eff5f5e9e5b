package trail

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// Switch plans to start or stop trails of one name. It reads whether they are
// logging, and changes nothing.
func Switch(ctx context.Context, clients Clients, trails []Trail, on bool) (Plan, error) {
	p := Plan{Account: clients.Account, Trail: trails[0], Trails: trails, Logging: on}
	for _, t := range trails {
		s, err := ReadStatus(ctx, clients.CloudTrail(t.HomeRegion), t)
		if err != nil {
			return p, err
		}
		target := "logging" + inRegion(len(trails) > 1, t)
		switch {
		case s.Logging == on:
			p.Steps = append(p.Steps, Step{Kind: Keep, Target: target, Summary: "is " + map[bool]string{true: "on", false: "off"}[on] + " already"})
		case on:
			p.Steps = append(p.Steps, startStep(target, t))
		default:
			p.Steps = append(p.Steps, stopStep(target, t))
		}
	}
	return p, nil
}

// stopStep says what is lost with it.
func stopStep(target string, t Trail) Step {
	step := Step{Kind: Change, Target: target, Summary: "switch it off", Warnings: []string{
		"what happens while it is off is in no log file of this trail, and cannot be had later; event history keeps management events for 90 days",
	}}
	if t.LogFileValidation {
		step.Notes = append(step.Notes, "the chain of digest files ends here, and a new one begins when logging starts again")
	}
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		_, err := r.clients.CloudTrail(t.HomeRegion).StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: &t.Name})
		if err != nil {
			return fmt.Errorf("stopping trail %s in %s: %w", t.Name, t.HomeRegion, err)
		}
		return nil
	}
	return step
}
