package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/urfave/cli/v2"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/internal/render"
	"trailctl/internal/term"
)

func (a *app) demoCommand() *cli.Command {
	d := &demo{app: a}
	return &cli.Command{
		Name:  "demo",
		Usage: "watch a trail being created, read and proved, on a sandbox of its own",
		Description: `Starts a sandbox in this process, creates a trail there, makes some AWS calls,
waits until CloudTrail has delivered them, lists, downloads and reads the log
files and validates them; then it changes one byte of a delivered log file and
validates again. Every trailctl command is printed before it runs. No AWS
account is used, and nothing is left behind.

With --upstream the same happens on another local AWS behind the sandbox, such
as LocalStack. What is made there stays there; buckets, topic and log group have
an ending of eight characters that is new each time.`,
		Flags:  []cli.Flag{upstreamFlag(&d.upstream)},
		Action: func(c *cli.Context) error { return d.run(c.Context) },
	}
}

const (
	demoTrail     = "demo"
	demoCopy      = "evidence"
	demoRegion    = "us-east-1"
	demoLogEvery  = time.Second
	demoHashEvery = 3 * time.Second
	// demoPatience bounds each wait for a delivery.
	demoPatience = 20 * time.Second
)

// demo is one run of the story.
type demo struct {
	*app
	upstream string
	box      *running
	folder   string // where the commands run, and leave a copy of the log files
	names    demoNames
}

// demoNames are what a run makes.
type demoNames struct{ bucket, topic, group, payroll string }

// namesOf makes the names of a run. Behind an upstream they have an ending of
// their own: what an earlier run made may still be there.
func (d *demo) namesOf() demoNames {
	ending := ""
	if d.upstream != "" {
		ending = "-" + strings.ToLower(rand.Text()[:8])
	}
	return demoNames{
		bucket: "demo-trail-logs" + ending, topic: "demo-news" + ending,
		group: "demo-events" + ending, payroll: "demo-payroll" + ending,
	}
}

func (d *demo) run(ctx context.Context) error {
	options := sandboxOptions{
		listen: "127.0.0.1:0", regions: demoRegion + ",eu-west-1", upstream: d.upstream,
		logEvery: demoLogEvery, digestEvery: demoHashEvery, seedDays: 1,
	}
	d.names = d.namesOf()
	box, err := options.start(ctx, d.app)
	if err != nil {
		return err
	}
	defer box.stop()
	d.box = box
	if d.folder, err = os.MkdirTemp("", "trailctl-demo-"); err != nil {
		return err
	}
	defer os.RemoveAll(d.folder)

	d.say("A local AWS answers at %s. CloudTrail takes minutes there to deliver; here it takes a second or two.", d.box.url)
	if d.upstream != "" {
		d.say("CloudTrail is the sandbox's own; all else is what stands behind it, at %s.", d.box.upstream)
	}
	if err := d.trailctl(ctx, codeDone, "trail", "create", demoTrail, "--bucket", d.names.bucket,
		"--sns-topic", d.names.topic, "--log-group", d.names.group, "--create-log-group", "--retention", "30", "--output", "table"); err != nil {
		return err
	}
	d.say("Some people work in the account.")
	if err := d.work(ctx); err != nil {
		return err
	}
	key, err := d.delivered(ctx)
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"trail", "list", "--output", "table"},
		{"trail", "status", demoTrail, "--output", "table"},
		{"logs", "list", demoTrail, "--output", "table"},
		{"logs", "download", demoTrail, "--dest", demoCopy, "--output", "table"},
		{"logs", "view", demoCopy, "--output", "table"},
		{"validate", demoTrail, "--output", "table"},
	} {
		if err := d.trailctl(ctx, codeDone, args...); err != nil {
			return err
		}
	}
	d.say("Somebody changes one byte of a delivered log file, to hide who it was: %q becomes %q.", "mallory", "vallory")
	if err := d.tamper(ctx, key); err != nil {
		return err
	}
	if err := d.trailctl(ctx, codeInvalid, "validate", demoTrail, "--output", "table"); err != nil {
		return err
	}
	d.end()
	return nil
}

// end says what was shown, and what stays.
func (d *demo) end() {
	if d.upstream == "" {
		d.say("The digest chain gives the change away (exit code %d). The sandbox is gone now; start one of your own with: trailctl sandbox start", codeInvalid)
		return
	}
	shown := d.box.upstream
	d.say("The digest chain gives the change away (exit code %d). The sandbox and its trail are gone now. What was made at %s stays there: the buckets %s and %s, the topic %s, the log group %s and the role CloudTrail-CloudWatchLogs-%s. Start a sandbox of your own before it with: trailctl sandbox start --listen 127.0.0.1:0 --upstream %[2]s",
		codeInvalid, shown, d.names.bucket, d.names.payroll, d.names.topic, d.names.group, demoTrail)
}

func (d *demo) say(format string, args ...any) {
	lines := render.Wrap(fmt.Sprintf(format, args...), max(d.streams.Width, helpWidth)-len("# "))
	fmt.Fprintf(d.streams.Out, "\n# %s\n", strings.Join(lines, "\n# "))
}

// trailctl runs this very program with the sandbox as its AWS and checks its
// exit code.
func (d *demo) trailctl(ctx context.Context, want int, args ...string) error {
	line := "trailctl " + strings.Join(args, " ")
	fmt.Fprintf(d.streams.Out, "\n$ %s\n", line)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Args[0], cmd.Dir = d.args[0], d.folder
	cmd.Stdout, cmd.Stderr = d.streams.Out, d.streams.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(withoutAWS(os.Environ()), d.box.environment()...)
	cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID=operator")
	err = cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("running %s: %w", line, err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		return fmt.Errorf("%s ended with exit code %d, %d was expected", line, got, want)
	}
	return nil
}

// withoutAWS takes the settings of a real account out of an environment.
func withoutAWS(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "AWS_") {
			kept = append(kept, v)
		}
	}
	return kept
}

func (d *demo) as(ctx context.Context, user string) (*awsconf.Config, error) {
	return awsconf.Load(ctx, awsconf.Options{
		Region: demoRegion, EndpointURL: d.box.url,
		Credentials: credentials.NewStaticCredentialsProvider(user, "demo", ""),
	})
}

// work makes calls of different kinds as different users, one of them denied.
func (d *demo) work(ctx context.Context) error {
	alice, err := d.as(ctx, "alice")
	if err != nil {
		return err
	}
	mallory, err := d.as(ctx, "mallory")
	if err != nil {
		return err
	}
	payroll, account := d.names.payroll, d.box.account
	deny := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"NotMallory","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::%s:user/mallory"},"Action":"s3:*","Resource":["arn:aws:s3:::%s","arn:aws:s3:::%[2]s/*"]}]}`,
		account, payroll)
	for _, step := range []struct {
		text   string
		denied bool
		call   func() error
	}{
		{"alice asks STS who she is", false, func() error {
			_, err := alice.STS("").GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			return err
		}},
		{"alice assumes the role deploy", false, func() error {
			_, err := alice.STS("").AssumeRole(ctx, &sts.AssumeRoleInput{
				RoleArn: aws.String("arn:aws:iam::" + account + ":role/deploy"), RoleSessionName: aws.String("release-42"),
			})
			return err
		}},
		{"alice creates the bucket " + payroll, false, func() error {
			_, err := alice.S3("").CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(payroll)})
			return err
		}},
		{"alice closes it to mallory", false, func() error {
			_, err := alice.S3("").PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String(payroll), Policy: &deny})
			return err
		}},
		{"mallory tries to delete the policy", true, func() error {
			_, err := mallory.S3("").DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: aws.String(payroll)})
			return err
		}},
		{"mallory tries to read what is in it", true, func() error {
			_, err := mallory.S3("").GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(payroll)})
			return err
		}},
	} {
		ending, err := d.outcome(step.denied, step.call())
		if err != nil {
			return fmt.Errorf("%s: %w", step.text, err)
		}
		fmt.Fprintf(d.streams.Out, "  %s%s\n", step.text, ending)
	}
	return nil
}

// outcome says how a call ended that was to be denied or not. An upstream may
// look at no policy.
func (d *demo) outcome(denied bool, err error) (string, error) {
	var api smithy.APIError
	switch {
	case !denied:
		return "", err
	case errors.As(err, &api) && api.ErrorCode() == "AccessDenied":
		return ", and is denied", nil
	case d.upstream != "" && err == nil:
		return ", and may: the upstream does not look at the policy", nil
	case d.upstream != "" && api != nil:
		return ", and gets " + term.Escape(api.ErrorCode()), nil
	}
	return "", fmt.Errorf("AccessDenied was expected: %v", err)
}

// delivered waits until a log file with mallory's calls has arrived and a
// digest file lists it, and returns the log file's key.
func (d *demo) delivered(ctx context.Context) (string, error) {
	d.say("CloudTrail delivers: a log file every second, a signed digest file every three.")
	cfg, err := d.as(ctx, "operator")
	if err != nil {
		return "", err
	}
	objects := &bucket.S3{Client: cfg.S3(""), Name: d.names.bucket}
	ctx, cancel := context.WithTimeoutCause(ctx, demoPatience, errors.New("the sandbox delivered nothing in time"))
	defer cancel()
	base := bucket.Base{Account: d.box.account}
	key, err := d.await(ctx, objects, base.Regions(bucket.LogFile), "mallory")
	if err != nil {
		return "", err
	}
	_, err = d.await(ctx, objects, base.Regions(bucket.Digest), key)
	return key, err
}

// await looks for an object below prefix whose text holds what, until there
// is one, and returns its key.
func (d *demo) await(ctx context.Context, objects *bucket.S3, prefix, what string) (string, error) {
	for {
		for o, err := range objects.List(ctx, prefix, "") {
			if err != nil {
				return "", err
			}
			text, _, err := unzipped(ctx, objects, o.Key)
			if err != nil {
				return "", err
			}
			if bytes.Contains(text, []byte(what)) {
				return o.Key, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func unzipped(ctx context.Context, objects *bucket.S3, key string) ([]byte, map[string]string, error) {
	body, err := objects.Get(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	defer body.Close()
	z, err := gzip.NewReader(body)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", key, err)
	}
	text, err := io.ReadAll(io.LimitReader(z, 64<<20))
	return text, body.Metadata, err
}

// tamper changes one byte of a log file and puts it back.
func (d *demo) tamper(ctx context.Context, key string) error {
	cfg, err := d.as(ctx, "mallory")
	if err != nil {
		return err
	}
	client := cfg.S3("")
	text, meta, err := unzipped(ctx, &bucket.S3{Client: client, Name: d.names.bucket}, key)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(bytes.Replace(text, []byte(`mallory`), []byte(`vallory`), 1)); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(d.names.bucket), Key: &key, Body: bytes.NewReader(b.Bytes()), Metadata: meta,
		ContentType: aws.String("application/json"), ContentEncoding: aws.String("gzip"),
	})
	return err
}
