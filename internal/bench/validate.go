package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// validate compares validations of the same delivery with its floor and with
// the AWS CLI.
func validate(ctx context.Context, o *options) error {
	parts := map[string]func(context.Context, *options) error{
		"online": validateOnline, "offline": validateOffline, "memory": validateMemory, "scale": validateScale,
	}
	for name := range strings.SplitSeq(o.parts, ",") {
		if parts[name] == nil {
			return fmt.Errorf("-parts %s: %q is none of online, offline, memory, scale", o.parts, name)
		}
		if err := parts[name](ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// valid reads the number of valid log files out of trailctl's report.
func valid(out []byte) (string, error) {
	var report struct {
		Verdict  string
		LogFiles struct{ Valid int }
	}
	err := json.Unmarshal(out, &report)
	if err == nil && report.Verdict != "valid" {
		err = fmt.Errorf("the verdict is %q", report.Verdict)
	}
	return fmt.Sprint(report.LogFiles.Valid), err
}

// validates is trailctl over a delivery: in its bucket, or its folder.
func (o *options) validates(d *delivery, url string, flags ...string) *row {
	target, env := d.bucket(), []string(nil)
	if url != "" {
		target, env = trailARN, anybody(url)
	}
	args := append([]string{o.program, "validate", target, "--output", "json", "--start-time", d.begins.Format(time.RFC3339), "--end-time", d.ends.Format(time.RFC3339)}, flags...)
	return &row{name: strings.Join(append([]string{"trailctl validate"}, flags...), " "), env: env, args: args, answer: valid}
}

func floorRow(workers int, url string, d *delivery) (*row, error) {
	self, err := os.Executable()
	return &row{
		name: fmt.Sprintf("floor, %d workers", workers), args: []string{self, "floor", strings.TrimSpace(fmt.Sprint(workers, " ", url)), d.dir},
		answer: func(out []byte) (string, error) { return strings.TrimSpace(string(out)), nil },
	}, err
}

var summary = regexp.MustCompile(`(\d+)/(\d+) log files valid`)

// awsRow is the AWS CLI, which validates one region and takes long: it has
// that region's files only, and one run.
func awsRow(o *options, d *delivery, url string) *row {
	return &row{
		name: "aws cloudtrail validate-logs", env: append(anybody(url), "AWS_DEFAULT_REGION="+home),
		args: []string{o.aws, "cloudtrail", "validate-logs", "--trail-arn", trailARN, "--start-time", d.begins.Format(time.RFC3339), "--end-time", d.ends.Format(time.RFC3339)},
		answer: func(out []byte) (string, error) {
			m := summary.FindStringSubmatch(string(out))
			if m == nil || m[1] != m[2] {
				return "", fmt.Errorf("no summary, or not all are valid: %s", tail(string(out)))
			}
			return m[1], nil
		},
	}
}

// onlineWorkers is what trailctl begins with; the floor has as many.
const onlineWorkers = 64

func validateOnline(ctx context.Context, o *options) error {
	d, err := o.delivery(ctx, order{files: o.files, bytes: o.bytes, hours: 24, regions: 4, seed: o.seed})
	if err != nil {
		return err
	}
	ms := o.latency
	if ms < 0 {
		ms = 20
	}
	url, stop, err := served(ctx, d.bucket(), time.Duration(ms)*time.Millisecond)
	if err != nil {
		return err
	}
	defer stop()
	floor, err := floorRow(onlineWorkers, url, d)
	if err != nil {
		return err
	}
	rows := []*row{floor, o.validates(d, url), o.validates(d, url, "--concurrency", fmt.Sprint(onlineWorkers))}
	rival := awsRow(o, d, url)
	if err := measure(ctx, 1, []*row{rival}); err != nil {
		return err
	}
	if err := measure(ctx, o.rounds, rows); err != nil {
		return err
	}
	table(os.Stdout, fmt.Sprintf("Validation of %d log files (%d MB of JSON) at %d ms; the AWS CLI has %d of them", d.files, d.bytes/1e6, ms, d.home), append(rows, rival))
	perSecond(rows, d.files)
	ours := float64(d.files) / rows[1].least().Seconds()
	if !rival.missing {
		theirs := float64(d.home) / rival.least().Seconds()
		fmt.Printf("  aws cloudtrail validate-logs: %.0f files/s; trailctl is %.0f times as fast\n", theirs, ours/theirs)
	}
	return agree(rows...)
}

func perSecond(rows []*row, files int) {
	for _, r := range rows {
		fmt.Printf("  %s: %.0f files/s, %.2f of the floor\n", r.name, float64(files)/r.least().Seconds(), rows[0].least().Seconds()/r.least().Seconds())
	}
}

func validateOffline(ctx context.Context, o *options) error {
	d, err := o.delivery(ctx, order{files: 10_000, bytes: 456_000_000, hours: 24, regions: 4, seed: o.seed})
	if err != nil {
		return err
	}
	floor, err := floorRow(runtime.GOMAXPROCS(0), "", d)
	if err != nil {
		return err
	}
	rows := []*row{floor, o.validates(d, "")}
	if err := measure(ctx, o.rounds, rows); err != nil {
		return err
	}
	table(os.Stdout, fmt.Sprintf("Validation of a folder with %d log files (%d MB of JSON)", d.files, d.bytes/1e6), rows)
	perSecond(rows, d.files)
	return agree(rows...)
}

// validateMemory looks at what is large in itself.
func validateMemory(ctx context.Context, o *options) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nWHAT\tFROM\tWALL\tPEAK\tVALID")
	for _, c := range []struct {
		name string
		of   order
	}{
		{"10,000 log files", order{files: 10_000, bytes: 456_000_000, hours: 24, regions: 4, seed: o.seed}},
		{"one log file of 500 MB", order{files: 1, bytes: 500_000_000, hours: 1, regions: 1, seed: o.seed}},
		{"a digest file that lists 20,000", order{files: 20_000, hours: 1, regions: 1, seed: o.seed}},
	} {
		d, err := o.delivery(ctx, c.of)
		if err != nil {
			return err
		}
		rows, err := bothWays(ctx, o, d, 1)
		if err != nil {
			return err
		}
		for i, from := range []string{"bucket", "folder"} {
			fmt.Fprintf(t, "%s\t%s\t%.2f s\t%d MiB\t%s\n", c.name, from, rows[i].least().Seconds(), rows[i].peak>>20, rows[i].got)
		}
	}
	return t.Flush()
}

// bothWays validates a bucket that answers at once, and a folder.
func bothWays(ctx context.Context, o *options, d *delivery, rounds int) ([]*row, error) {
	url, stop, err := served(ctx, d.bucket(), time.Duration(max(0, o.latency))*time.Millisecond)
	if err != nil {
		return nil, err
	}
	defer stop()
	rows := []*row{o.validates(d, url), o.validates(d, "")}
	err = measure(ctx, rounds, rows)
	return rows, cmp.Or(err, agree(rows...))
}

// validateScale shows that ten times the files take ten times the time.
func validateScale(ctx context.Context, o *options) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nFILES\tBUCKET\tPER FILE\tPEAK\tFOLDER\tPER FILE\tPEAK")
	for _, files := range []int{1_000, 10_000, 100_000} {
		d, err := o.delivery(ctx, order{files: files, hours: 24, regions: 4, seed: o.seed})
		if err != nil {
			return err
		}
		rows, err := bothWays(ctx, o, d, min(o.rounds, 3))
		if err != nil {
			return err
		}
		fmt.Fprint(t, files)
		for _, r := range rows {
			fmt.Fprintf(t, "\t%.2f s\t%d µs\t%d MiB", r.least().Seconds(), r.least().Microseconds()/int64(files), r.peak>>20)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
