package cloudtrail

import "sync"

// What goes into the log about a trail's deliveries.
const (
	undelivered = "a log file could not be delivered"
	undigested  = "a digest file could not be delivered"
	unsent      = "a notification could not be sent"
	unlogged    = "events could not be written to the log group"
)

// warnings are those that count at present, so that each cause is told once a
// trail, not once a region and interval.
type warnings struct {
	mu   sync.Mutex
	told map[warningAbout]map[string]bool // error codes
}

type warningAbout struct{ trail, what string }

// first tells whether this is news, and remembers it.
func (w *warnings) first(t *trail, what, code string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	about := warningAbout{t.arn(), what}
	if w.told == nil {
		w.told = map[warningAbout]map[string]bool{}
	}
	if w.told[about] == nil {
		w.told[about] = map[string]bool{}
	}
	news := !w.told[about][code]
	w.told[about][code] = true
	return news
}

// forget notes that it works again.
func (w *warnings) forget(t *trail, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.told, warningAbout{t.arn(), what})
}

// warn writes a failed delivery into the log. That nothing is heard of the
// upstream is told by whoever noticed it.
func (s *Service) warn(j *job, what, before, code string) {
	if code != before && code != NotReachable && s.warned.first(&j.trail, what, code) {
		s.log.Warn(what, "trail", j.trail.Name, "bucket", j.trail.Bucket, "error", code)
	}
}
