package kms

import (
	"slices"
	"strconv"
	"strings"

	"trailctl/internal/sandbox/call"
)

type listInput struct {
	KeyId  string
	Limit  int
	Marker string
}

// page cuts out what Limit and Marker ask for; next is empty at the end.
func page[T any](in listInput, otherwise int, all []T) (some []T, next string, err *call.Error) {
	if in.Limit == 0 {
		in.Limit = otherwise
	}
	from, convErr := strconv.Atoi(firstOf(in.Marker, "0"))
	switch {
	case in.Limit < 1 || in.Limit > 1000:
		return nil, "", invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and 1000", in.Limit)
	case convErr != nil || from < 0 || from > len(all):
		return nil, "", refuse("InvalidMarkerException", "Could not deserialize marker '%.100s'", in.Marker)
	case len(all)-from <= in.Limit:
		return append([]T{}, all[from:]...), "", nil
	}
	return all[from : from+in.Limit], strconv.Itoa(from + in.Limit), nil
}

// listing is the answer to the List calls: some under their own name.
func listing(name string, some any, next string) map[string]any {
	out := map[string]any{name: some, "Truncated": next != ""}
	if next != "" {
		out["NextMarker"] = next
	}
	return out
}

func (s *Service) listKeys(c *call.Call, in listInput) (any, *call.Error) {
	type entry struct{ KeyId, KeyArn string }
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []entry
	for _, k := range s.keys {
		if k.Account == c.Account && k.Region == c.Region && !k.gone(c.Time) {
			all = append(all, entry{k.ID, k.ARN})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.KeyId, b.KeyId) })
	some, next, err := page(in, 100, all)
	if err != nil {
		return nil, err
	}
	return listing("Keys", some, next), nil
}
