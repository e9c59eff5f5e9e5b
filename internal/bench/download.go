package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// download compares with s5cmd, with the default settings of both, listing
// included.
func download(ctx context.Context, o *options, c *corpus) error {
	pauses := []int{20, 0}
	if o.latency >= 0 {
		pauses = []int{o.latency}
	}
	for _, ms := range pauses {
		url, stop, err := served(ctx, c.logs(), time.Duration(ms)*time.Millisecond)
		if err != nil {
			return err
		}
		err = downloads(ctx, o, c, url, fmt.Sprintf("Download of %d files (%d MB) at %d ms", c.files, c.stored/1e6, ms))
		stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// anybody is whom the loopback S3 lets in.
func anybody(url string) []string {
	return []string{"AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=" + url, "S3_ENDPOINT_URL=" + url,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent"}
}

func downloads(ctx context.Context, o *options, c *corpus, url, title string) error {
	to := filepath.Join(c.dir, "downloaded")
	var aside []string // deleted at the end
	defer func() {
		for _, dir := range append(aside, to) {
			os.RemoveAll(dir)
		}
	}()
	there := func([]byte) (string, error) {
		n := 0
		err := filepath.WalkDir(to, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				n++
			}
			return err
		})
		return strconv.Itoa(n), err
	}
	// Deleting before a run would slow it down: ext4 looks for inodes that were
	// not freed in the last seconds.
	empty := func() error {
		if _, err := os.Stat(to); err != nil {
			return nil
		}
		aside = append(aside, fmt.Sprintf("%s-%d", to, len(aside)))
		return os.Rename(to, aside[len(aside)-1])
	}
	rows := []*row{
		{name: "s5cmd cp", env: anybody(url), before: empty, answer: there,
			args: []string{o.s5cmd, "--log", "error", "cp", "s3://" + bucketName + "/*", to + "/"}},
		{name: "trailctl logs download", env: anybody(url), before: empty, answer: there,
			args: []string{o.program, "logs", "download", "s3://" + bucketName, "--no-digests", "--dest", to, "--output", "json"}},
	}
	if err := measure(ctx, o.rounds, rows); err != nil {
		return err
	}
	table(os.Stdout, title, rows)
	for _, r := range rows {
		if !r.missing {
			fmt.Printf("  %s: %.0f files/s\n", r.name, float64(c.files)/r.least().Seconds())
		}
	}
	return agree(rows...)
}
