// Command bench measures trailctl beside its floor and its rivals, in one run
// on one corpus that it makes itself:
//
//	go run ./internal/bench read       filter and group-by over local log files
//	go run ./internal/bench scale      the same over 1, 10 and 50 times the files
//	go run ./internal/bench download   a bucket on a loopback S3, beside s5cmd
//	go run ./internal/bench first      until the first record found is on the screen
//	go run ./internal/bench validate   a digest chain, beside the AWS CLI
//	go run ./internal/bench load       the sandbox under calls, with and without its recorder
//
// Ratios between its rows can be compared over machines and times, its
// seconds cannot. It is no test: it never fails because something is slow, but
// it does when the answers differ. A rival that is not installed is left out
// and named.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

type options struct {
	files   int
	bytes   int64
	seed    uint64
	rounds  int
	dir     string
	program string
	scales  string
	python  string
	s5cmd   string
	latency int
	parts   string
	aws     string
	load    loadOptions
}

func main() {
	if len(os.Args) == 4 { // a part of a measurement, as a process of its own
		part := map[string]func(string, string) error{"gunzip": gunzipAll, "serve": serve, "deliver": deliver, "floor": floor, "box": box}[os.Args[1]]
		if part != nil {
			if err := part(os.Args[2], os.Args[3]); err != nil {
				fail(err)
			}
			return
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return fmt.Errorf("say what to measure: read, scale, download, first, validate or load")
	}
	var o options
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	f.IntVar(&o.files, "files", 2000, "log files of the corpus")
	f.Int64Var(&o.bytes, "bytes", 448_000_000, "bytes of JSON in the corpus, about")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the generator")
	f.IntVar(&o.rounds, "rounds", 3, "how often each row is run; the least time counts")
	f.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "trailctl-bench"), "folder for corpora, kept for the next run")
	f.StringVar(&o.program, "trailctl", "", "the program to measure (default: built from here)")
	f.StringVar(&o.scales, "scales", "1,10,50", "scale: how many times the files")
	f.StringVar(&o.python, "python", "python3", "a Python that has duckdb")
	f.StringVar(&o.s5cmd, "s5cmd", "s5cmd", "the s5cmd to compare with")
	f.IntVar(&o.latency, "latency", -1, "milliseconds before each answer of the loopback S3 (default: what the measurement wants)")
	f.StringVar(&o.parts, "parts", "online,offline,memory,scale", "validate: which parts of it")
	f.StringVar(&o.aws, "aws", "aws", "the AWS CLI to compare with")
	o.load.flags(f)
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	if err := o.build(ctx); err != nil {
		return err
	}
	switch args[0] {
	case "validate":
		return validate(ctx, &o)
	case "load":
		return load(ctx, &o)
	}
	corpus, err := o.corpus()
	if err != nil {
		return err
	}
	switch args[0] {
	case "read":
		return read(ctx, &o, corpus)
	case "scale":
		return scale(ctx, &o, corpus)
	case "download":
		return download(ctx, &o, corpus)
	case "first":
		return first(ctx, &o, corpus)
	}
	return fmt.Errorf("%q is nothing to measure: read, scale, download, first, validate or load", args[0])
}

// build makes the program that is measured.
func (o *options) build(ctx context.Context) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	if o.program != "" {
		return nil
	}
	o.program = filepath.Join(o.dir, "trailctl")
	return command(ctx, nil, "go", "build", "-o", o.program, "trailctl").Run()
}
