package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/internal/wizard"
	"trailctl/trail"
)

// wantsWizard tells whether "trail create" was called by somebody at a
// terminal who says nothing of the trail. In a pipe nobody is ever asked.
func (a *app) wantsWizard(c *cli.Context) bool {
	if c.NArg() > 0 || !a.streams.InTerminal || !a.streams.OutTerminal || !a.streams.ErrTerminal {
		return false
	}
	for _, f := range c.Command.Flags {
		about, ok := f.(cli.CategorizableFlag)
		if c.IsSet(f.Names()[0]) && !(ok && slices.Contains([]string{"AWS", "Output"}, about.GetCategory())) {
			return false
		}
	}
	return true
}

// createByWizard asks the questions, shows the command line that they amount
// to, and runs that.
func (a *app) createByWizard(ctx context.Context, o awsOptions, out outputOptions) error {
	cfg, err := a.load(ctx, o)
	if err != nil {
		return err
	}
	id, err := cfg.Identity(ctx)
	if err != nil {
		return err
	}
	a.note("A new trail in account %s. Nothing is changed before you see the plan.", id.Account)
	answers, err := wizard.Ask(ctx, wizardTerms(ctx, cfg, id, enabledRegions(ctx, cfg, id)), a.streams.In, a.streams.Err, a.streams.Width, a.plainTerminal())
	if errors.Is(err, wizard.ErrAborted) && ctx.Err() == nil {
		return exitWith(codeInterrupted, err)
	}
	if err != nil {
		return err
	}
	args := answers.Args(cfg.Region)
	for _, f := range []struct{ name, value string }{
		{"--profile", o.profile}, {"--endpoint-url", o.endpoint}, {"--output", out.format},
	} {
		if f.value != "" {
			args = append(args, f.name, f.value)
		}
	}
	for name, set := range map[string]bool{"--debug": o.debug, "--no-color": out.noColor} {
		if set {
			args = append(args, name)
		}
	}
	a.note("The same without questions:")
	a.note("  %s", wizard.CommandLine(args))
	return a.run(ctx, slices.Concat([]string{"trailctl"}, args))
}

// plainTerminal tells whether the terminal cannot move its cursor, or somebody
// reads it by other means than the eyes (ACCESSIBLE, as other programs with
// forms have it).
func (a *app) plainTerminal() bool {
	accessible, _ := awsconf.Setting("ACCESSIBLE")
	kind, _ := awsconf.Setting("TERM")
	return accessible != "" || kind == "dumb" || kind == ""
}

// wizardTerms hold each answer against the rules of the flag that it becomes.
func wizardTerms(ctx context.Context, cfg *awsconf.Config, id awsconf.Identity, regions []string) wizard.Terms {
	check := func(set func(*trail.Spec, *string)) func(string) error {
		return func(text string) error {
			s := trail.Spec{Name: "management-events", Region: cfg.Region}
			set(&s, &text)
			return s.Validate()
		}
	}
	return wizard.Terms{
		Region: cfg.Region, Regions: regions,
		CheckName: func(name string) error {
			if err := (trail.Spec{Name: name, Region: cfg.Region}).Validate(); err != nil {
				return err
			}
			return nameIsFree(ctx, cfg, name)
		},
		CheckBucket: check(func(s *trail.Spec, v *string) { s.Bucket = *v }),
		CheckPrefix: check(func(s *trail.Spec, v *string) { s.Prefix = v }),
		CheckGroup:  check(func(s *trail.Spec, v *string) { s.LogGroup = v }),
		CheckTopic:  check(func(s *trail.Spec, v *string) { s.Topic = v }),
		DefaultBucket: func(name string) string {
			return trail.DefaultBucket(id.Account, name)
		},
		FindGroup: func(ctx context.Context, name string) (bool, string) { return findGroup(ctx, cfg, name) },
	}
}

// probeTime is how long the questions wait for the regions to answer.
const probeTime = 4 * time.Second

// enabledRegions are the regions to choose from: those that do not say that
// the account has not enabled them.
func enabledRegions(ctx context.Context, cfg *awsconf.Config, id awsconf.Identity) []string {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	return trail.EnabledRegions(ctx, func(region string) trail.Describer { return cfg.CloudTrail(region) }, trail.Regions(id.Partition))
}

// nameIsFree keeps the questions from going on about a trail that is there.
// When that cannot be found out, the plan will tell.
func nameIsFree(ctx context.Context, cfg *awsconf.Config, name string) error {
	found, err := trail.Find(ctx, func(region string) trail.Finder { return cfg.CloudTrail(region) }, cfg.Region, name)
	if err != nil {
		return nil
	}
	return fmt.Errorf("there is a trail %s already, in %s: \"trailctl trail update %s\" changes it", name, found.HomeRegion, name)
}

func findGroup(ctx context.Context, cfg *awsconf.Config, name string) (found bool, why string) {
	out, err := cfg.Logs(cfg.Region).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		return false, fmt.Sprintf("Whether it exists in %s could not be found out (%s).", cfg.Region, plain(err))
	}
	for _, g := range out.LogGroups {
		if aws.ToString(g.LogGroupName) == name {
			return true, ""
		}
	}
	return false, fmt.Sprintf("There is no log group %s in %s. The trail needs it to exist.", name, cfg.Region)
}
