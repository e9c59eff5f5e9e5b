package cloudtrail

import (
	"strings"
	"time"
)

// A file whose storing nobody answered may lie in the bucket. The same events
// are sent again under the same name then, so that none is there twice, and a
// digest file does not stand beside another one of the same period.

// doubt is a log file that may have been stored.
type doubt struct {
	Bucket, Key string
	Events      int // of the pending ones, from the first
}

// sealed is a digest file that may have been stored.
type sealed struct {
	Bucket, Key string
	End         time.Time
	Files       int // of the period's, from the first
}

// doubtful tells how many of the pending events, from the first, go into the
// log file that is in doubt; false without one, and when the trail's files go
// somewhere else by now.
func (c *chain) doubtful(t *trail, together int) (events int, ok bool) {
	d := c.Doubt
	if d == nil || d.Bucket != t.Bucket || !strings.HasPrefix(d.Key, t.folder(c.Organization, c.account(t))) || d.Events > together {
		c.Doubt = nil
		return 0, false
	}
	return d.Events, true
}

// doubtful is the digest file of the period that is in doubt; nil without one,
// and when the trail's files go somewhere else by now.
func (p *period) doubtful(t *trail, c *chain) *sealed {
	d := p.Sealed
	if d == nil || d.Bucket != t.Bucket || d.Key != t.digestKey(c, d.End) {
		return nil
	}
	return d
}
