package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/trail"
)

// planOptions are those of every command that changes something by a plan.
type planOptions struct {
	app    *app
	dryRun bool
	yes    bool
	aws    awsOptions
	out    outputOptions
	// summary is for people, at the end; nil for that of the trail.
	summary func(io.Writer) error
}

func (o *planOptions) flags() []cli.Flag {
	return joinFlags(planFlags(&o.dryRun, &o.yes), outputFlags(&o.out, "table", "json"), awsFlags(&o.aws))
}

// planFlags are the two that every command has that changes something.
func planFlags(dryRun, yes *bool) []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "dry-run", Usage: "print the plan and change nothing", Destination: dryRun},
		&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask before changing anything", Destination: yes},
	}
}

// makeSo describes, plans, asks and applies what is asked of a trail.
func (o *planOptions) makeSo(ctx context.Context, clients trail.Clients, spec trail.Spec) error {
	current, err := trail.Describe(ctx, clients, spec)
	if err != nil {
		return trailError(err)
	}
	plan, err := trail.Diff(spec, current)
	if err != nil {
		return trailError(err)
	}
	return o.carryOut(ctx, clients, plan)
}

// carryOut shows a plan, or asks and applies it.
func (o *planOptions) carryOut(ctx context.Context, clients trail.Clients, p trail.Plan) error {
	if o.dryRun {
		return printed(o.printPlan(p))
	}
	err := o.app.confirm(ctx, o.yes || p.Empty(), func(w io.Writer) error { return render.PlanQuestion(w, p, o.app.terminal(o.out)) }, question(p))
	if err != nil {
		return err
	}
	return o.apply(ctx, clients, p)
}

func question(p trail.Plan) string {
	if p.Deletes {
		return "Delete this?"
	}
	return "Change this?"
}

func (o *planOptions) printPlan(p trail.Plan) error {
	a := o.app
	if a.format(o.out) == "json" {
		return render.PlanJSON(a.streams.Out, p)
	}
	if err := render.PlanText(a.streams.Out, p, a.terminal(o.out)); err != nil {
		return err
	}
	if p.Empty() {
		_, err := fmt.Fprintln(a.streams.Out, "Nothing to change.")
		return err
	}
	_, err := fmt.Fprintln(a.streams.Out, "Nothing was changed: this is a dry run.")
	return err
}

// confirm shows on standard error what is going to happen and asks, on a
// terminal and unless it is answered already. Whoever says no gets an error.
func (a *app) confirm(ctx context.Context, answered bool, show func(io.Writer) error, question string) error {
	if answered || !a.streams.InTerminal || !a.streams.ErrTerminal {
		return nil
	}
	if err := show(a.streams.Err); err != nil {
		return err
	}
	fmt.Fprintf(a.streams.Err, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.streams.In).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.streams.Err)
		return context.Cause(ctx)
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
	}
	return errors.New("nothing was changed")
}

func (o *planOptions) apply(ctx context.Context, clients trail.Clients, p trail.Plan) error {
	a := o.app
	for _, s := range p.Steps {
		if s.Kind == trail.Keep {
			a.tell(s, "")
		}
	}
	options := trail.Options{Observe: a.observe, Quiet: 500 * time.Millisecond}
	if a.alone {
		options.Quiet = 0
	}
	result, err := trail.Apply(ctx, clients, p, options)
	why := ""
	if err != nil {
		why = plain(err)
	}
	if a.format(o.out) == "json" {
		if e := render.ResultJSON(a.streams.Out, p, result, why); e != nil {
			return printed(e)
		}
	}
	if err != nil {
		for _, s := range result.Left {
			a.note("  not done  %s", render.StepLine(s))
		}
		return stepFailed(trailError(err))
	}
	if p.Empty() {
		a.note("Nothing to change: trail %s is as asked.", p.Trail.Name)
	}
	if a.format(o.out) == "json" {
		return nil
	}
	if o.summary != nil {
		return printed(o.summary(a.streams.Out))
	}
	return printed(render.ResultText(a.streams.Out, result))
}

// stepFailed says how to go on where nothing better is known.
func stepFailed(err error) error {
	if hintFor(err) != "" {
		return err
	}
	return withHint(err, "what was done stays; the same command again does the rest")
}

// observe tells of each step on standard error.
func (a *app) observe(p trail.Progress) {
	switch p.State {
	case trail.Waiting:
		a.note("  waiting   AWS does not see the change yet (%s): next attempt in %s", answerCode(p.Err), p.Wait)
		a.blame(p.Wait, p.Err)
	case trail.Again:
		a.tell(p.Step, "again")
	case trail.Done:
		a.tell(p.Step, "done")
	case trail.Failed:
		a.tell(p.Step, "FAILED")
	}
}

// answerCode is AWS's error code, or the whole error where there is none.
func answerCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return plain(err)
}

// tell writes one line for a step, and its notes below it.
func (a *app) tell(s trail.Step, state string) {
	width := 0
	if a.streams.ErrTerminal {
		width = a.streams.Width
	}
	const margin = "            "
	lines := render.Hang(margin, render.StepLine(s), width)
	lines[0] = fmt.Sprintf("  %-8s  %s", state, strings.TrimPrefix(lines[0], margin))
	for _, n := range render.StepNotes(s) {
		lines = append(lines, render.Hang(margin, n, width)...)
	}
	for _, line := range lines {
		fmt.Fprintln(a.streams.Err, line)
	}
}
