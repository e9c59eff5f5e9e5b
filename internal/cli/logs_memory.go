package cli

import (
	"math"
	"runtime/debug"

	"trailctl/logs"
)

// tightMemory lets the garbage collector work harder before memory grows over
// what the reading of log files needs: what is held would otherwise be doubled
// by what is not yet collected. Where larger files are let in, there is room
// for one of them. Who set a limit with GOMEMLIMIT keeps it. What it returns
// undoes it.
func (o *logsOptions) tightMemory() (undo func()) {
	const usual = 112 << 20
	limit := int64(usual)
	if size, err := parseSize(o.maxFileSize); err == nil && size > logs.DefaultMaxFileSize {
		limit += size - logs.DefaultMaxFileSize
	}
	before := debug.SetMemoryLimit(-1)
	if before != math.MaxInt64 {
		return func() {}
	}
	debug.SetMemoryLimit(limit)
	return func() { debug.SetMemoryLimit(before) }
}
