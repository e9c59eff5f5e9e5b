package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/upstream"
	"trailctl/internal/term"
)

func (a *app) sandboxCommand() *cli.Command {
	return &cli.Command{
		Name:  "sandbox",
		Usage: "run a local AWS that records, delivers and signs as CloudTrail does",
		Subcommands: []*cli.Command{
			a.sandboxStartCommand(),
			a.sandboxExecCommand(),
			a.sandboxAdvanceCommand(),
		},
	}
}

// sandboxOptions are the flags that start and exec share.
type sandboxOptions struct {
	listen      string
	allowRemote bool
	dir         string
	account     string
	regions     string
	logEvery    time.Duration
	digestEvery time.Duration
	settle      time.Duration
	seedEvents  int
	seedDays    int
	seed        uint64
	upstream    string
}

func sandboxFlags(o *sandboxOptions, listen string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "listen", Category: "Address", Value: listen, Usage: "`HOST:PORT` to answer on; port 0 takes a free one", Destination: &o.listen},
		&cli.BoolFlag{Name: "allow-remote", Category: "Address", Usage: "allow an address that other machines reach: whoever does may do everything", Destination: &o.allowRemote},
		&cli.StringFlag{Name: "dir", Category: "Account", Usage: "`DIR` that keeps buckets, trails and history (default: in memory)", Destination: &o.dir, Action: notEmpty("dir")},
		upstreamFlag(&o.upstream),
		&cli.StringFlag{Name: "account", Category: "Account", Usage: "`ID` of the account, twelve digits (default: " + sandbox.DefaultAccount + ", or the upstream's)", Destination: &o.account, Action: notEmpty("account")},
		&cli.StringFlag{Name: "regions", Category: "Account", Usage: "enabled `REGIONS`, with commas (default: the 17 of a new account, or the upstream's)", Destination: &o.regions, Action: notEmpty("regions")},
		&cli.DurationFlag{Name: "log-interval", Category: "Delivery", Value: 5 * time.Second, Usage: "`LENGTH` of time between log files (AWS: about 5m)", Destination: &o.logEvery},
		&cli.DurationFlag{Name: "digest-interval", Category: "Delivery", Value: time.Minute, Usage: "`LENGTH` of time between digest files, whole seconds (AWS: 1h)", Destination: &o.digestEvery},
		&cli.DurationFlag{Name: "settle", Category: "Delivery", Usage: "`LENGTH` of time for which a changed policy, role or log group is not seen yet when a trail is created or updated (AWS: up to 1m)", Destination: &o.settle},
		&cli.IntFlag{Name: "seed-events", Category: "History", Usage: "begin with `N` made-up events, delivered by the trail seed-trail", Destination: &o.seedEvents},
		&cli.IntFlag{Name: "seed-days", Category: "History", Value: 7, Usage: "the events fill the last `D` days", Destination: &o.seedDays},
		&cli.Uint64Flag{Name: "seed", Category: "History", Value: 1, Usage: "`NUMBER` that decides which events --seed-events makes up", Destination: &o.seed,
			Action: func(_ *cli.Context, n uint64) error {
				if o.seedEvents == 0 {
					return usagef("--seed %d decides which events are made up, and without --seed-events there are none: did you mean --seed-events %d?", n, n)
				}
				return nil
			}},
	}
}

// running is a sandbox that answers.
type running struct {
	box      *sandbox.Sandbox
	url      string
	region   string
	account  string
	upstream string // its address; empty without one
	caller   string // the access key id of the environment
	server   *http.Server
	cancel   context.CancelFunc
	finished chan error // of the server or of the deliveries, whichever fails first
}

// start starts a sandbox. ctx ends its deliveries.
func (o *sandboxOptions) start(ctx context.Context, a *app) (*running, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	behind, err := o.upstreamURL()
	if err != nil {
		return nil, err
	}
	listener, err := o.listener(behind)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(a.streams.Err, &slog.HandlerOptions{Level: slog.LevelInfo}))
	if o.seedEvents > 0 {
		a.note("making %d events of the %s ...%s", o.seedEvents, o.seedWindow(), o.seedPatience())
	}
	progress := term.NewProgress(a.streams, time.Now)
	box, err := sandbox.New(ctx, sandbox.Options{
		Account: o.account, Regions: o.regionList(), Upstream: behind, Dir: o.dir, Log: log, AllowRemote: o.allowRemote,
		LogInterval: o.logEvery, DigestInterval: o.digestEvery, Settle: o.settle,
		SeedEvents: o.seedEvents, SeedDays: o.seedDays, Seed: o.seed,
		Seeded: func(n int) { progress.Show("made %d of %d events", n, o.seedEvents) },
	})
	progress.Clear()
	if err != nil {
		listener.Close()
		return nil, o.startError(err)
	}
	if behind != nil && upstream.IsSandbox(ctx, behind) {
		a.warn("what stands behind this sandbox, at %s, is a sandbox too: each of the two records what passes, and CloudTrail's calls end at this one", behind)
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &running{
		box: box, url: "http://" + listener.Addr().String(), region: "us-east-1", account: box.Status().Account, caller: "sandbox",
		cancel: cancel, finished: make(chan error, 2),
		server: &http.Server{
			Handler: box, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		},
	}
	if list := box.Status().Regions; !slices.Contains(list, r.region) {
		r.region = o.firstRegion(list)
	}
	if behind != nil {
		r.upstream = behind.String()
	}
	if behind != nil && o.account != "" {
		r.caller = o.account // by which an upstream tells accounts apart
	}
	go func() { r.finished <- r.server.Serve(listener) }()
	go func() { r.finished <- box.Run(ctx) }()
	return r, nil
}

// check finds wrong usage before anything is started.
func (o *sandboxOptions) check() error {
	host, port, err := net.SplitHostPort(o.listen)
	if err != nil {
		return withHint(usagef("--listen %s is not HOST:PORT", o.listen), "write it as in --listen %s", listenExample(o.listen))
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return usagef("--listen %s: the port is not a number from 0 to 65535", o.listen)
	}
	if o.regions != "" && len(o.regionList()) == 0 {
		return usagef("--regions %q names no region", o.regions)
	}
	for _, r := range o.regionList() {
		if !awsconf.IsRegion(r) {
			return usagef("--regions: %q is not the name of a region such as us-east-1", r)
		}
	}
	if !o.allowRemote && !loopback(host) {
		return withHint(usagef("--listen %s can be reached from other machines, and the sandbox asks nobody for a password", o.listen),
			"use 127.0.0.1, or add --allow-remote")
	}
	switch {
	case o.logEvery <= 0:
		return usagef("--log-interval %s is not above zero", o.logEvery)
	case o.digestEvery < time.Second || o.digestEvery%time.Second != 0:
		return usagef("--digest-interval %s is not one or more whole seconds", o.digestEvery)
	case o.settle < 0:
		return usagef("--settle %s is below zero", o.settle)
	case o.seedEvents < 0 || o.seedDays < 1:
		return usagef("--seed-events %d over --seed-days %d is no history", o.seedEvents, o.seedDays)
	case o.account != "" && (len(o.account) != 12 || strings.Trim(o.account, "0123456789") != ""):
		return usagef("--account %s is not twelve digits", o.account)
	}
	return o.checkUpstream()
}

// firstRegion is the first of --regions, or of the regions that there are.
func (o *sandboxOptions) firstRegion(all []string) string {
	if named := o.regionList(); len(named) > 0 {
		return named[0]
	}
	return all[0]
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (o *sandboxOptions) regionList() []string {
	var list []string
	for _, r := range strings.Split(o.regions, ",") {
		if r = strings.TrimSpace(r); r != "" {
			list = append(list, r)
		}
	}
	return list
}

// stop ends the sandbox and saves its state.
func (r *running) stop() error {
	r.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if r.server.Shutdown(ctx) != nil {
		r.server.Close()
	}
	return r.box.Close()
}

// wait blocks until ctx ends or the sandbox fails.
func (r *running) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-r.finished:
		return err
	}
}

// environment are the settings with which AWS clients reach the sandbox.
func (r *running) environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + r.url,
		"AWS_ACCESS_KEY_ID=" + r.caller,
		"AWS_SECRET_ACCESS_KEY=sandbox",
		"AWS_REGION=" + r.region,
		"AWS_DEFAULT_REGION=" + r.region,
		"AWS_EC2_METADATA_DISABLED=true",
		// The AWS CLI puts "stream-" before the address for Live Tail.
		"AWS_DISABLE_HOST_PREFIX_INJECTION=true",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
}

type sandboxStart struct {
	*app
	sandbox sandboxOptions
}

func (a *app) sandboxStartCommand() *cli.Command {
	o := &sandboxStart{app: a}
	return &cli.Command{
		Name:  "start",
		Usage: "start a sandbox and keep it running until Ctrl+C (or SIGTERM)",
		Description: `Prints its address, and the lines that make a shell use it: paste them into
another terminal. Until then that shell's calls go wherever its own settings
say. For one shell or one script,

   trailctl sandbox exec -- bash

starts a sandbox, sets everything, and takes it away at the end.

An access key id is the name of whoever calls: AWS_ACCESS_KEY_ID=alice makes
alice's calls, root those of the root user, twelve digits call from that
account. Signatures are not verified.`,
		Flags:  sandboxFlags(&o.sandbox, "127.0.0.1:4566"),
		Action: func(c *cli.Context) error { return o.run(c.Context) },
	}
}

func (o *sandboxStart) run(ctx context.Context) error {
	r, err := o.sandbox.start(ctx, o.app)
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# The sandbox answers at %s, account %s. Ctrl+C stops it.\n", r.url, r.account)
	text.WriteString(o.sandbox.upstreamText(r.upstream))
	text.WriteString(o.sandbox.history())
	text.WriteString("# AWS CLI 1 ignores AWS_ENDPOINT_URL for SQS: aws sqs --endpoint-url $AWS_ENDPOINT_URL ...\n")
	for _, v := range r.environment() {
		fmt.Fprintf(&text, "export %s\n", v)
	}
	text.WriteString("unset AWS_PROFILE AWS_SESSION_TOKEN\n")
	_, err = fmt.Fprint(o.streams.Out, text.String())
	if err = printed(err); err == nil {
		err = r.wait(ctx)
	}
	if err := errors.Join(err, r.stop()); err != nil {
		return err
	}
	o.note("the sandbox has stopped")
	return exitWith(codeInterrupted, nil)
}
