package main

import (
	"bufio"
	"context"
	"fmt"
	"time"
)

// first takes the time from the start of the program to its first line.
func first(ctx context.Context, o *options, c *corpus) error {
	ms := max(o.latency, 0)
	if o.latency < 0 {
		ms = 20
	}
	url, stop, err := served(ctx, c.logs(), time.Duration(ms)*time.Millisecond)
	if err != nil {
		return err
	}
	defer stop()
	least := time.Duration(0)
	for range o.rounds {
		took, err := untilFirst(ctx, o, url)
		if err != nil {
			return err
		}
		if least == 0 || took < least {
			least = took
		}
	}
	fmt.Printf("first record of %d files at %d ms on the screen after %.3f s\n", c.files, ms, least.Seconds())
	return nil
}

func untilFirst(ctx context.Context, o *options, url string) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := command(ctx, anybody(url), o.program, "logs", "search", "s3://"+bucketName, "--filter", "eventName=CreateAccessKey", "--output", "table")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	in := bufio.NewReader(out)
	for range 2 { // the heads of the columns, and the row
		if _, err := in.ReadString('\n'); err != nil {
			return 0, err
		}
	}
	took := time.Since(begin)
	cancel()
	_ = cmd.Wait() // it was ended
	return took, nil
}
