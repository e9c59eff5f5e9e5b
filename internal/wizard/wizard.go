// Package wizard asks what the console's "Create trail" page asks, in its
// order, and turns the answers into a command line. It changes nothing and
// calls nobody: what has to be looked up comes in as functions.
package wizard

import (
	"context"
	"errors"
	"io"
	"strings"

	"trailctl/internal/shell"
)

// ErrAborted says that the questions were not answered to the end.
var ErrAborted = errors.New("not all questions were answered, nothing was changed")

// Terms are what the questions depend on. All fields must be set.
type Terms struct {
	Region  string   // where the trail will be at home
	Regions []string // to choose from

	// The checks return why an answer cannot be used, in words for whoever
	// gave it.
	CheckName   func(string) error
	CheckBucket func(string) error
	CheckPrefix func(string) error
	CheckGroup  func(string) error
	CheckTopic  func(string) error

	DefaultBucket func(name string) string
	// FindGroup tells whether a log group is there, in words for the next
	// question's explanation when it is not.
	FindGroup func(ctx context.Context, name string) (found bool, why string)
}

// Answers are what was answered. Empty texts are things that are not wanted.
type Answers struct {
	Name        string
	Regions     []string // the selected ones; empty for all
	Bucket      string   // empty for the default
	Prefix      string
	LogGroup    string
	CreateGroup bool
	Validation  bool
	Topic       string
	Notify      bool // S3 tells the topic of each new object, too
}

// Args are the answers as arguments of "trail create".
func (a Answers) Args(region string) []string {
	args := []string{"trail", "create", a.Name}
	if len(a.Regions) > 0 {
		args = append(args, "--regions", strings.Join(a.Regions, ","))
	} else {
		args = append(args, "--all-regions", "--region", region)
	}
	for _, f := range []struct{ flag, value string }{
		{"--bucket", a.Bucket}, {"--prefix", a.Prefix}, {"--log-group", a.LogGroup},
	} {
		if f.value != "" {
			args = append(args, f.flag, f.value)
		}
	}
	if a.LogGroup != "" && a.CreateGroup {
		args = append(args, "--create-log-group")
	}
	if a.Validation {
		args = append(args, "--enable-log-file-validation")
	} else {
		args = append(args, "--no-log-file-validation")
	}
	if a.Topic != "" {
		args = append(args, "--sns-topic", a.Topic)
		if a.Notify {
			args = append(args, "--notify")
		}
	}
	return args
}

// Ask asks on a terminal of a width. simple asks line by line, for terminals
// that cannot move their cursor and for screen readers. It fails with
// ErrAborted, or with the context's error.
func Ask(ctx context.Context, t Terms, in io.Reader, out io.Writer, width int, simple bool) (Answers, error) {
	q := &questions{ctx: ctx, terms: t, answers: Answers{Regions: []string{t.Region}, CreateGroup: true, Validation: true}, scope: everywhere, told: silent}
	ask := askForm
	if simple {
		ask = askLines
	}
	if err := ask(ctx, q.list(), in, out, min(width, maxWidth)); err != nil {
		return Answers{}, err
	}
	return q.result(), nil
}

// maxWidth keeps explanations readable on wide terminals.
const maxWidth = 78

// CommandLine writes arguments as a shell takes them.
func CommandLine(args []string) string {
	return "trailctl " + shell.Line(args)
}
