package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// client is one of those who call: a user of its own, with its own
// connections.
type client struct {
	http  *http.Client
	keyID string
	url   string
	open  chan struct{} // a place for each connection
}

// connections is how many calls of a client may be under way at once. What is
// due beyond that waits, and its waiting counts.
const connections = 64

func newClient(url, keyID string) *client {
	return &client{
		url: url, keyID: keyID, open: make(chan struct{}, connections),
		http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}},
	}
}

// do makes one call and reads its answer. id is the request id of the answer.
func (c *client) do(ctx context.Context, service, region string, a asked) (status int, id string, body []byte, err error) {
	method, text := a.method, a.body
	if method == "" {
		method, text = http.MethodPost, a.body+a.form
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+"/"+strings.TrimPrefix(a.path, "/"), strings.NewReader(text))
	if err != nil {
		return 0, "", nil, err
	}
	req.Header.Set("Authorization", signed(c.keyID, region, service, time.Now()))
	req.Header.Set("User-Agent", "trailctl-bench/1")
	switch {
	case a.form != "":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case a.target != "":
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		req.Header.Set("X-Amz-Target", a.target)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err = io.Copy(&b, resp.Body); err != nil {
		return 0, "", nil, err
	}
	id = resp.Header.Get("X-Amzn-Requestid")
	if service == "s3" {
		id = resp.Header.Get("X-Amz-Request-Id")
	}
	return resp.StatusCode, id, b.Bytes(), nil
}

// must is do for what has to succeed.
func (c *client) must(ctx context.Context, service, region string, a asked) ([]byte, error) {
	status, _, body, err := c.do(ctx, service, region, a)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("HTTP %d: %s", status, tail(string(body)))
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s%s%s in %s: %w", service, a.target, a.form, a.path, region, err)
	}
	return body, nil
}

// made is a call that was answered.
type made struct {
	kind *kind
	id   string
}

// phase is what a stretch of load came to.
type phase struct {
	calls     []made
	scheduled []time.Duration // latencies from when the call was due
	sent      []time.Duration // latencies from when it was sent
	late      time.Duration   // how long after the last call was due the last answer came
	failed    []string        // answers that were not the wanted ones, and calls without one
	length    time.Duration
	cpu       time.Duration // that the sandbox used
}

// drive calls at a rate for a time, from all clients in turn. Each call has
// its time, whatever became of those before it: a late answer slows nothing.
func drive(ctx context.Context, b *boxed, clients []*client, rate int, length time.Duration, first int) (*phase, error) {
	cards := deck(mix())
	total := int(length.Seconds() * float64(rate))
	p := &phase{length: length, calls: make([]made, 0, total)}
	before, err := cpuOf(b.pid)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var running sync.WaitGroup
	begin := time.Now()
	due := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second / time.Duration(rate)) }
	for i := range total {
		if ctx.Err() != nil {
			break
		}
		time.Sleep(time.Until(due(i)))
		n := first + i
		k, c := cards[n%len(cards)], clients[i%len(clients)]
		running.Go(func() {
			c.open <- struct{}{}
			defer func() { <-c.open }()
			region := k.regionOf(n / len(cards))
			sent := time.Now()
			status, id, body, err := c.do(ctx, k.service, region, k.ask(&aws{region, c.url, n}))
			end := time.Now()
			mu.Lock()
			defer mu.Unlock()
			p.sent, p.scheduled = append(p.sent, end.Sub(sent)), append(p.scheduled, end.Sub(due(i)))
			if err != nil || status != k.status {
				p.failed = append(p.failed, fmt.Sprintf("%s: HTTP %d, %v %s", k.name, status, err, tail(string(body))))
			}
			if id != "" {
				p.calls = append(p.calls, made{k, id})
			}
		})
	}
	running.Wait()
	p.late = max(0, time.Since(due(total-1)))
	after, err := cpuOf(b.pid)
	p.cpu = after - before
	if err == nil {
		err = ctx.Err()
	}
	return p, err
}

// sum is phases as one.
func sum(phases []*phase) *phase {
	all := &phase{}
	for _, p := range phases {
		all.calls = append(all.calls, p.calls...)
		all.sent, all.scheduled = append(all.sent, p.sent...), append(all.scheduled, p.scheduled...)
		all.failed = append(all.failed, p.failed...)
		all.length, all.cpu, all.late = all.length+p.length, all.cpu+p.cpu, max(all.late, p.late)
	}
	return all
}

// quantile is the latency that the share q of the calls stayed below.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[min(int(q*float64(len(list))), len(list)-1)]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
