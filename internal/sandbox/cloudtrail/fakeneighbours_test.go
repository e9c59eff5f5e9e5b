package cloudtrail

import (
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

	published []string
	events    map[string][]string // by stream
	asked     []string
}

func newFakeNeighbours() *fakeNeighbours {
	return &fakeNeighbours{
		changed: map[string]time.Time{}, members: []string{testAccount, testMember}, manager: testAccount, trusted: true,
		events: map[string][]string{},
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

type fakeTopics struct{ *fakeNeighbours }

func (f fakeTopics) Topic(arn string) bool { return f.has(testTopic, arn) }
func (f fakeTopics) May(_, action, arn string, conditions map[string]string) bool {
	return f.may(action, arn, conditions)
}
func (f fakeTopics) PolicyChanged(arn string) time.Time { return f.when(arn) }
func (f fakeTopics) Publish(arn, _, message string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return f.refusal
	}
	f.published = append(f.published, message)
	return nil
}

type fakeGroups struct{ *fakeNeighbours }

func (f fakeGroups) Group(account, region, name string) bool {
	return f.has(testGroup, "arn:aws:logs:"+region+":"+account+":log-group:"+name+":*")
}
func (f fakeGroups) GroupChanged(_, _, name string) time.Time { return f.when(name) }
func (f fakeGroups) PutEvents(_, _, _, stream string, events []LogEvent) error {
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
func (f fakeRoles) Role(arn string) bool {
	return f.has(testRole, arn) || f.has(otherRole, arn)
}
func (f fakeRoles) Assumable(arn, _ string, conditions map[string]string) bool {
	return f.may("sts:AssumeRole", arn, conditions)
}
func (f fakeRoles) May(_, action, resource string) bool { return f.may(action, resource, nil) }
func (f fakeRoles) RoleChanged(arn string) time.Time    { return f.when(arn) }

type fakeKeys struct{ *fakeNeighbours }

func (f fakeKeys) Find(account, region, id string) (string, bool) {
	if account != testAccount || region != "us-east-1" || !f.has(testKey, testKey) {
		return "", false
	}
	return testKey, id == testKey || id == "alias/trails" || strings.HasSuffix(testKey, "/"+id)
}
func (f fakeKeys) Enabled(string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.disabled
}
func (f fakeKeys) May(_, action, arn string, conditions map[string]string) bool {
	return f.may(action, arn, conditions)
}
func (f fakeKeys) KeyChanged(arn string) time.Time { return f.when(arn) }

type fakeOrganizations struct{ *fakeNeighbours }

func (f fakeOrganizations) Organization(account string) (string, string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return testOrg, f.manager, slices.Contains(f.members, account)
}
func (f fakeOrganizations) Members(account string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.members, account) {
		return nil
	}
	return slices.Clone(f.members)
}
func (f fakeOrganizations) Trusts(string, string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.trusted
}

// throttled is a neighbour's own error.
var throttled = &call.Error{Status: 400, Code: "ThrottlingException", Message: "Rate exceeded"}
