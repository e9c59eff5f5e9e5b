package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/internal/render"
	"trailctl/internal/term"
	"trailctl/internal/when"
	"trailctl/logs"
	"trailctl/logs/history"
	"trailctl/trail"
)

type logsHistoryOptions struct {
	app      *app
	aws      awsOptions
	window   windowOptions
	filter   filterOptions
	show     showOptions
	lookup   string
	category string
	eventID  string
	hideOwn  bool
}

func (a *app) logsHistoryCommand() *cli.Command {
	o := &logsHistoryOptions{app: a}
	return &cli.Command{
		Name: "history", Usage: "search the event history, which needs no trail",
		Description: `CloudTrail keeps the management events of the last 90 days in each region, with
or without a trail. All regions of the account are asked at the same time, each
twice a second, as CloudTrail allows; records come newest first over all
regions. --region asks that one only.

CloudTrail itself can look for one property; everything else is filtered here,
after it has come over the network, 100 events a second and region. What is
sent is told; it is the first of these that is given: --event-id,
--lookup-attributes, --access-key, --event-name, --service, or a --filter
eventID=, eventName=, eventSource= or readOnly= (none with --any). Names without
a capital, and those with a *, are compared here only.

A region that the account has not enabled is passed over. One whose history
breaks off is named, the others go on, and the exit code is 1.

Examples:
  trailctl logs history --since 2h --writes --hide-own
  trailctl logs history --event-name ConsoleLogin --columns time,user,address
  trailctl logs history --access-key AKIAIOSFODNN7EXAMPLE --since 7d
  trailctl logs history --region eu-west-1 --errors --limit 20`,
		Flags: joinFlags([]cli.Flag{
			&cli.StringFlag{Name: "lookup-attributes", Category: "Filter", Usage: "let CloudTrail look for `AttributeKey=KEY,AttributeValue=VALUE` (also KEY=VALUE): EventId, EventName, ReadOnly, Username, ResourceType, ResourceName, EventSource or AccessKeyId", Destination: &o.lookup},
			&cli.StringFlag{Name: "event-id", Category: "Filter", Usage: "the event with this `ID`, as a page on a terminal", Destination: &o.eventID},
			&cli.StringFlag{Name: "event-category", Category: "Filter", Usage: "`insight` for Insights events instead of management events", Destination: &o.category},
		}, filterFlags(&o.filter), []cli.Flag{hideOwnFlag(&o.hideOwn)}, windowFlags(&o.window), showFlags(&o.show), historyRegionFlags(&o.aws)),
		Action: func(c *cli.Context) error {
			if c.IsSet("event-id") && o.eventID == "" {
				return usagef("--event-id is empty: name an event's ID")
			}
			return o.run(c.Context)
		},
	}
}

func historyRegionFlags(o *awsOptions) []cli.Flag {
	flags := awsFlags(o)
	for _, f := range flags {
		if s, ok := f.(*cli.StringFlag); ok && s.Name == "region" {
			s.Usage = "the one `REGION` whose history is wanted (default: all regions)"
		}
	}
	return flags
}

func (o *logsHistoryOptions) run(ctx context.Context) error {
	o.show.page = o.eventID != ""
	if err := o.show.check(); err != nil {
		return err
	}
	if o.category != "" && o.category != "insight" {
		return usagef("--event-category %s: it can only be insight; without it, management events are searched", o.category)
	}
	if err := oneRegion(o.aws.region); err != nil {
		return err
	}
	window, err := o.window.window(o.app.now())
	if err != nil {
		return err
	}
	chosen, err := o.filter.compile()
	if err != nil {
		return err
	}
	if err := o.tooOld(window); err != nil {
		return err
	}
	search := &history.Search{Window: window, Insights: o.category != "", Pace: history.Pace}
	if search.Attribute, err = o.attribute(); err != nil {
		return err
	}
	cfg, err := o.app.loadFor(ctx, o.aws, anyRegion)
	if err != nil {
		return err
	}
	search.Client = func(region string) history.Lookup { return cfg.CloudTrail(region) }
	search.Regions = []string{o.aws.region}
	if o.aws.region == "" {
		search.Regions = trail.Regions(partitionOf(cfg))
	}
	o.announce(search, window)
	return o.search(ctx, search, func(r *logs.Record) bool {
		return chosen.Match(r) && !(o.hideOwn && isOwn(r, cfg.Agent()))
	})
}

// partitionOf is the part of AWS that the configured region belongs to.
func partitionOf(cfg *awsconf.Config) string {
	for _, p := range []string{"aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"} {
		if slices.Contains(trail.Regions(p), cfg.Region) {
			return p
		}
	}
	return "aws"
}

// tooOld is the error of a window of which the event history has nothing.
func (o *logsHistoryOptions) tooOld(w when.Window) error {
	first := o.app.now().Add(-history.Life)
	if w.End.IsZero() || w.End.After(first) {
		return nil
	}
	return withHint(fmt.Errorf("the event history goes back 90 days, to %s, and the window ends before that, at %s",
		first.UTC().Format(time.RFC3339), w.End.UTC().Format(time.RFC3339)),
		"what is older lies in the log files of a trail: trailctl logs search TRAIL --start-time ...")
}

// announce says what is asked, where it is not what was typed.
func (o *logsHistoryOptions) announce(s *history.Search, w when.Window) {
	if first := o.app.now().Add(-history.Life); !w.Start.IsZero() && w.Start.Before(first) {
		o.app.warn("the event history goes back 90 days, to %s: what is older lies in the log files of a trail", first.Format(time.RFC3339))
	}
	if now := o.app.now(); w.Start.After(now) {
		o.app.note("the window begins at %s, and it is %s now: nothing can be there yet", w.Start.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	if s.Attribute != nil {
		o.app.note("CloudTrail looks for %s in %s", s.Attribute, render.Count(len(s.Regions), "region"))
	}
}

func (o *logsHistoryOptions) search(ctx context.Context, s *history.Search, wanted func(*logs.Record) bool) error {
	out, err := o.app.sink(&o.show)
	if err != nil {
		return err
	}
	progress := term.NewProgress(o.app.streams, time.Now)
	var shown atomic.Int64 // the regions report from goroutines of their own
	var failed tally
	var regions historyFailures
	s.Progress = func(p history.Progress) {
		back := ""
		if !p.Reached.IsZero() {
			back = ", back to " + p.Reached.Format(time.DateTime)
		}
		progress.Show("%d of %d regions, %s in %s%s, %d found", p.Done, p.Regions,
			render.Count(p.Records, "record"), render.Count(p.Calls, "call"), back, shown.Load())
	}
	for r, err := range s.Records(ctx) {
		if err != nil {
			failed.lists++
			if !regions.add(err) {
				progress.Clear()
				failed.broken(ctx, o.app, nowhere(err))
			}
			continue
		}
		if !wanted(&r) {
			continue
		}
		progress.Clear()
		if err := out.Write(&r); err != nil {
			return printed(err)
		}
		if n := shown.Add(1); o.show.limit > 0 && int(n) >= o.show.limit {
			break
		}
	}
	progress.Clear()
	// An empty answer would say that there is nothing: no region has said so.
	if p := s.State(); p.Records > 0 || failed.lists == 0 || failed.lists < p.Regions-len(p.Disabled) {
		if err := out.Close(); err != nil {
			return printed(err)
		}
	}
	regions.say(ctx, o.app, &failed)
	o.summary(s, int(shown.Load()))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case failed.lists > 0:
		return errors.New("the result is not complete")
	case o.eventID != "" && s.State().Records == 0:
		return fmt.Errorf("no such event in the event history: %s", o.eventID)
	}
	return nil
}

func (o *logsHistoryOptions) summary(s *history.Search, shown int) {
	p := s.State()
	words := fmt.Sprintf("%d of %s in the event history of %s", shown, render.Count(p.Records, "record"), render.Count(p.Regions-len(p.Disabled), "region"))
	if len(p.Disabled) > 0 {
		words += fmt.Sprintf(" (%d more not enabled)", len(p.Disabled))
	}
	if p.Twice > 0 {
		words += fmt.Sprintf(", %d came twice", p.Twice)
	}
	o.app.note("%s", words)
	if shown == 0 && s.Attribute != nil && p.Records == 0 {
		o.app.note("CloudTrail compares %s letter by letter: check the spelling", s.Attribute.Key)
	}
}

// sent are filters that CloudTrail can look for itself.
var sent = regexp.MustCompile(`^(eventID|eventName|eventSource|readOnly)=([A-Za-z0-9._-]+)$`)

// attribute is what CloudTrail is asked to look for.
func (o *logsHistoryOptions) attribute() (*history.Attribute, error) {
	if o.eventID != "" && o.lookup != "" {
		return nil, usagef("--event-id and --lookup-attributes: CloudTrail looks for one property: give one of them")
	}
	if o.eventID != "" {
		return &history.Attribute{Key: types.LookupAttributeKeyEventId, Value: o.eventID}, nil
	}
	if o.lookup != "" {
		return parseAttribute(o.lookup)
	}
	one := func(list cli.StringSlice) string {
		if v := list.Value(); len(v) == 1 && v[0] != "" && !strings.ContainsAny(v[0], `*,\`) {
			return v[0]
		}
		return ""
	}
	// The filters take a value without a capital in any case; CloudTrail
	// compares letter by letter.
	exact := func(list cli.StringSlice) string {
		if v := one(list); v != strings.ToLower(v) && !strings.Contains(v, ":") {
			return v
		}
		return ""
	}
	if v := exact(o.filter.accessKeys); v != "" {
		return &history.Attribute{Key: types.LookupAttributeKeyAccessKeyId, Value: v}, nil
	}
	if v := exact(o.filter.eventNames); v != "" {
		return &history.Attribute{Key: types.LookupAttributeKeyEventName, Value: v}, nil
	}
	if v := one(o.filter.services); v != "" {
		return &history.Attribute{Key: types.LookupAttributeKeyEventSource, Value: serviceHost(v)}, nil
	}
	if o.filter.any {
		return nil, nil
	}
	for _, f := range o.filter.filters.Value() {
		if m := sent.FindStringSubmatch(f); m != nil {
			keys := map[string]types.LookupAttributeKey{
				"eventID": types.LookupAttributeKeyEventId, "eventName": types.LookupAttributeKeyEventName,
				"eventSource": types.LookupAttributeKeyEventSource, "readOnly": types.LookupAttributeKeyReadOnly,
			}
			return &history.Attribute{Key: keys[m[1]], Value: m[2]}, nil
		}
	}
	return nil, nil
}

func serviceHost(name string) string {
	name = strings.ToLower(name)
	if strings.Contains(name, ".") {
		return name
	}
	return name + ".amazonaws.com"
}

// parseAttribute reads the AWS CLI's form and the short one.
func parseAttribute(s string) (*history.Attribute, error) {
	key, value, ok := strings.Cut(s, "=")
	if rest, long := strings.CutPrefix(s, "AttributeKey="); long {
		key, value, ok = strings.Cut(rest, ",AttributeValue=")
	}
	a := &history.Attribute{Key: types.LookupAttributeKey(key), Value: value}
	known := a.Key.Values()
	switch {
	case !ok || value == "":
		return nil, usagef("--lookup-attributes %q: write AttributeKey=EventName,AttributeValue=ConsoleLogin, or EventName=ConsoleLogin", s)
	case !slices.Contains(known, a.Key):
		names := make([]string, len(known))
		for i, k := range known {
			names[i] = string(k)
			if strings.EqualFold(string(k), key) {
				return nil, usagef("--lookup-attributes: there is no attribute %s: did you mean %s?", key, k)
			}
		}
		return nil, usagef("--lookup-attributes: there is no attribute %q; there are %s", key, strings.Join(names, ", "))
	}
	return a, nil
}
