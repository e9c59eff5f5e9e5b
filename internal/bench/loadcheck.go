package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// verdict is what became of the calls.
type verdict struct {
	calls, management          int
	files, records, size       int
	lost, doubled              []string // calls whose id is in no log file, in several or twice in one
	sameEvent                  int      // event ids that stand twice
	unseen, seenTwice, strange int      // in the event history: missing, doubled, data events
	events                     int      // in the event history
}

func (v *verdict) err() error {
	if len(v.lost)+len(v.doubled)+v.sameEvent+v.unseen+v.seenTwice+v.strange == 0 {
		return nil
	}
	return fmt.Errorf("%d calls are in no log file, %d in more than one or twice, %d event ids stand twice; the event history misses %d, has %d twice and %d data events\n%s",
		len(v.lost), len(v.doubled), v.sameEvent, v.unseen, v.seenTwice, v.strange, tail(strings.Join(append(v.lost, v.doubled...), "\n")))
}

// event is what is read of a record.
type event struct {
	RequestID, EventID string
}

// check looks for each call in the log files and the event history.
func check(ctx context.Context, c *client, calls []made) (*verdict, error) {
	v := &verdict{calls: len(calls)}
	found, err := v.delivered(ctx, c)
	if err != nil {
		return v, err
	}
	history, err := v.remembered(ctx, c)
	if err != nil {
		return v, err
	}
	for _, m := range calls {
		switch n := found[m.id]; {
		case n == 0:
			v.lost = append(v.lost, m.kind.name+" "+m.id)
		case n > 1:
			v.doubled = append(v.doubled, m.kind.name+" "+m.id)
		}
		n := history[m.id]
		switch {
		case m.kind.data && n > 0:
			v.strange++
		case m.kind.data:
		case n == 0:
			v.unseen++
		case n > 1:
			v.seenTwice++
		}
		if !m.kind.data {
			v.management++
		}
	}
	return v, nil
}

// delivered counts the request ids of all log files.
func (v *verdict) delivered(ctx context.Context, c *client) (map[string]int, error) {
	keys, err := listKeys(ctx, c, "AWSLogs/"+loadAccount+"/CloudTrail/")
	if err != nil {
		return nil, err
	}
	found, ids := map[string]int{}, map[string]int{}
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(4)
	for _, key := range keys {
		g.Go(func() error {
			body, err := c.must(ctx, "s3", home, asked{method: "GET", path: trailBucket + "/" + key})
			if err != nil {
				return err
			}
			records, err := recordsOf(body)
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			mu.Lock()
			defer mu.Unlock()
			v.files, v.records, v.size = v.files+1, v.records+len(records), v.size+len(body)
			for _, r := range records {
				found[r.RequestID]++
				if ids[r.EventID]++; ids[r.EventID] > 1 {
					v.sameEvent++
				}
			}
			return nil
		})
	}
	return found, g.Wait()
}

func recordsOf(body []byte) ([]event, error) {
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	var file struct{ Records []event }
	err = json.NewDecoder(z).Decode(&file)
	return file.Records, err
}

func listKeys(ctx context.Context, c *client, prefix string) (keys []string, err error) {
	token := ""
	for {
		q := url.Values{"list-type": {"2"}, "prefix": {prefix}}
		if token != "" {
			q.Set("continuation-token", token)
		}
		body, err := c.must(ctx, "s3", home, asked{method: "GET", path: trailBucket + "?" + q.Encode()})
		if err != nil {
			return nil, err
		}
		var list struct {
			NextContinuationToken string
			Contents              []struct{ Key string }
		}
		if err := xml.Unmarshal(body, &list); err != nil {
			return nil, err
		}
		for _, o := range list.Contents {
			keys = append(keys, o.Key)
		}
		if token = list.NextContinuationToken; token == "" {
			return keys, nil
		}
	}
}

// remembered counts the request ids of the event history.
func (v *verdict) remembered(ctx context.Context, c *client) (map[string]int, error) {
	found := map[string]int{}
	until := time.Now().Unix() + 1
	for _, region := range loadRegions() {
		for token := ""; ; {
			more := ""
			if token != "" {
				more = fmt.Sprintf(`,"NextToken":%q`, token)
			}
			body, err := c.must(ctx, "cloudtrail", region, jsonCall(trailTarget+"LookupEvents", `{"MaxResults":50,"EndTime":%d%s}`, until, more))
			if err != nil {
				return nil, err
			}
			var page struct {
				Events    []struct{ CloudTrailEvent string }
				NextToken string
			}
			if err := json.Unmarshal(body, &page); err != nil {
				return nil, err
			}
			for _, e := range page.Events {
				var r event
				if err := json.Unmarshal([]byte(e.CloudTrailEvent), &r); err != nil {
					return nil, err
				}
				found[r.RequestID]++
				v.events++
			}
			if token = page.NextToken; token == "" {
				break
			}
		}
	}
	return found, nil
}

// judges let trailctl, and the AWS CLI where it is installed, prove the files
// that were delivered.
func judges(ctx context.Context, o *options, b *boxed, since time.Time) error {
	arn := fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/%s", home, loadAccount, loadTrail)
	env := append(anybody(b.url), "AWS_REGION="+home, "AWS_DEFAULT_REGION="+home, "AWS_ACCESS_KEY_ID=judge")
	from := since.UTC().Format(time.RFC3339)
	text, err := said(ctx, env, o.program, "validate", arn, "--start-time", from, "--output", "text")
	if err != nil {
		return err
	}
	fmt.Printf("  trailctl validate: exit 0: %s\n", last(text))
	if _, err := exec.LookPath(o.aws); errors.Is(err, exec.ErrNotFound) {
		fmt.Printf("  %s is not installed: the AWS CLI has validated nothing\n", o.aws)
		return nil
	}
	if text, err = said(ctx, env, o.aws, "cloudtrail", "validate-logs", "--trail-arn", arn, "--start-time", from); err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, " valid") {
			fmt.Printf("  aws cloudtrail validate-logs, home region: %s", line)
		}
	}
	return nil
}

// said is all that a program says.
func said(ctx context.Context, env []string, args ...string) ([]byte, error) {
	var out bytes.Buffer
	c := command(ctx, env, args...)
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, tail(out.String()))
	}
	return out.Bytes(), nil
}

// last is the last line that says something.
func last(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}
