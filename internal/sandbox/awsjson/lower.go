package awsjson

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LowerCamel turns the JSON of a request or an answer into the form in which
// records carry it: the names begin with a lower-case letter, times are
// texts, an empty object is null. A map of tags keeps its keys.
func LowerCamel(body []byte) map[string]any {
	var in map[string]any
	if json.Unmarshal(body, &in) != nil || len(in) == 0 {
		return nil
	}
	return lowerMap(in)
}

func lowerMap(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for k, v := range in {
		name := lowerFirst(k)
		if n, ok := v.(float64); ok && upperFirst(k) && isTime(k) {
			out[name] = FromEpoch(n).Format("Jan 2, 2006, 3:04:05 PM")
			continue
		}
		if _, isMap := v.(map[string]any); isMap && k == "tags" {
			out[name] = v
			continue
		}
		out[name] = lowerValue(v)
	}
	return out
}

func lowerValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return lowerMap(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = lowerValue(v[i])
		}
		return out
	}
	return v
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func isTime(name string) bool {
	return strings.HasSuffix(name, "Date") || strings.HasSuffix(name, "Timestamp") || strings.HasSuffix(name, "Time")
}

func upperFirst(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r)
}

// FromEpoch reads a time as requests carry it: seconds since 1970, possibly
// with a fraction. Times beyond the year 9999 are cut to it.
func FromEpoch(seconds float64) time.Time {
	const limit = 253402300799
	seconds = max(min(seconds, limit), -limit)
	return time.UnixMilli(int64(seconds * 1000)).UTC()
}

// Epoch writes a time as answers carry it: seconds since 1970 with
// milliseconds, or nil for a time that never was.
func Epoch(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	n := float64(t.UnixMilli()) / 1000
	return &n
}
