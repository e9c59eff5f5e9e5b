package audit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"trailctl/bucket"
	"trailctl/trail"
)

// Subject is one trail with everything that the rules look at.
type Subject struct {
	trail.Whole
	Now time.Time // when it was read

	Status    trail.Status
	StatusErr error // why the status is not known
	// Everywhere is the status in all regions of a trail for all; nil when
	// it is for one.
	Everywhere *trail.Everywhere

	Facts     *BucketFacts // nil when the bucket is not the account's, or could not be read
	BucketErr error

	Watch    *trail.Watch // nil when it could not be read
	WatchErr error

	// Err is why nothing but name, ARN and home region is known.
	Err error
}

// BucketFacts are a bucket's settings that only an audit looks at.
type BucketFacts struct {
	bucket.Protection
	PublicGrants []string // of its ACL: "AllUsers: READ"
	ACLErr       error
}

// BucketReader is what reading a bucket's facts needs of the SDK's client.
type BucketReader interface {
	bucket.ProtectionReader
	GetBucketAcl(context.Context, *s3.GetBucketAclInput, ...func(*s3.Options)) (*s3.GetBucketAclOutput, error)
}

// Clients are the ways to AWS.
type Clients struct {
	trail.Clients
	Buckets func(region string) BucketReader
	// Unpaced is for a server that is not AWS, and counts no calls.
	Unpaced bool
}

// workers read trails at the same time; paced keeps them under CloudTrail's
// ten calls a second.
const workers = 6

// Read reads all trails that the account sees, wherever their home is.
func Read(ctx context.Context, c Clients, region string, now time.Time) (Account, error) {
	if !c.Unpaced {
		c.Clients = paced(c.Clients)
	}
	a := Account{Account: c.Account, Region: region}
	listed, err := trail.List(ctx, func(region string) trail.Lister { return c.CloudTrail(region) }, region)
	if err != nil {
		return a, err
	}
	a.Partial = listed.Partial
	a.Trails = make([]Subject, len(listed.List))
	r := &reader{clients: c, buckets: map[string]*once[*BucketFacts]{}, groups: map[string]*once[*trail.Watch]{}}
	var g errgroup.Group
	g.SetLimit(workers)
	for i, l := range listed.List {
		g.Go(func() error {
			a.Trails[i] = r.subject(ctx, l)
			a.Trails[i].Now = now
			return nil
		})
	}
	g.Wait()
	return a, context.Cause(ctx)
}

// reader reads what several trails share only once.
type reader struct {
	clients Clients
	mu      sync.Mutex
	buckets map[string]*once[*BucketFacts]
	groups  map[string]*once[*trail.Watch]
}

// once holds what one goroutine reads and the others wait for.
type once[T any] struct {
	sync.Once
	value T
	err   error
}

func shared[T any](mu *sync.Mutex, m map[string]*once[T], key string, read func() (T, error)) (T, error) {
	mu.Lock()
	o, ok := m[key]
	if !ok {
		o = &once[T]{}
		m[key] = o
	}
	mu.Unlock()
	o.Do(func() { o.value, o.err = read() })
	return o.value, o.err
}

func (r *reader) subject(ctx context.Context, l trail.Listed) Subject {
	s := Subject{Status: l.Status}
	s.Trail, s.Account = l.Trail, r.clients.Account
	if l.Bucket == "" {
		s.Err = l.Err // all that is known is that it is there
		return s
	}
	s.StatusErr = l.Err
	whole, err := trail.ReadWhole(ctx, r.clients.Clients, l.Trail)
	if err != nil {
		s.Err = err
		return s
	}
	s.Whole = whole
	if l.Err == nil && l.MultiRegion && l.Account() == r.clients.Account.ID {
		r.readRegions(ctx, &s, l.Trail)
	}
	if b := s.Bucket; b != nil && b.Owner == bucket.Account {
		s.Facts, s.BucketErr = shared(&r.mu, r.buckets, b.Name, func() (*BucketFacts, error) {
			return r.readBucket(ctx, b.Name, b.Region)
		})
	}
	if l.LogGroupARN != "" {
		s.Watch, s.WatchErr = shared(&r.mu, r.groups, l.LogGroupARN, func() (*trail.Watch, error) {
			return r.readWatch(ctx, l.Trail)
		})
	}
	return s
}

// readRegions reads the status again, this time in every region.
func (r *reader) readRegions(ctx context.Context, s *Subject, t trail.Trail) {
	clients := func(region string) trail.StatusReader { return r.clients.CloudTrail(region) }
	e, err := trail.ReadEverywhere(ctx, clients, t, trail.Regions(t.Partition()))
	if err != nil {
		s.StatusErr = err
		return
	}
	s.Status, s.Everywhere = e.Status, &e
}

func (r *reader) readBucket(ctx context.Context, name, region string) (*BucketFacts, error) {
	client, account := r.clients.Buckets(region), r.clients.Account.ID
	p, err := bucket.ReadProtection(ctx, client, name, account)
	if err != nil {
		return nil, err
	}
	f := &BucketFacts{Protection: p}
	out, err := client.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &name, ExpectedBucketOwner: &account})
	if err != nil {
		f.ACLErr = err
		return f, nil
	}
	f.PublicGrants = publicGrants(out.Grants)
	return f, nil
}

// publicGrants are the grants to everybody and to everybody with an AWS
// account (S3 user guide, "Access control list overview").
func publicGrants(grants []types.Grant) []string {
	groups := map[string]string{
		"http://acs.amazonaws.com/groups/global/AllUsers":           "AllUsers",
		"http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "AuthenticatedUsers",
	}
	var list []string
	for _, g := range grants {
		if g.Grantee == nil {
			continue
		}
		if name, ok := groups[aws.ToString(g.Grantee.URI)]; ok {
			list = append(list, name+": "+string(g.Permission))
		}
	}
	return list
}

func (r *reader) readWatch(ctx context.Context, t trail.Trail) (*trail.Watch, error) {
	region, group, err := trail.GroupOf(t)
	if err != nil {
		return nil, err
	}
	if owner := t.Account(); owner != r.clients.Account.ID {
		// A group of that name in this account is another one.
		return nil, fmt.Errorf("log group %s is in account %s: audit the trail there", group, owner)
	}
	w, err := trail.ReadWatch(ctx, r.clients.Clients, region, group)
	if err != nil {
		return nil, err
	}
	return &w, nil
}
