package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// row is one program that does the work, or a part of it.
type row struct {
	name   string
	args   []string
	env    []string
	answer func(out []byte) (string, error) // what the output says; nil: nothing to compare
	before func() error                     // not measured

	missing bool
	times   []time.Duration
	cpu     time.Duration // of the fastest run
	peak    int64         // bytes, the largest process
	got     string
}

func command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), env...)
	c.Stderr = os.Stderr
	return c
}

// measure runs all rows in turn, several rounds of them, so that a busy minute
// of the machine does not fall on one row alone.
func measure(ctx context.Context, rounds int, rows []*row) error {
	for _, r := range rows {
		if _, err := exec.LookPath(r.args[0]); err != nil {
			r.missing = true
		}
	}
	for range rounds {
		for _, r := range rows {
			if err := r.run(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *row) run(ctx context.Context) error {
	if r.missing {
		return nil
	}
	if r.before != nil {
		if err := r.before(); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	c := command(ctx, r.env, r.args...)
	var said bytes.Buffer
	c.Stderr = &said
	if r.answer != nil {
		c.Stdout = &out
	}
	begin := time.Now()
	err := c.Run()
	took := time.Since(begin)
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", r.name, err, tail(said.String()))
	}
	if r.answer != nil {
		if r.got, err = r.answer(out.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	if len(r.times) == 0 || took < r.least() {
		r.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	r.times = append(r.times, took)
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peak = max(r.peak, usage.Maxrss<<10)
	}
	return nil
}

func tail(s string) string {
	const most = 2000
	return s[max(0, len(s)-most):]
}

func (r *row) least() time.Duration {
	least := r.times[0]
	for _, t := range r.times {
		least = min(least, t)
	}
	return least
}

// table prints the rows. The ratio is to the first row's time.
func table(w io.Writer, title string, rows []*row) {
	fmt.Fprintf(w, "\n%s\n", title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tWALL\tTIMES ROW 1\tCPU\tPEAK\tANSWER")
	for _, r := range rows {
		if r.missing {
			fmt.Fprintf(t, "%s\tnot installed\n", r.name)
			continue
		}
		ratio := "1.00"
		if !rows[0].missing {
			ratio = fmt.Sprintf("%.2f", float64(r.least())/float64(rows[0].least()))
		}
		fmt.Fprintf(t, "%s\t%.2f s\t%s\t%.2f s\t%d MiB\t%s\n", r.name, r.least().Seconds(), ratio, r.cpu.Seconds(), r.peak>>20, brief(r.got))
	}
	t.Flush()
	for _, r := range rows {
		if !r.missing {
			fmt.Fprintf(w, "  %s: %s\n", r.name, strings.ReplaceAll(strings.Join(r.args, " "), "\n", " "))
		}
	}
}

// brief is an answer that fits a table.
func brief(s string) string {
	if len(s) > 24 {
		return s[:21] + "..."
	}
	return s
}

// agree tells whether all rows with an answer have the same.
func agree(rows ...*row) error {
	var first *row
	for _, r := range rows {
		switch {
		case r.missing || r.answer == nil:
		case first == nil:
			first = r
		case r.got != first.got:
			return fmt.Errorf("%s answers %q, %s answers %q", first.name, tail(first.got), r.name, tail(r.got))
		}
	}
	return nil
}
