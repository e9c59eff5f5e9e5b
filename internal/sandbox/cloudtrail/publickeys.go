package cloudtrail

import (
	"trailctl/internal/sandbox/call"
)

// keyPage is how many keys ListPublicKeys answers at once (assumption A16).
const keyPage = 50

type publicKeysInput struct {
	StartTime, EndTime *epoch
	NextToken          string
}

// publicKey is a key as ListPublicKeys answers it; Value goes out in base64.
type publicKey struct {
	Value             []byte
	ValidityStartTime *epoch
	ValidityEndTime   *epoch
	Fingerprint       string
}

// listPublicKeys lists the keys of the caller's region that sign in a range
// of time, without one the current key. A region has a current key even
// before it has signed anything.
func (s *Service) listPublicKeys(c *call.Call, in publicKeysInput) (any, *call.Error) {
	start, end := c.Time, c.Time
	if in.EndTime != nil {
		end = in.EndTime.time()
	}
	if in.StartTime != nil {
		start = in.StartTime.time()
	} else if in.EndTime != nil {
		start = end
	}
	if start.After(end) {
		return nil, refuse("InvalidTimeRangeException", "The start time %s is after the end time %s.", stamp(start), stamp(end))
	}
	if _, err := s.keys.at(c.Region, c.Time); err != nil {
		s.log.Error("a signing key could not be made", "region", c.Region, "error", err)
		return nil, &call.Error{Status: 500, Code: "InternalFailure", Message: "the signing key could not be made"}
	}
	list := []publicKey{}
	for _, k := range s.keys.between(c.Region, start, end) {
		list = append(list, publicKey{k.public, toEpoch(k.from), toEpoch(k.until), k.fingerprint})
	}
	page, next, err := cut(list, in.NextToken, keyPage)
	if err != nil {
		return nil, err
	}
	return withToken(map[string]any{"PublicKeyList": page}, next), nil
}
