package cloudtrail

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
)

// maxLookup is how many events LookupEvents answers at once, at most and by
// default.
const maxLookup = 50

type lookupAttribute struct{ AttributeKey, AttributeValue string }

type lookupInput struct {
	LookupAttributes []lookupAttribute
	StartTime        *epoch
	EndTime          *epoch
	EventCategory    string
	MaxResults       *int
	NextToken        string
}

// foundEvent is an event in the answer of LookupEvents.
type foundEvent struct {
	EventId         string
	EventName       string
	ReadOnly        string
	AccessKeyId     string `json:",omitempty"`
	EventTime       *epoch
	EventSource     string
	Username        string `json:",omitempty"`
	Resources       []foundResource
	CloudTrailEvent string
}

type foundResource struct{ ResourceType, ResourceName string }

// lookupEvents finds events of the caller's region, newest first.
func (s *Service) lookupEvents(c *call.Call, in lookupInput) (any, *call.Error) {
	match, err := in.matcher()
	if err != nil {
		return nil, err
	}
	win, err := in.window(c.Time)
	if err != nil {
		return nil, err
	}
	limit := maxLookup
	if in.MaxResults != nil {
		if limit = *in.MaxResults; limit < 1 || limit > maxLookup {
			return nil, refuse("InvalidMaxResultsException", "The specified maximum results value %d is not valid: it is 1 to %d.", limit, maxLookup)
		}
	}
	from, err := in.cursor()
	if err != nil {
		return nil, err
	}
	list := []foundEvent{}
	if in.EventCategory != "" { // "insight", the only one there is: the sandbox has no Insights events
		return map[string]any{"Events": list}, nil
	}
	page, more := s.history.lookup(place{c.Account, c.Region}, win, from, limit, match)
	for _, e := range page {
		list = append(list, found(e))
	}
	next := ""
	if more != nil {
		next = in.token(*more)
	}
	return withToken(map[string]any{"Events": list}, next), nil
}

func found(e Event) foundEvent {
	f := foundEvent{
		EventId: e.ID, EventName: e.Name, ReadOnly: strconv.FormatBool(e.ReadOnly), AccessKeyId: e.AccessKeyID,
		EventTime: toEpoch(e.Time), EventSource: e.Source, Username: e.UserName,
		Resources: []foundResource{}, CloudTrailEvent: string(e.JSON),
	}
	for _, r := range e.Related {
		f.Resources = append(f.Resources, foundResource{r.Type, r.Name})
	}
	return f
}

func (in lookupInput) window(now time.Time) (window, *call.Error) {
	w := window{start: now.Add(-historyLife), end: now}
	if in.StartTime != nil && in.StartTime.time().After(w.start) {
		w.start = in.StartTime.time()
	}
	if in.EndTime != nil {
		w.end = in.EndTime.time()
	}
	if in.StartTime != nil && in.EndTime != nil && in.StartTime.time().After(in.EndTime.time()) {
		return w, refuse("InvalidTimeRangeException", "The start time %s is after the end time %s.", stamp(in.StartTime.time()), stamp(w.end))
	}
	return w, nil
}

// matcher is the test that the attribute asks for. There may be one only.
func (in lookupInput) matcher() (func(*Event) bool, *call.Error) {
	const code = "InvalidLookupAttributesException"
	if in.EventCategory != "" && in.EventCategory != "insight" {
		return nil, refuse("InvalidEventCategoryException", "The event category %.100q is not valid: it can be insight.", in.EventCategory)
	}
	switch len(in.LookupAttributes) {
	case 0:
		return func(*Event) bool { return true }, nil
	case 1:
	default:
		return nil, refuse(code, "You can only specify one lookup attribute.")
	}
	a := in.LookupAttributes[0]
	if a.AttributeValue == "" {
		return nil, refuse(code, "The value of the lookup attribute %s is empty.", a.AttributeKey)
	}
	matchers := map[string]func(*Event) bool{
		"EventId":     func(e *Event) bool { return e.ID == a.AttributeValue },
		"EventName":   func(e *Event) bool { return e.Name == a.AttributeValue },
		"EventSource": func(e *Event) bool { return e.Source == a.AttributeValue },
		"ReadOnly":    func(e *Event) bool { return strconv.FormatBool(e.ReadOnly) == strings.ToLower(a.AttributeValue) },
		"Username":    func(e *Event) bool { return e.UserName == a.AttributeValue },
		"AccessKeyId": func(e *Event) bool { return e.AccessKeyID == a.AttributeValue },
		"ResourceName": func(e *Event) bool {
			return slices.ContainsFunc(e.Related, func(r Related) bool { return r.Name == a.AttributeValue })
		},
		"ResourceType": func(e *Event) bool {
			return slices.ContainsFunc(e.Related, func(r Related) bool { return r.Type == a.AttributeValue })
		},
	}
	m, known := matchers[a.AttributeKey]
	if !known {
		return nil, refuse(code, "The lookup attribute %.100q is not valid.", a.AttributeKey)
	}
	return m, nil
}

// nextPage is what a NextToken says: where the page begins, and a digest of
// the question, because a token goes with one question only.
type nextPage struct {
	cursor
	Query string
}

func (in lookupInput) token(at cursor) string {
	text, _ := json.Marshal(nextPage{at, in.query()}) // texts, times and numbers always marshal
	return base64.RawURLEncoding.EncodeToString(text)
}

func (in lookupInput) cursor() (*cursor, *call.Error) {
	if in.NextToken == "" {
		return nil, nil
	}
	var p nextPage
	text, err := base64.RawURLEncoding.DecodeString(in.NextToken)
	if err != nil || json.Unmarshal(text, &p) != nil || p.Query != in.query() {
		return nil, refuse("InvalidNextTokenException", "The token is not valid, or belongs to another question.")
	}
	return &p.cursor, nil
}

func (in lookupInput) query() string {
	in.NextToken, in.MaxResults = "", nil
	text, _ := json.Marshal(in)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
