package sandbox

import (
	"errors"
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/cloudwatch"
	"trailctl/internal/sandbox/ec2"
	"trailctl/internal/sandbox/iam"
	"trailctl/internal/sandbox/kms"
	"trailctl/internal/sandbox/logs"
	"trailctl/internal/sandbox/organizations"
	"trailctl/internal/sandbox/s3"
	"trailctl/internal/sandbox/sns"
	"trailctl/internal/sandbox/sqs"
	"trailctl/internal/sandbox/sts"
	"trailctl/internal/sandbox/upstream"
)

// services are the AWS services behind the one endpoint.
type services struct {
	s3            *s3.Service
	sts           *sts.Service
	ec2           *ec2.Service
	sns           *sns.Service
	sqs           *sqs.Service
	logs          *logs.Service
	cloudwatch    *cloudwatch.Service
	iam           *iam.Service
	kms           *kms.Service
	organizations *organizations.Service
	trails        *cloudtrail.Service

	// upstream stands in the place of all of them but CloudTrail; nil without.
	upstream *upstream.Forward
}

// openServices makes the services, each with its own folder for state. With
// an upstream there is only CloudTrail.
func (s *Sandbox) openServices() error {
	o := s.options
	if o.Upstream != nil {
		s.upstream = upstream.New(o.Upstream, o.Log, principalID, o.AllowRemote)
		return s.openCloudTrail(upstream.Neighbours(upstream.NeighbourOptions{
			URL: o.Upstream, Remote: o.AllowRemote, Account: o.Account, Region: s.seedRegion(), Log: o.Log, Now: s.Now, Spell: s.upstream.Spell(),
		}))
	}
	if err := s.openEmbedded(); err != nil {
		return err
	}
	return s.openCloudTrail(cloudtrail.Neighbours{
		Bucket: store{s.s3}, Topics: notices{s.sns}, Groups: groups{s.logs},
		Roles: roles{s.iam}, Keys: keys{s.kms}, Organizations: accounts{s.organizations},
	})
}

// openEmbedded makes the sandbox's own services. What is changed in one, all
// see at once (assumption A34).
func (s *Sandbox) openEmbedded() (err error) {
	o := s.options
	dir := func(name string) string { return subfolder(o.Dir, name) }
	s.sts, s.ec2 = sts.New(principalID), ec2.New(o.Regions)
	if s.sqs, err = sqs.New(sqs.Options{Dir: dir(sqsFolder), Now: s.Now, Log: o.Log}); err != nil {
		return err
	}
	if s.sns, err = sns.New(sns.Options{Dir: dir(snsFolder), Now: s.Now, Log: o.Log, Queues: s.sqs}); err != nil {
		return err
	}
	s.s3, err = s3.New(s3.Options{
		Dir: dir(s3Folder), Now: s.Now, Account: o.Account, Topics: topics{s.sns}, Queues: s.sqs, Log: o.Log,
	})
	if err != nil {
		return err
	}
	if s.logs, err = logs.New(logs.Options{Now: s.Now, Dir: dir(logsFolder), Log: o.Log}); err != nil {
		return err
	}
	if s.cloudwatch, err = cloudwatch.New(cloudwatch.Options{Dir: dir(cloudwatchFolder), Log: o.Log}); err != nil {
		return err
	}
	if s.iam, err = iam.New(iam.Options{PrincipalID: principalID, Dir: dir(iamFolder), Log: o.Log}); err != nil {
		return err
	}
	if s.kms, err = kms.New(kms.Options{Now: s.Now, Dir: dir(kmsFolder), Log: o.Log}); err != nil {
		return err
	}
	if s.organizations, err = organizations.New(organizations.Options{Dir: dir(organizationsFolder), Log: o.Log}); err != nil {
		return err
	}
	return nil
}

func (s *Sandbox) openCloudTrail(around cloudtrail.Neighbours) (err error) {
	o := s.options
	s.trails, err = cloudtrail.New(cloudtrail.Options{
		Neighbours: around,
		Regions:    o.Regions, LogInterval: o.LogInterval, DigestInterval: o.DigestInterval, Settle: o.Settle,
		Log: o.Log, Dir: subfolder(o.Dir, trailFolder), NewKey: o.NewKey, MaxHistory: o.MaxHistory,
	})
	return err
}

// closeServices saves the state of all services for the last time.
func (s *Sandbox) closeServices() error {
	if s.upstream != nil {
		s.upstream.Close()
		return s.trails.Close()
	}
	return errors.Join(
		s.trails.Close(), s.sns.Close(), s.sqs.Close(), s.logs.Close(), s.cloudwatch.Close(),
		s.iam.Close(), s.kms.Close(), s.organizations.Close(),
	)
}

// served is a service and the operations that it knows.
type served struct {
	call.Service
	serves func(operation string) bool
}

// jsonService is the service of an X-Amz-Target without its operation.
func (s *Sandbox) jsonService(target string) served {
	switch {
	case slices.Contains(cloudtrail.Targets, target):
		return served{s.trails, cloudtrail.Serves}
	case slices.Contains(sqs.Targets, target):
		return served{s.sqs, sqs.Serves}
	case target == cloudwatch.Target:
		return served{s.cloudwatch, cloudwatch.Serves}
	case target == logs.Target:
		return served{s.logs, logs.Serves}
	case target == kms.Target:
		return served{s.kms, kms.Serves}
	case target == organizations.Target:
		return served{s.organizations, organizations.Serves}
	}
	return served{}
}

// queryService is the service of a signing name that is asked by form.
func (s *Sandbox) queryService(name string) served {
	switch name {
	case "ec2":
		return served{s.ec2, ec2.Serves}
	case "sts":
		return served{s.sts, sts.Serves}
	case "sns":
		return served{s.sns, sns.Serves}
	case "monitoring":
		return served{s.cloudwatch, cloudwatch.Serves}
	case "iam":
		return served{s.iam, iam.Serves}
	}
	return served{}
}

// serviceOf is the service of a call; nil when nobody serves the operation.
func (s *Sandbox) serviceOf(c *call.Call, p protocol) call.Service {
	var found served
	switch p {
	case awsJSON:
		found = s.jsonService(strings.TrimSuffix(c.HTTP.Header.Get("X-Amz-Target"), "."+c.Operation))
	case awsQuery, ec2Query, rpcCBOR:
		found = s.queryService(c.Service)
	}
	if found.Service == nil || !found.serves(c.Operation) {
		return nil
	}
	return found.Service
}

// globalRegion is where the services record that have one endpoint for all
// regions.
const globalRegion = "us-east-1"

// isGlobal tells those services: clients sign calls to them for any region.
func isGlobal(service string) bool { return service == "iam" || service == "organizations" }
