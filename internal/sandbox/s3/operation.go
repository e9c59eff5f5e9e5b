package s3

import "trailctl/internal/sandbox/call"

// OperationOf is the name of the operation that a call asks for, as Serve will
// record it.
func (s *Service) OperationOf(c *call.Call) string {
	r, _ := parse(nil, c) // what cannot be parsed is no operation in particular
	return s.route(r).name
}
