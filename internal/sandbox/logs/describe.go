package logs

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
)

// maxDescribed is how many items a Describe call answers at most, and unless
// told otherwise.
const maxDescribed = 50

// page cuts out of a sorted list what comes after the item that a token
// names (assumption A33). name gives the unique name by which the list is
// sorted.
func page[T any](limit *int, token string, all []T, name func(T) string) (some []T, next string, err *call.Error) {
	most := maxDescribed
	if limit != nil {
		most = *limit
	}
	if most < 1 || most > maxDescribed {
		return nil, "", constraint(most, "limit", "have value between 1 and 50")
	}
	if token != "" {
		after, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return nil, "", invalid("The specified nextToken is invalid.")
		}
		if i := slices.IndexFunc(all, func(one T) bool { return name(one) == string(after) }); i >= 0 {
			all = all[i+1:]
		} else {
			all = nil
		}
	}
	if len(all) <= most {
		return append([]T{}, all...), "", nil
	}
	return all[:most], base64.RawURLEncoding.EncodeToString([]byte(name(all[most-1]))), nil
}

// listing is the answer to a Describe call.
func listing(name string, some any, next string) map[string]any {
	out := map[string]any{name: some}
	if next != "" {
		out["nextToken"] = next
	}
	return out
}

type describeGroupsInput struct {
	LogGroupNamePrefix, LogGroupNamePattern string
	LogGroupClass, NextToken                string
	LogGroupIdentifiers                     []string
	Limit                                   *int
}

type groupAnswer struct {
	LogGroupName      string `json:"logGroupName"`
	CreationTime      int64  `json:"creationTime"`
	RetentionInDays   int    `json:"retentionInDays,omitempty"`
	MetricFilterCount int    `json:"metricFilterCount"`
	ARN               string `json:"arn"`
	StoredBytes       int64  `json:"storedBytes"`
	KMSKeyID          string `json:"kmsKeyId,omitempty"`
	LogGroupClass     string `json:"logGroupClass"`
	LogGroupARN       string `json:"logGroupArn"`
	Protected         bool   `json:"deletionProtectionEnabled"`
}

func (g *group) answer() groupAnswer {
	return groupAnswer{
		LogGroupName: g.Name, CreationTime: g.Created.UnixMilli(), RetentionInDays: g.Retention, MetricFilterCount: len(g.Filters),
		ARN: g.arn() + ":*", StoredBytes: g.bytes, KMSKeyID: g.KMSKey, LogGroupClass: g.Class, LogGroupARN: g.arn(), Protected: g.Protected,
	}
}

func (s *Service) describeLogGroups(c *call.Call, in describeGroupsInput) (any, *call.Error) {
	if in.LogGroupNamePrefix != "" && in.LogGroupNamePattern != "" {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []groupAnswer
	for _, g := range s.groups {
		if g.Account == c.Account && g.Region == c.Region && in.wants(g) {
			g.expire(c.Time)
			all = append(all, g.answer())
		}
	}
	slices.SortFunc(all, func(a, b groupAnswer) int { return strings.Compare(a.LogGroupName, b.LogGroupName) })
	some, next, err := page(in.Limit, in.NextToken, all, func(g groupAnswer) string { return g.LogGroupName })
	if err != nil {
		return nil, err
	}
	return listing("logGroups", some, next), nil
}

func (in describeGroupsInput) wants(g *group) bool {
	return strings.HasPrefix(g.Name, in.LogGroupNamePrefix) && strings.Contains(g.Name, in.LogGroupNamePattern) &&
		(in.LogGroupClass == "" || in.LogGroupClass == g.Class) &&
		(len(in.LogGroupIdentifiers) == 0 || slices.Contains(in.LogGroupIdentifiers, g.Name) || slices.Contains(in.LogGroupIdentifiers, g.arn()))
}

type describeStreamsInput struct {
	LogGroupName, LogGroupIdentifier string
	LogStreamNamePrefix              string
	OrderBy                          string
	Descending                       bool
	NextToken                        string
	Limit                            *int
}

type streamAnswer struct {
	LogStreamName       string `json:"logStreamName"`
	CreationTime        int64  `json:"creationTime"`
	FirstEventTimestamp int64  `json:"firstEventTimestamp,omitempty"`
	LastEventTimestamp  int64  `json:"lastEventTimestamp,omitempty"`
	LastIngestionTime   int64  `json:"lastIngestionTime,omitempty"`
	UploadSequenceToken string `json:"uploadSequenceToken,omitempty"`
	ARN                 string `json:"arn"`
	StoredBytes         int64  `json:"storedBytes"` // always 0 since 2019 (API reference, "LogStream")
}

const (
	byName = "LogStreamName"
	byTime = "LastEventTime"
)

func (s *Service) describeLogStreams(c *call.Call, in describeStreamsInput) (any, *call.Error) {
	if in.OrderBy == "" {
		in.OrderBy = byName
	}
	switch {
	case in.OrderBy != byName && in.OrderBy != byTime:
		return nil, constraint(in.OrderBy, "orderBy", "satisfy enum value set: [LogStreamName, LastEventTime]")
	case in.OrderBy == byTime && in.LogStreamNamePrefix != "":
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.identified(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	all := g.streams(in.LogStreamNamePrefix)
	slices.SortFunc(all, func(a, b streamAnswer) int {
		order := strings.Compare(a.LogStreamName, b.LogStreamName)
		if in.OrderBy == byTime && a.LastEventTimestamp != b.LastEventTimestamp {
			order = int(max(min(a.LastEventTimestamp-b.LastEventTimestamp, 1), -1))
		}
		if in.Descending {
			return -order
		}
		return order
	})
	some, next, err := page(in.Limit, in.NextToken, all, func(a streamAnswer) string { return a.LogStreamName })
	if err != nil {
		return nil, err
	}
	return listing("logStreams", some, next), nil
}

// streams describes the group's streams whose names begin with a prefix.
func (g *group) streams(prefix string) []streamAnswer {
	byName := map[string]*streamAnswer{}
	for name, created := range g.Streams {
		if strings.HasPrefix(name, prefix) {
			byName[name] = &streamAnswer{LogStreamName: name, CreationTime: created.UnixMilli(), ARN: g.arn() + ":log-stream:" + name}
		}
	}
	for i := range g.events {
		e := &g.events[i]
		a := byName[e.Stream]
		if a == nil {
			continue
		}
		if a.UploadSequenceToken == "" {
			a.FirstEventTimestamp = e.Time
		}
		a.LastEventTimestamp, a.LastIngestionTime = e.Time, max(a.LastIngestionTime, e.Ingested)
		a.UploadSequenceToken = sequenceToken(e.Serial)
	}
	list := make([]streamAnswer, 0, len(byName))
	for _, a := range byName {
		list = append(list, *a)
	}
	return list
}

// cutoff is the time before which events have expired; false when they never
// do.
func (g *group) cutoff(now time.Time) (int64, bool) {
	if g.Retention == 0 {
		return 0, false
	}
	return now.AddDate(0, 0, -g.Retention).UnixMilli(), true
}
