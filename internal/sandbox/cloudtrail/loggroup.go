package cloudtrail

import (
	"context"
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
func (s *Service) checkLogGroup(q *inquiry, t *trail, now time.Time) *call.Error {
	switch {
	case t.LogGroup == "" && t.LogRole == "":
		return nil
	case t.LogRole == "":
		return refuse(badRole, "You must specify a role ARN as well as a log group.")
	case t.LogGroup == "":
		return refuse(badGroup, "You must specify a log group as well as a role ARN.")
	}
	if err := s.checkGroup(q, t, now); err != nil {
		return err
	}
	m := roleARN.FindStringSubmatch(t.LogRole)
	if m == nil || m[1] != t.Account {
		return refuse(badRole, "Check the role ARN: CloudTrail can't validate it.")
	}
	role, err := q.role(t.LogRole)
	if err != nil {
		return unavailable(err)
	}
	if role == nil || !s.seen(role.Changed, now) || !mayAssume(role, t) {
		return refuse(badRole, "Access denied. Check the trust relationships for your role.")
	}
	for _, account := range s.accountsOf(t) {
		if !mayLog(role, t, account) {
			return refuse(badGroup, "Access denied. Check the permissions for your role.")
		}
	}
	return nil
}

// checkGroup checks the log group by itself.
func (s *Service) checkGroup(q *inquiry, t *trail, now time.Time) *call.Error {
	refused := refuse(badGroup, "Check the log group ARN: CloudTrail can't validate it.")
	g, ok := parseGroup(t.LogGroup)
	if !ok || g.region != t.Region || g.account != t.Account {
		return refused
	}
	state, err := q.group(g)
	switch {
	case err != nil:
		return unavailable(err)
	case state == nil, !s.seen(state.Created, now):
		return refused
	}
	return nil
}

func mayAssume(role *RoleState, t *trail) bool {
	return role.Assumable(servicePrincipal, t.source())
}

// mayLog tells whether the trail's role lets it write one account's events.
func mayLog(role *RoleState, t *trail, account string) bool {
	stream := t.LogGroup[:len(t.LogGroup)-len("*")] + "log-stream:" + t.stream(account)
	return role.May("logs:CreateLogStream", stream) && role.May("logs:PutLogEvents", stream)
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

// Limits of one PutLogEvents (API reference, PutLogEvents): events, bytes with
// the 26 that each event costs besides its text, and the time that they span.
const (
	maxBatch      = 10_000
	maxBatchBytes = 1 << 20
	maxBatchSpan  = 24 * time.Hour
	eventOverhead = 26
)

// deliverEvents writes the pending events to the trail's log group, before the
// bucket has them (assumption A14). What it refuses is not sent again, and what
// it may have had without an answer once more only (assumption A13). It is
// false when nobody answered: then everything waits for the next interval, as
// an event that the bucket has had is pending no more.
func (s *Service) deliverEvents(j *job, at time.Time) (answered bool) {
	c, t := &j.work, &j.trail
	c.Logged = min(c.Logged, len(c.Pending))
	if t.LogGroup == "" {
		c.Logged = len(c.Pending)
	}
	for c.Logged < len(c.Pending) {
		n := batch(c.Pending[c.Logged:])
		again := c.LogDoubt > c.Logged
		if again {
			n = min(n, c.LogDoubt-c.Logged)
		}
		code, end := s.putEvents(j, logEvents(c.Pending[c.Logged:c.Logged+n]))
		if code == "" {
			c.Status.LogError, c.Status.Logged = "", at
			c.Logged += n
			s.keep(j)
			s.warned.forget(t, unlogged)
			continue
		}
		s.warn(j, unlogged, c.Status.LogError, code)
		c.Status.LogError = code
		switch {
		case end == putRefused:
			c.Logged = len(c.Pending)
		case end == putUnsure && again:
			c.Logged += n
		default:
			if end == putUnsure {
				c.LogDoubt = c.Logged + n
			}
			if c.Status.Error = "InternalError"; code == NotReachable {
				c.Status.Error = NotReachable
			}
			return false
		}
	}
	return true
}

// batch is how many of the events, from the first, one PutLogEvents takes.
func batch(pending []pendingEvent) int {
	size, oldest, newest := 0, pending[0].Time, pending[0].Time
	for i, e := range pending[:min(len(pending), maxBatch)] {
		if e.Time.Before(oldest) {
			oldest = e.Time
		}
		if e.Time.After(newest) {
			newest = e.Time
		}
		if len(e.JSON) <= maxLogEvent {
			size += len(e.JSON) + eventOverhead
		}
		if i > 0 && (size > maxBatchBytes || newest.Sub(oldest) >= maxBatchSpan) {
			return i
		}
	}
	return min(len(pending), maxBatch)
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

// putEnd is how writing events to a log group has failed.
type putEnd int

const (
	putRefused putEnd = iota
	putSilent         // nobody answered, and they were not sent
	putUnsure         // they were sent, and nobody answered
)

// endOf is how an error ends that came before the events were sent.
func endOf(err error) putEnd {
	if unanswered(err) {
		return putSilent
	}
	return putRefused
}

// putEvents answers the error code of CloudWatch Logs, or of STS for the role;
// empty when it went well. It tells, too, how it ended otherwise.
func (s *Service) putEvents(j *job, events []LogEvent) (code string, end putEnd) {
	t, account := &j.trail, j.work.account(&j.trail)
	const none = "ServiceUnavailableException"
	role, err := j.around.role(t.LogRole)
	switch {
	case err != nil:
		return codeOf(err, none), endOf(err)
	case role == nil, !mayAssume(role, t), !mayLog(role, t, account):
		return "AccessDenied", putRefused
	}
	g, _ := parseGroup(t.LogGroup) // was checked when it was set
	state, err := j.around.group(g)
	switch {
	case err != nil:
		return codeOf(err, none), endOf(err)
	case state == nil:
		return "ResourceNotFoundException", putRefused
	case len(events) == 0:
		return "", putRefused
	}
	sent := false
	err = j.around.tell("CloudWatch Logs", "writing events", func(ctx context.Context) error {
		sent = true
		return s.Groups.PutEvents(ctx, g.account, g.region, g.name, t.stream(account), events)
	})
	if end = endOf(err); end == putSilent && sent {
		end = putUnsure
	}
	return codeOf(err, none), end
}
