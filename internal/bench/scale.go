package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// scale shows that ten times the files take ten times the time and the same
// memory. The larger corpora are links to the files of the first.
func scale(ctx context.Context, o *options, c *corpus) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILES\tJSON\tFILTER\tPER 1x\tPEAK\tGROUP BY\tPER 1x\tPEAK")
	var once [2]time.Duration
	for word := range strings.SplitSeq(o.scales, ",") {
		times, err := strconv.Atoi(word)
		if err != nil || times < 1 {
			return fmt.Errorf("-scales %s: %q is no number of times", o.scales, word)
		}
		dir, err := c.times(times)
		if err != nil {
			return err
		}
		rows := []*row{
			{name: "filter", args: []string{o.program, "logs", "search", dir, "--filter", "eventName=CreateAccessKey", "--output", "jsonl"}},
			{name: "group", args: []string{o.program, "logs", "stats", dir, "--by", "eventName", "--output", "json"}},
		}
		if err := measure(ctx, min(o.rounds, 3), rows); err != nil {
			return err
		}
		fmt.Fprintf(t, "%d\t%.1f GB", c.files*times, float64(c.bytes)*float64(times)/1e9)
		for i, r := range rows {
			if once[i] == 0 {
				once[i] = r.least() / time.Duration(times)
			}
			fmt.Fprintf(t, "\t%.2f s\t%.2f\t%d MiB", r.least().Seconds(), r.least().Seconds()/float64(times)/once[i].Seconds(), r.peak>>20)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// times is a folder with the corpus several times over.
func (c *corpus) times(n int) (string, error) {
	if n == 1 {
		return c.logs(), nil
	}
	dir := filepath.Join(c.dir, fmt.Sprintf("times-%d", n))
	for i := range n {
		to := filepath.Join(dir, strconv.Itoa(i))
		if _, err := os.Stat(to); err == nil {
			continue
		}
		if err := linkTree(c.logs(), to); err != nil {
			return "", err
		}
	}
	return dir, nil
}

func linkTree(from, to string) error {
	half := to + ".half"
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(half, below), 0o755)
		}
		return os.Link(path, filepath.Join(half, below))
	})
	if err != nil {
		return err
	}
	return os.Rename(half, to)
}
