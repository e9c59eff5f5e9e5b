package describe

import (
	"strings"
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
)

// shape turns the names and values of one service into those of its records:
// the names of members begin with a lower-case letter, the keys of maps stay
// as they are, times are texts, and secrets are hidden.
type shape struct {
	service string
	facts   *facts
}

func shapeOf(c *call.Call) shape { return shape{tableName(c.Service), factsOf(c.Service)} }

// fields is a structure.
func (s shape) fields(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for name, v := range in {
		out[clean(lowerFirst(name), maxWord)] = s.member(name, v)
	}
	s.hidePairs(in, out)
	return out
}

// member is the value of a member of that name.
func (s shape) member(name string, v any) any {
	if s.secret(name, v) {
		return hidden
	}
	switch v := v.(type) {
	case map[string]any:
		if s.facts.isMap(name) {
			return s.entries(v)
		}
		return s.fields(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = s.element(name, v[i])
		}
		return out
	case seconds:
		return timeText(float64(v))
	case string:
		return withoutSecrets(v)
	}
	if n, ok := number(v); ok && isTime(name) && isEpoch(n) && s.service != "logs" { // whose times are mere numbers
		return timeText(n)
	}
	return v
}

// element is one of a list's values.
func (s shape) element(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		return s.fields(v)
	case []any:
		return s.member(name, v)
	case string:
		if s.secret(name, v) {
			return hidden // beside structures
		}
		return withoutSecrets(v)
	}
	return v
}

// entries is a map, whose keys are the caller's.
func (s shape) entries(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for key, v := range in {
		out[clean(key, maxMessage)] = s.member(key, v)
	}
	return out
}

func isTime(name string) bool {
	return strings.HasSuffix(name, "Date") || strings.HasSuffix(name, "Timestamp") || strings.HasSuffix(name, "Time") ||
		strings.HasSuffix(name, "At") || name == "Expiration"
}

// isEpoch tells a moment (1973 to 5138) from a span of time.
func isEpoch(n float64) bool { return n > 1e8 && n < 1e11 }

// timeText is a time as records carry it in parameters and elements.
func timeText(n float64) string { return textOf(awsjson.FromEpoch(n)) }

func textOf(t time.Time) string { return t.UTC().Format("Jan 2, 2006, 3:04:05 PM") }
