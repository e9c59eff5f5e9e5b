package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rsa"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/rogpeppe/go-internal/testscript"

	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/clock"
	"trailctl/internal/term"
)

var update = flag.Bool("update", false, "write the expected files and documents anew")

// sharedKeys sign for the sandboxes of all tests: making keys takes time.
var sharedKeys = sandbox.SharedKeys()

// start is where the frozen clock of every script stands first.
var start = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"trailctl": func() { os.Exit(Main(context.Background(), os.Args, term.Standard())) },
	})
}

// bench is the sandbox of one script.
type bench struct {
	sandbox *sandbox.Sandbox
	url     string
}

type benchKey struct{}

// TestScripts runs the real program against a sandbox of its own for each
// script in testdata/script. Besides testscript's commands a script has:
//
//	advance DURATION              move the sandbox's clock; what falls due is delivered
//	s3 mb BUCKET [REGION]         make a bucket
//	s3 policy BUCKET FILE         put a bucket policy
//	s3 put|get BUCKET KEY FILE    write or read an object
//	s3 rm BUCKET KEY              delete an object
//	s3 ls BUCKET [PREFIX]         list keys on stdout
//	s3 key VAR BUCKET PREFIX N    set VAR to the N-th key (from 1; -1 is the last)
//	s3 edit BUCKET KEY OLD NEW    change text inside a gzipped object, keeping its metadata
//
// The sandbox has two regions, delivers log files every five minutes and
// digest files every hour, and starts at 2026-01-15T09:00:00Z.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup:         setup(sharedKeys),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"advance": advance,
			"s3":      s3Command,
		},
	})
}

// setup gives a script a sandbox of its own; they share the keys that sign,
// because making them takes time.
func setup(newKey func(string) (*rsa.PrivateKey, error)) func(*testscript.Env) error {
	return func(env *testscript.Env) error { return prepare(env, newKey) }
}

func prepare(env *testscript.Env, newKey func(string) (*rsa.PrivateKey, error)) error {
	box, err := sandbox.New(context.Background(), sandbox.Options{
		Regions:        []string{"us-east-1", "eu-west-1"},
		LogInterval:    5 * time.Minute,
		DigestInterval: time.Hour,
		Clock:          clock.NewManual(start),
		NewKey:         newKey,
	})
	if err != nil {
		return err
	}
	srv := httptest.NewServer(box)
	env.Defer(func() {
		srv.Close()
		box.Close()
	})
	env.Values[benchKey{}] = &bench{sandbox: box, url: srv.URL}
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL":            srv.URL,
		"AWS_ACCESS_KEY_ID":           "tester",
		"AWS_SECRET_ACCESS_KEY":       "secret-of-tester",
		"AWS_REGION":                  "us-east-1",
		"AWS_CONFIG_FILE":             "/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_EC2_METADATA_DISABLED":   "true",
		"TRAILCTL_TIME":               start.Format(time.RFC3339),
		"TRAILCTL_REAL_DATA":          os.Getenv("TRAILCTL_REAL_DATA"),
		"BUCKET_PATH":                 "AWSLogs/123456789012",
	} {
		env.Setenv(k, v)
	}
	return nil
}

func advance(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: advance DURATION")
	}
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	b := ts.Value(benchKey{}).(*bench)
	ts.Check(b.sandbox.Advance(d))
	ts.Setenv("TRAILCTL_TIME", b.sandbox.Now().Format(time.RFC3339))
}

func (b *bench) s3() *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &b.url, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("tester", "secret", ""),
	})
}

func s3Command(ts *testscript.TestScript, neg bool, args []string) {
	c, ctx := ts.Value(benchKey{}).(*bench).s3(), context.Background()
	need := func(least int) {
		if neg || len(args) < least {
			ts.Fatalf("usage: see TestScripts")
		}
	}
	need(2)
	switch verb := args[0]; verb {
	case "mb":
		in := &s3.CreateBucketInput{Bucket: &args[1]}
		if len(args) > 2 && args[2] != "us-east-1" {
			in.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(args[2])}
		}
		_, err := c.CreateBucket(ctx, in, func(o *s3.Options) {
			if len(args) > 2 {
				o.Region = args[2]
			}
		})
		ts.Check(err)
	case "policy":
		need(3)
		_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &args[1], Policy: aws.String(ts.ReadFile(args[2]))})
		ts.Check(err)
	case "put":
		need(4)
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &args[1], Key: &args[2], Body: strings.NewReader(ts.ReadFile(args[3]))})
		ts.Check(err)
	case "get":
		need(4)
		body, _ := read(ts, c, args[1], args[2])
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), body, 0o644))
	case "rm":
		need(3)
		_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &args[1], Key: &args[2]})
		ts.Check(err)
	case "ls":
		fmt.Fprintln(ts.Stdout(), strings.Join(keys(ts, c, args[1], append(args[2:], "")[0]), "\n"))
	case "key":
		need(5)
		list := keys(ts, c, args[2], args[3])
		n := 0
		_, err := fmt.Sscan(args[4], &n)
		ts.Check(err)
		if n < 0 {
			n += len(list) + 1
		}
		if n < 1 || n > len(list) {
			ts.Fatalf("no key %s of %d below %s", args[4], len(list), args[3])
		}
		ts.Setenv(args[1], list[n-1])
	case "edit":
		need(5)
		ts.Check(edit(ts, c, args[1], args[2], args[3], args[4]))
	default:
		ts.Fatalf("s3 %s: unknown", verb)
	}
}

func keys(ts *testscript.TestScript, c *s3.Client, bucket, prefix string) []string {
	var list []string
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		ts.Check(err)
		for _, o := range page.Contents {
			list = append(list, *o.Key)
		}
	}
	return list
}

func read(ts *testscript.TestScript, c *s3.Client, bucket, key string) ([]byte, map[string]string) {
	out, err := c.GetObject(context.Background(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	ts.Check(err)
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	ts.Check(err)
	return body, out.Metadata
}

func edit(ts *testscript.TestScript, c *s3.Client, bucket, key, from, to string) error {
	body, meta := read(ts, c, bucket, key)
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return err
	}
	changed := bytes.Replace(text, []byte(from), []byte(to), 1)
	if bytes.Equal(changed, text) {
		return errors.New("the text to change is not there")
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(changed)
	if err := w.Close(); err != nil {
		return err
	}
	_, err = c.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(b.Bytes()), Metadata: meta,
		ContentType: aws.String("application/json"), ContentEncoding: aws.String("gzip"),
	})
	return err
}
