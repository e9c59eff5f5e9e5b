package cloudtrail

import (
	"regexp"
	"slices"
	"time"

	"trailctl/internal/sandbox/call"
)

// maxLogEvent is the size above which CloudWatch Logs takes no event, in bytes;
// CloudTrail leaves larger ones out (user guide, "Monitoring CloudTrail Log
// Files with Amazon CloudWatch Logs").
const maxLogEvent = 256 << 10

const (
	badGroup = "InvalidCloudWatchLogsLogGroupArnException"
	badRole  = "InvalidCloudWatchLogsRoleArnException"
)

var (
	groupARN = regexp.MustCompile(`^arn:[a-z0-9-]+:logs:([a-z0-9-]+):(\d{12}):log-group:([A-Za-z0-9._/#-]{1,512}):\*$`)
	roleARN  = regexp.MustCompile(`^arn:[a-z0-9-]+:iam::(\d{12}):role/[!-~]{1,576}$`)
)

// group is the log group of a trail.
type group struct{ region, account, name string }

func parseGroup(arn string) (group, bool) {
	m := groupARN.FindStringSubmatch(arn)
	if m == nil {
		return group{}, false
	}
	return group{m[1], m[2], m[3]}, true
}

// checkLogGroup checks that the log group is there, and that CloudTrail may
// take on the role and write to it. Messages are AWS's.
func (s *Service) checkLogGroup(t *trail, now time.Time) *call.Error {
	switch {
	case t.LogGroup == "" && t.LogRole == "":
		return nil
	case t.LogRole == "":
		return refuse(badRole, "You must specify a role ARN as well as a log group.")
	case t.LogGroup == "":
		return refuse(badGroup, "You must specify a log group as well as a role ARN.")
	}
	g, ok := parseGroup(t.LogGroup)
	if !ok || g.region != t.Region || g.account != t.Account || !s.Groups.Group(g.account, g.region, g.name) ||
		!s.seen(s.Groups.GroupChanged(g.account, g.region, g.name), now) {
		return refuse(badGroup, "Check the log group ARN: CloudTrail can't validate it.")
	}
	m := roleARN.FindStringSubmatch(t.LogRole)
	if m == nil || m[1] != t.Account {
		return refuse(badRole, "Check the role ARN: CloudTrail can't validate it.")
	}
	if !s.seen(s.Roles.RoleChanged(t.LogRole), now) || !s.mayAssume(t) {
		return refuse(badRole, "Access denied. Check the trust relationships for your role.")
	}
	for _, account := range s.accounts(t) {
		if !s.mayLog(t, account) {
			return refuse(badGroup, "Access denied. Check the permissions for your role.")
		}
	}
	return nil
}

func (s *Service) mayAssume(t *trail) bool {
	return s.Roles.Role(t.LogRole) && s.Roles.Assumable(t.LogRole, servicePrincipal, t.source())
}

// mayLog tells whether the trail's role lets it write one account's events.
func (s *Service) mayLog(t *trail, account string) bool {
	stream := t.LogGroup[:len(t.LogGroup)-len("*")] + "log-stream:" + t.stream(account)
	return s.Roles.May(t.LogRole, "logs:CreateLogStream", stream) && s.Roles.May(t.LogRole, "logs:PutLogEvents", stream)
}

// stream is the log stream of one account's events, which names the home
// region of the trail (user guide, "CloudWatch log group and log stream naming
// for CloudTrail": account_ID_CloudTrail_trail_region). Those of an
// organization's trail begin with the organization's id.
func (t *trail) stream(account string) string {
	name := account + "_CloudTrail_" + t.Region
	if t.Organization != "" && account != t.Account {
		name = t.Organization + "_" + name
	}
	return name
}

// deliverEvents writes the pending events to the trail's log group. What it
// does not take is not sent again.
func (s *Service) deliverEvents(j *job, at time.Time) {
	c, t := &j.work, &j.trail
	fresh := c.Pending[min(c.Logged, len(c.Pending)):]
	c.Logged = len(c.Pending)
	if t.LogGroup == "" || len(fresh) == 0 {
		return
	}
	if code := s.putEvents(t, c.account(t), logEvents(fresh)); code != "" {
		s.warn(j, "events could not be written to the log group", c.Status.LogError, code)
		c.Status.LogError = code
		return
	}
	c.Status.LogError, c.Status.Logged = "", at
}

func logEvents(pending []pendingEvent) []LogEvent {
	var events []LogEvent
	for _, e := range pending {
		if len(e.JSON) <= maxLogEvent {
			events = append(events, LogEvent{Time: e.Time, Message: string(e.JSON)})
		}
	}
	slices.SortStableFunc(events, func(a, b LogEvent) int { return a.Time.Compare(b.Time) })
	return events
}

// putEvents answers the error code of CloudWatch Logs, or of STS for the role;
// empty when it went well.
func (s *Service) putEvents(t *trail, account string, events []LogEvent) string {
	g, _ := parseGroup(t.LogGroup) // was checked when it was set
	switch {
	case !s.mayAssume(t), !s.mayLog(t, account):
		return "AccessDenied"
	case !s.Groups.Group(g.account, g.region, g.name):
		return "ResourceNotFoundException"
	case len(events) == 0:
		return ""
	}
	err := s.Groups.PutEvents(g.account, g.region, g.name, t.stream(account), events)
	return s.codeOf(err, "ServiceUnavailableException", "the log group did not take events", t.LogGroup)
}
