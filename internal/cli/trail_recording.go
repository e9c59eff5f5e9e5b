package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/trail"
)

// recordingOptions say what a trail records.
type recordingOptions struct {
	management, exclude   string
	dataEvents, resources string
	networkEvents         string
	networkDenied         bool
	insights              string
	selectors             string
	in                    io.Reader // standard input, for --selectors -
}

func recordingFlags(o *recordingOptions) []cli.Flag {
	const c = "What is recorded"
	return []cli.Flag{
		&cli.StringFlag{Name: "management-events", Category: c, Usage: "record `WHICH` management events: all (the default of a new trail), read, write or none", Destination: &o.management, Action: notEmpty("management-events")},
		&cli.StringFlag{Name: "exclude", Category: c, Usage: "leave out management events of `SERVICES`: kms, rdsdata; \"none\" leaves out nothing", Destination: &o.exclude, Action: notEmpty("exclude")},
		&cli.StringFlag{Name: "data-events", Category: c, Usage: "record data events of these resource `TYPES` and no others: s3, lambda, dynamodb, ... (\"trailctl trail selectors types\" lists them); \"none\" ends it", Destination: &o.dataEvents, Action: notEmpty("data-events")},
		&cli.StringFlag{Name: "resources", Category: c, Usage: "`WHOSE` data events: account (resources that the account has now), all (other accounts' resources, too, when someone of this one uses them), or beginnings of ARNs (default: all; a type that is recorded already stays as it is)", Destination: &o.resources, Action: notEmpty("resources")},
		&cli.StringFlag{Name: "network-events", Category: c, Usage: "record network activity at VPC endpoints of `SERVICES`: ec2, kms, ...; \"none\" ends it", Destination: &o.networkEvents, Action: notEmpty("network-events")},
		&cli.BoolFlag{Name: "network-denied-only", Category: c, Usage: "of that, only what an endpoint's policy denied", Destination: &o.networkDenied},
		&cli.StringFlag{Name: "insights", Category: c, Usage: "look for unusual `ACTIVITY`: call-rate, error-rate, both also with :data for data events; \"none\" ends it", Destination: &o.insights, Action: notEmpty("insights")},
		&cli.StringFlag{Name: "selectors", Category: c, Aliases: []string{"event-selectors", "advanced-event-selectors"}, Usage: "event selectors as JSON from a `FILE` (-: standard input), in place of the flags above; of either kind, as the AWS CLI takes them", Destination: &o.selectors, Action: o.input},
	}
}

// notEmpty refuses an empty value: with some other flags it takes something
// away, and here "none" does.
func notEmpty(flag string) func(*cli.Context, string) error {
	return func(_ *cli.Context, v string) error {
		if strings.TrimSpace(v) == "" {
			return usagef("--%s is empty; \"--help\" shows what it takes", flag)
		}
		return nil
	}
}

// input remembers where standard input is.
func (o *recordingOptions) input(c *cli.Context, v string) error {
	o.in = c.App.Reader
	return notEmpty("selectors")(c, v)
}

// commas splits a list.
func commas(s string) []string {
	var list []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// apply turns the flags into what is asked of a trail's selectors.
func (o recordingOptions) apply(s *trail.Spec) error {
	r := trail.Recording{
		Management: o.management, Exclude: commas(o.exclude), DataEvents: commas(o.dataEvents), Resources: commas(o.resources),
		NetworkEvents: commas(o.networkEvents), NetworkDenied: o.networkDenied,
	}
	if o.selectors != "" {
		if r.Asked() {
			return usagef("--selectors says all that is recorded: leave the other flags for it away")
		}
		text, err := selectorsText(o.selectors, o.in)
		if err != nil {
			return err
		}
		if err := o.parsed(s, text); err != nil {
			return err
		}
	}
	if r.Asked() {
		if err := r.Validate(); err != nil {
			return trailError(err)
		}
		s.Recording = &r
	}
	return o.applyInsights(s)
}

// parsed takes selectors as text.
func (o recordingOptions) parsed(s *trail.Spec, text []byte) error {
	sel, err := trail.ParseSelectors(text)
	if err != nil {
		return trailError(err)
	}
	s.Selectors = &sel
	return nil
}

func (o recordingOptions) applyInsights(s *trail.Spec) error {
	if o.insights == "" {
		return nil
	}
	i, err := trail.ParseInsights(commas(o.insights))
	if err != nil {
		return trailError(err)
	}
	s.Insights = &i
	if s.Selectors != nil {
		err = i.Fits(*s.Selectors)
	}
	if s.Recording != nil && err == nil {
		err = s.Recording.FitsInsights(i)
	}
	return trailError(err)
}

// selectorsText reads a file, or standard input for "-". JSON in place of a
// name is taken as it is, and file:// left away, as the AWS CLI does.
func selectorsText(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return readSelectors(in, "standard input")
	}
	if strings.HasPrefix(name, "[") || strings.HasPrefix(name, "{") {
		return []byte(name), nil
	}
	name = strings.TrimPrefix(name, "file://")
	f, err := os.Open(name)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, usagef("the selectors in %s cannot be read: %s", name, err)
	}
	defer f.Close()
	return readSelectors(f, name)
}

// maxSelectorsFile is a little more than selectors can be long.
const maxSelectorsFile = 4 << 20

func readSelectors(r io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSelectorsFile))
	if err != nil {
		return nil, fmt.Errorf("reading the selectors in %s: %w", name, err)
	}
	return text, nil
}
