package cloudtrail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"trailctl/internal/sandbox/call"
)

// What the services around the bench hold.
const (
	testTopic  = "arn:aws:sns:us-east-1:123456789012:told"
	testGroup  = "arn:aws:logs:us-east-1:123456789012:log-group:trail/logs:*"
	testRole   = "arn:aws:iam::123456789012:role/writer"
	otherRole  = "arn:aws:iam::222222222222:role/writer"
	testKey    = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
	testOrg    = "o-a1b2c3d4e5"
	testMember = "222222222222"
)

// fakeNeighbours are an SNS with one topic, a CloudWatch Logs with one group,
// an IAM with one role, a KMS with one key and an organization of two accounts.
type fakeNeighbours struct {
	mu       sync.Mutex
	missing  string // the ARN or name of what is not there
	denied   string // "sns:Publish", "sts:AssumeRole", "logs:PutLogEvents" ...: what no policy allows
	disabled bool   // the key
	refusal  error  // of Publish and PutEvents
	changed  map[string]time.Time
	members  []string
	manager  string
	trusted  bool
	silent   string // the service that does not answer: "sns", "publish", "logs", "put", "iam", "kms" or "organizations"
	lacking  string // the service that is not there at all

	published []string
	events    map[string][]string // by stream
	asked     []string
	looked    map[string]int // questions by service, as in silent
}

func newFakeNeighbours() *fakeNeighbours {
	return &fakeNeighbours{
		changed: map[string]time.Time{}, members: []string{testAccount, testMember}, manager: testAccount, trusted: true,
		events: map[string][]string{}, looked: map[string]int{},
	}
}

func (f *fakeNeighbours) with(b *fakeBucket) Neighbours {
	return Neighbours{
		Bucket: b, Topics: fakeTopics{f}, Groups: fakeGroups{f}, Roles: fakeRoles{f}, Keys: fakeKeys{f}, Organizations: fakeOrganizations{f},
	}
}

func (f *fakeNeighbours) has(want, got string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return got == want && f.missing != want
}

func (f *fakeNeighbours) may(action, resource string, conditions map[string]string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprint(action, " ", resource, " ", conditions))
	return f.denied != action
}

func (f *fakeNeighbours) when(what string) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed[what]
}

func (f *fakeNeighbours) set(change func(*fakeNeighbours)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// answers tells whether a service answers.
func (f *fakeNeighbours) answers(service string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked[service]++
	if f.silent == service {
		return errSilent
	}
	if f.lacking == service {
		return &call.Error{Status: 501, Code: "NotServed." + service, Message: service + " is not served there"}
	}
	return nil
}

type fakeTopics struct{ *fakeNeighbours }

func (f fakeTopics) Topic(_ context.Context, arn string) (*TopicState, error) {
	if err := f.answers("sns"); err != nil || !f.has(testTopic, arn) {
		return nil, err
	}
	may := func(_, action string, conditions map[string]string) bool { return f.may(action, arn, conditions) }
	return &TopicState{PolicyChanged: f.when(arn), May: may}, nil
}

func (f fakeTopics) Publish(_ context.Context, arn, _, message string) error {
	if err := f.answers("publish"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return f.refusal
	}
	f.published = append(f.published, message)
	return nil
}

type fakeGroups struct{ *fakeNeighbours }

func (f fakeGroups) Group(_ context.Context, account, region, name string) (*GroupState, error) {
	if err := f.answers("logs"); err != nil || !f.has(testGroup, "arn:aws:logs:"+region+":"+account+":log-group:"+name+":*") {
		return nil, err
	}
	return &GroupState{Created: f.when(name)}, nil
}

func (f fakeGroups) PutEvents(_ context.Context, _, _, _, stream string, events []LogEvent) error {
	if err := f.answers("put"); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return f.refusal
	}
	for _, e := range events {
		f.events[stream] = append(f.events[stream], e.Message)
	}
	return nil
}

type fakeRoles struct{ *fakeNeighbours }

// The role is in two accounts.
func (f fakeRoles) Role(_ context.Context, arn string) (*RoleState, error) {
	if err := f.answers("iam"); err != nil || !f.has(testRole, arn) && !f.has(otherRole, arn) {
		return nil, err
	}
	return &RoleState{
		Changed: f.when(arn),
		Assumable: func(_ string, conditions map[string]string) bool {
			return f.may("sts:AssumeRole", arn, conditions)
		},
		May: func(action, resource string) bool { return f.may(action, resource, nil) },
	}, nil
}

type fakeKeys struct{ *fakeNeighbours }

func (f fakeKeys) Key(_ context.Context, account, region, id string) (*KeyState, error) {
	known := account == testAccount && region == "us-east-1" && f.has(testKey, testKey) &&
		(id == testKey || id == "alias/trails" || strings.HasSuffix(testKey, "/"+id))
	if err := f.answers("kms"); err != nil || !known {
		return nil, err
	}
	f.mu.Lock()
	disabled := f.disabled
	f.mu.Unlock()
	may := func(_, action string, conditions map[string]string) bool { return f.may(action, testKey, conditions) }
	return &KeyState{ARN: testKey, Enabled: !disabled, Changed: f.when(testKey), May: may}, nil
}

type fakeOrganizations struct{ *fakeNeighbours }

func (f fakeOrganizations) Organization(_ context.Context, account string) (*OrganizationState, error) {
	if err := f.answers("organizations"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.members, account) {
		return nil, nil
	}
	return &OrganizationState{ID: testOrg, Management: f.manager}, nil
}

func (f fakeOrganizations) Members(_ context.Context, account string) ([]string, error) {
	if err := f.answers("organizations"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.members, account) {
		return nil, nil
	}
	return slices.Clone(f.members), nil
}

func (f fakeOrganizations) Trusts(context.Context, string, string) (bool, error) {
	if err := f.answers("organizations"); err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.trusted, nil
}

// throttled is a neighbour's own error.
var throttled = &call.Error{Status: 400, Code: "ThrottlingException", Message: "Rate exceeded"}
