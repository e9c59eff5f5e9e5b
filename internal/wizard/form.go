package wizard

import (
	"context"
	"errors"
	"io"

	"charm.land/huh/v2"
)

// askForm asks one question a page; shift+tab goes back.
func askForm(ctx context.Context, list []question, in io.Reader, out io.Writer, width int) error {
	var groups []*huh.Group
	for _, q := range list {
		g := huh.NewGroup(q.field())
		if q.hidden != nil {
			g.WithHideFunc(q.hidden)
		}
		groups = append(groups, g)
	}
	err := huh.NewForm(groups...).WithInput(in).WithOutput(out).WithWidth(width).
		WithTheme(huh.ThemeFunc(huh.ThemeBase16)).RunWithContext(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, huh.ErrUserAborted):
		return ErrAborted
	}
	return err
}

// shownRegions is how many lines the list of regions takes.
const shownRegions = 10

func (q question) field() huh.Field {
	switch {
	case q.choice != nil:
		return huh.NewSelect[string]().Title(q.title).DescriptionFunc(q.explain, q.follows).Options(q.huhOptions()...).Value(q.choice)
	case q.many != nil:
		return huh.NewMultiSelect[string]().Title(q.title).DescriptionFunc(q.explain, q.follows).Options(q.huhOptions()...).
			Height(shownRegions + 2).Validate(atLeastOne).Value(q.many)
	case q.yes != nil:
		// huh's own confirmation shows the choice by colour alone.
		return huh.NewSelect[bool]().Title(q.title).DescriptionFunc(q.explain, q.follows).
			Options(huh.NewOption("Yes", true), huh.NewOption("No", false)).Value(q.yes)
	}
	f := huh.NewInput().Title(q.title).DescriptionFunc(q.explain, q.follows).Validate(q.accept).Value(q.text)
	if q.byDefault != nil {
		f.PlaceholderFunc(q.byDefault, q.follows)
	}
	return f
}

func (q question) huhOptions() []huh.Option[string] {
	var options []huh.Option[string]
	for _, o := range q.options {
		options = append(options, huh.NewOption(o.label, o.value))
	}
	return options
}
