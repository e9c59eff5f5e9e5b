package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/internal/sandbox"
	"trailctl/internal/term"
	"trailctl/internal/when"
)

type sandboxAdvance struct {
	*app
	endpoint string
	output   outputOptions
	length   string
}

func (a *app) sandboxAdvanceCommand() *cli.Command {
	o := &sandboxAdvance{app: a}
	return &cli.Command{
		Name:      "advance",
		Usage:     "move a running sandbox's clock ahead; what falls due on the way is delivered",
		ArgsUsage: "DURATION",
		Flags: joinFlags([]cli.Flag{
			&cli.StringFlag{Name: "endpoint-url", Category: "AWS", Usage: "`URL` of the sandbox (default: AWS_ENDPOINT_URL)", Destination: &o.endpoint, Action: notEmpty("endpoint-url")},
		}, outputFlags(&o.output, "table", "json")),
		Action: func(c *cli.Context) error {
			o.length = c.Args().First()
			return o.run(c.Context)
		},
	}
}

// maxControlAnswer bounds what is read of the sandbox's answer.
const maxControlAnswer = 64 << 10

func (o *sandboxAdvance) run(ctx context.Context) error {
	if back, err := time.ParseDuration(o.length); err == nil && back < 0 {
		return clockGoesBack(o.length)
	}
	d, err := when.ParseAgo(o.length)
	if err != nil {
		return usagef("%s", err)
	}
	endpoint := o.endpoint
	if endpoint == "" {
		endpoint, _ = awsconf.Setting("AWS_ENDPOINT_URL")
	}
	if endpoint == "" {
		return withHint(usagef("no sandbox is named"), "use --endpoint-url, or set AWS_ENDPOINT_URL as \"trailctl sandbox start\" prints it")
	}
	stop := o.watch(ctx, endpoint, d)
	now, err := advanceSandbox(ctx, endpoint, d)
	stop()
	if err != nil {
		return err
	}
	if o.format(o.output) == "json" {
		return printed(json.NewEncoder(o.streams.Out).Encode(struct {
			Version int       `json:"version"`
			Time    time.Time `json:"time"`
		}{1, now.Truncate(time.Second)}))
	}
	_, err = fmt.Fprintf(o.streams.Out, "It is %s in the sandbox now.\n", now.Format(time.RFC3339))
	return printed(err)
}

func clockGoesBack(length string) error {
	return usagef("the sandbox's clock cannot go back by %s: it only goes ahead, as in \"trailctl sandbox advance 1h\"", strings.TrimPrefix(length, "-"))
}

// watch shows on a terminal how far the sandbox's clock is, until the function
// that it returns is called.
func (o *sandboxAdvance) watch(ctx context.Context, endpoint string, d time.Duration) (stop func()) {
	if !o.streams.ErrTerminal {
		return func() {}
	}
	begin, err := controlSandbox(ctx, http.MethodGet, endpoint, "status")
	if err != nil {
		return func() {} // asking it to advance says why
	}
	ctx, cancel := context.WithCancel(ctx)
	progress := term.NewProgress(o.streams, time.Now)
	var done sync.WaitGroup
	done.Go(func() {
		for tick := time.Tick(clockLookInterval); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick:
			}
			if now, err := controlSandbox(ctx, http.MethodGet, endpoint, "status"); err == nil {
				progress.Show("it is %s in the sandbox, on the way to %s", now.Format(time.RFC3339), begin.Add(d).Format(time.RFC3339))
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
		progress.Clear()
	}
}

// clockLookInterval is long enough that a quick advance shows nothing.
const clockLookInterval = 500 * time.Millisecond

// advanceSandbox asks a sandbox to move its clock and returns its new time.
func advanceSandbox(ctx context.Context, endpoint string, d time.Duration) (time.Time, error) {
	return controlSandbox(ctx, http.MethodPost, endpoint, "advance?by="+url.QueryEscape(d.String()))
}

// controlSandbox calls a sandbox itself and returns the time that it answers.
func controlSandbox(ctx context.Context, method, endpoint, path string) (time.Time, error) {
	if err := awsconf.CheckEndpoint(endpoint); err != nil {
		return time.Time{}, err
	}
	shown := awsconf.ShownEndpoint(endpoint)
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(endpoint, "/")+"/_sandbox/"+path, nil)
	if err != nil {
		return time.Time{}, usagef("--endpoint-url %s: %s", shown, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return time.Time{}, fmt.Errorf("asking the sandbox at %s: %w", shown, err)
	}
	defer resp.Body.Close()
	var answer struct {
		Time  time.Time
		Error string
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxControlAnswer))
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	switch {
	case answer.Error != "":
		return time.Time{}, fmt.Errorf("the sandbox at %s: %s", shown, answer.Error)
	case resp.StatusCode == http.StatusForbidden && bytes.HasPrefix(text, []byte(sandbox.Refusal)):
		line, _, _ := bytes.Cut(text, []byte("\n"))
		return time.Time{}, fmt.Errorf("the sandbox at %s: %s", shown, line)
	case err != nil || resp.StatusCode != http.StatusOK || answer.Time.IsZero():
		return time.Time{}, fmt.Errorf("what answers at %s (HTTP %d) is no trailctl sandbox", shown, resp.StatusCode)
	}
	return answer.Time, nil
}
