package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"trailctl/internal/sandbox/seed"
)

// The trail that delivers the seeded history, and who made it.
const (
	seedTrail = "seed-trail"
	seedUser  = "alice"
)

// AWS's own intervals, with which the seeded history is delivered.
const (
	awsLogInterval    = 5 * time.Minute
	awsDigestInterval = time.Hour
)

// seedBucket is where the seeded history lies. At an upstream it is a new one
// each time: the digest files of an earlier sandbox are signed with other keys.
func (s *Sandbox) seedBucket(end time.Time) string {
	name := "aws-cloudtrail-logs-" + s.options.Account + "-seed"
	if s.upstream != nil {
		name += end.Format("-20060102150405")
	}
	return name
}

// seedRegion is the home region of the trail.
func (s *Sandbox) seedRegion() string {
	if slices.Contains(s.options.Regions, "us-east-1") {
		return "us-east-1"
	}
	return s.options.Regions[0]
}

// seed lets time run through the seeded days: a bucket and a trail are made
// at their beginning, and the made-up events are recorded and delivered as if
// they had been called. A state that has the trail already is left alone.
func (s *Sandbox) seed(ctx context.Context) error {
	if s.trails.Has(s.options.Account, s.seedRegion(), seedTrail) {
		s.log.Info("the history has been seeded already", "trail", seedTrail)
		return nil
	}
	s.delivering.Lock()
	end := s.Now()
	start := end.AddDate(0, 0, -s.options.SeedDays).Truncate(time.Second)
	defer s.time.stand(time.Time{})
	s.time.stand(start)
	s.trails.SetIntervals(awsLogInterval, awsDigestInterval, start)
	s.delivering.Unlock()
	if err := s.makeSeedTrail(s.seedBucket(end)); err != nil {
		return err
	}
	s.delivering.Lock()
	defer s.delivering.Unlock()
	plan := seed.Plan{
		Account: s.options.Account, Regions: s.options.Regions, Events: s.options.SeedEvents,
		Start: start, End: end, Seed: s.options.Seed, PrincipalID: principalID,
	}
	made := 0
	for e, err := range plan.All() {
		if made++; s.options.Seeded != nil {
			s.options.Seeded(made)
		}
		if err == nil {
			err = errors.Join(ctx.Err(), s.deliverUntil(e.Time))
		}
		if err == nil {
			err = s.trails.Record(e)
		}
		if err != nil {
			return err
		}
	}
	if err := s.deliverUntil(end); err != nil {
		return err
	}
	s.trails.SetIntervals(s.options.LogInterval, s.options.DigestInterval, end)
	s.trails.Resume(end)
	s.trails.Save()
	return nil
}

// makeSeedTrail makes the bucket, its policy and the trail with ordinary calls.
func (s *Sandbox) makeSeedTrail(bucket string) error {
	region := s.seedRegion()
	var location []byte
	if region != "us-east-1" {
		location = fmt.Appendf(nil, `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>`, region)
	}
	settings, err := json.Marshal(map[string]any{
		"Name": seedTrail, "S3BucketName": bucket, "IsMultiRegionTrail": true, "EnableLogFileValidation": true,
	})
	if err != nil {
		return err
	}
	name := []byte(`{"Name":"` + seedTrail + `"}`)
	start := s.Now()
	defer s.time.stand(start)
	s.time.stand(start.Add(-s.options.Settle)) // so that CreateTrail sees the policy
	for _, step := range []struct {
		service, path, operation string
		body                     []byte
	}{
		{"s3", "/" + bucket, "", location},
		{"s3", "/" + bucket + "?policy", "", s.seedPolicy(bucket, region)},
		{"cloudtrail", "", "CreateTrail", settings},
		{"cloudtrail", "", "StartLogging", name},
	} {
		if step.operation != "" {
			s.time.stand(start)
		}
		a := s.inside(step.service, step.path, step.operation, step.body)
		exists := step.path == "/"+bucket && a.status == http.StatusConflict
		if a.status >= 300 && !exists {
			return fmt.Errorf("%s %s: HTTP %d %.300s", step.service, step.path+step.operation, a.status, a.body.String())
		}
	}
	return nil
}

func (s *Sandbox) seedPolicy(bucket, region string) []byte {
	trail := "arn:aws:cloudtrail:" + region + ":" + s.options.Account + ":trail/" + seedTrail
	return fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":[`+
		`{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl",`+
		`"Resource":"arn:aws:s3:::%[1]s","Condition":{"StringEquals":{"aws:SourceArn":"%[2]s"}}},`+
		`{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject",`+
		`"Resource":"arn:aws:s3:::%[1]s/AWSLogs/%[3]s/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"%[2]s"}}}]}`,
		bucket, trail, s.options.Account)
}

// inside makes a call from within the process.
func (s *Sandbox) inside(service, path, operation string, body []byte) *insideAnswer {
	a := &insideAnswer{header: http.Header{}, status: http.StatusOK}
	method := http.MethodPut
	if operation != "" {
		method, path = http.MethodPost, "/"
	}
	host := "sandbox.internal"
	if s.options.Upstream != nil {
		host = s.options.Upstream.Host
	}
	r, err := http.NewRequest(method, "http://"+host+path, bytes.NewReader(body))
	if err != nil {
		a.status = http.StatusBadRequest
		return a
	}
	day := s.Now().Format("20060102")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+seedUser+"/"+day+"/"+s.seedRegion()+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	r.Header.Set("User-Agent", "aws-cli/2.31.11")
	if operation != "" {
		r.Header.Set("X-Amz-Target", "CloudTrail_20131101."+operation)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	r.RemoteAddr = "203.0.113.10:50000"
	defer func() {
		if e := recover(); e == http.ErrAbortHandler { // for net/http, which is not there
			a.status = http.StatusBadGateway
		} else if e != nil {
			panic(e)
		}
	}()
	s.answerCall(a, r)
	return a
}

// insideAnswer is the answer to such a call.
type insideAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *insideAnswer) Header() http.Header         { return a.header }
func (a *insideAnswer) WriteHeader(status int)      { a.status = status }
func (a *insideAnswer) Write(b []byte) (int, error) { return a.body.Write(b) }
