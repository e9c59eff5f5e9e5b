package logs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
)

// group is one log group with everything in it.
type group struct {
	Account, Region, Name string
	Created               time.Time
	Retention             int // days; 0 for ever
	KMSKey                string
	Class                 string
	Protected             bool
	Tags                  map[string]string
	Streams               map[string]time.Time // when each was made
	Filters               []metricFilter

	events []event // by time, then as they came
	bytes  int64   // of the events, as AWS counts them
	lines  int     // in the file of events
}

func (g *group) place() place { return place{g.Account, g.Region, g.Name} }

func (g *group) arn() string {
	return "arn:aws:logs:" + g.Region + ":" + g.Account + ":log-group:" + g.Name
}

var (
	groupPattern = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)
	arnPattern   = regexp.MustCompile(`^arn:aws[a-z-]*:logs:([a-z0-9-]+):(\d{12}):log-group:([.\-_/#A-Za-z0-9]{1,512})$`)
)

func checkGroupName(name string) *call.Error {
	if !groupPattern.MatchString(name) {
		return constraint(name, "logGroupName", `satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+ and have length between 1 and 512`)
	}
	return nil
}

// find is a group of the caller's. s.mu is held.
func (s *Service) find(c *call.Call, name string) (*group, *call.Error) {
	if err := checkGroupName(name); err != nil {
		return nil, err
	}
	g := s.groups[place{c.Account, c.Region, name}]
	if g == nil {
		return nil, noGroup()
	}
	g.expire(c.Time)
	return g, nil
}

// identified is the group that a call names by name, or by an identifier that
// is a name or an ARN. s.mu is held.
func (s *Service) identified(c *call.Call, name, identifier string) (*group, *call.Error) {
	switch {
	case name != "" && identifier != "":
		return nil, invalid("LogGroup name and LogGroup identifier are mutually exclusive parameters.")
	case name == "" && identifier == "":
		return nil, invalid("Either LogGroup name or LogGroup identifier must be specified.")
	case name != "" || !strings.HasPrefix(identifier, "arn:"):
		return s.find(c, name+identifier)
	}
	return s.byARN(c, identifier, "logGroupIdentifier")
}

// byARN is the group of an ARN, which has no :* at its end. s.mu is held.
func (s *Service) byARN(c *call.Call, arn, field string) (*group, *call.Error) {
	m := arnPattern.FindStringSubmatch(arn)
	if m == nil {
		return nil, constraint(arn, field, "be the ARN of a log group without :* at its end")
	}
	if m[1] != c.Region || m[2] != c.Account {
		return nil, noGroup()
	}
	return s.find(c, m[3])
}

// Group tells whether there is such a log group.
func (s *Service) Group(account, region, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groups[place{account, region, name}] != nil
}

type groupInput struct {
	LogGroupName string
	KmsKeyId     string
	// What CreateLogGroup takes besides.
	Tags                      map[string]string
	LogGroupClass             string
	DeletionProtectionEnabled bool
	// What the calls about retention and keys take besides.
	RetentionInDays    int
	ResourceIdentifier string
	LogGroupIdentifier string
}

const standardClass = "STANDARD"

func (s *Service) createLogGroup(c *call.Call, in groupInput) (any, *call.Error) {
	if err := checkGroupName(in.LogGroupName); err != nil {
		return nil, err
	}
	g := &group{
		Account: c.Account, Region: c.Region, Name: in.LogGroupName, Created: c.Time, Class: in.LogGroupClass,
		KMSKey: in.KmsKeyId, Protected: in.DeletionProtectionEnabled, Streams: map[string]time.Time{},
	}
	if g.Class == "" {
		g.Class = standardClass
	}
	var err *call.Error
	switch {
	case strings.HasPrefix(strings.ToLower(g.Name), "aws/"):
		return nil, invalid("Log groups starting with AWS/ are reserved for AWS.")
	case !slices.Contains([]string{standardClass, "INFREQUENT_ACCESS", "DELIVERY"}, g.Class):
		return nil, constraint(g.Class, "logGroupClass", "satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY]")
	case len(g.KMSKey) > 256:
		return nil, constraint(g.KMSKey, "kmsKeyId", "have length less than or equal to 256")
	}
	if g.Tags, err = merge(nil, in.Tags); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groups[g.place()] != nil {
		return nil, refuse("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	s.groups[g.place()] = g
	return nil, nil
}

func (s *Service) deleteLogGroup(c *call.Call, in groupInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	switch {
	case err != nil:
		return nil, err
	case g.Protected:
		return nil, refuse("ValidationException", "The log group has deletion protection enabled: disable it before the log group is deleted.")
	}
	delete(s.groups, g.place())
	s.removeEvents(g)
	return nil, nil
}

// retentions are the days that PutRetentionPolicy takes (API reference).
func retentions() []int {
	return []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

func (s *Service) putRetentionPolicy(c *call.Call, in groupInput) (any, *call.Error) {
	if !slices.Contains(retentions(), in.RetentionInDays) {
		list := strings.ReplaceAll(strings.Trim(fmt.Sprint(retentions()), "[]"), " ", ", ")
		return nil, constraint(in.RetentionInDays, "retentionInDays", "satisfy enum value set: ["+list+"]")
	}
	return s.change(c, in, func(g *group) { g.Retention = in.RetentionInDays })
}

func (s *Service) deleteRetentionPolicy(c *call.Call, in groupInput) (any, *call.Error) {
	return s.change(c, in, func(g *group) { g.Retention = 0 })
}

func (s *Service) associateKmsKey(c *call.Call, in groupInput) (any, *call.Error) {
	if in.KmsKeyId == "" || len(in.KmsKeyId) > 256 {
		return nil, constraint(in.KmsKeyId, "kmsKeyId", "have length between 1 and 256")
	}
	return s.change(c, in, func(g *group) { g.KMSKey = in.KmsKeyId })
}

func (s *Service) disassociateKmsKey(c *call.Call, in groupInput) (any, *call.Error) {
	return s.change(c, in, func(g *group) { g.KMSKey = "" })
}

func (s *Service) putDeletionProtection(c *call.Call, in groupInput) (any, *call.Error) {
	return s.change(c, in, func(g *group) { g.Protected = in.DeletionProtectionEnabled })
}

// change finds a group and changes it.
func (s *Service) change(c *call.Call, in groupInput, f func(*group)) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.identified(c, in.LogGroupName, in.ResourceIdentifier+in.LogGroupIdentifier)
	if err == nil {
		f(g)
	}
	return nil, err
}
