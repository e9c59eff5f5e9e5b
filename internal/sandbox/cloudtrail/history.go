package cloudtrail

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

const (
	// defaultMaxHistory is how many events the history keeps in all, about
	// 300 bytes each.
	defaultMaxHistory = 250_000
	// historyLife is how long AWS keeps them.
	historyLife = 90 * 24 * time.Hour
)

// history is the event history: the management events of 90 days, by account
// and region. When it is full, the oldest event of the largest region goes.
type history struct {
	mu     sync.RWMutex
	max    int
	total  int
	serial int
	places map[place]*placeHistory
	shared traitTable
	packer packer
	file   *historyFile // nil without a folder
}

type place struct{ account, region string }

// placeHistory is the history of one region, oldest first.
type placeHistory struct {
	events []entry
	open   *block // takes the next records
}

// entry is an event and when it came in, which orders events of one second.
type entry struct {
	id     string
	time   time.Time
	serial int
	*traits
	record recordPlace
}

func newHistory(max int) *history {
	return &history{max: max, places: map[place]*placeHistory{}}
}

func (h *history) len() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.total
}

// add takes an event, and writes it to the history's file.
func (h *history) add(e Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.insert(e)
	if h.file == nil {
		return nil
	}
	if err := h.file.append(e.JSON); err != nil {
		return err
	}
	return h.shorten()
}

// insert keeps a region's events in the order of time; almost all come at
// its end.
func (h *history) insert(e Event) {
	key := place{e.Account, e.Region}
	p := h.places[key]
	if p == nil {
		p = &placeHistory{open: &block{}}
		h.places[place{strings.Clone(e.Account), strings.Clone(e.Region)}] = p
	}
	h.serial++
	i := len(p.events)
	for i > 0 && p.events[i-1].time.After(e.Time) {
		i--
	}
	p.events = slices.Insert(p.events, i, entry{e.ID, e.Time, h.serial, h.shared.of(&e), h.keep(p, e.JSON)})
	h.total++
	h.trim(p, e.Time.Add(-historyLife))
}

// keep puts a record where it stays.
func (h *history) keep(p *placeHistory, record []byte) recordPlace {
	if p.open.full() {
		h.packer.pack(p.open)
		p.open = &block{}
	}
	return p.open.add(record)
}

// trim forgets what is older than oldest, and one event if there are too many.
func (h *history) trim(p *placeHistory, oldest time.Time) {
	n := 0
	for n < len(p.events) && p.events[n].time.Before(oldest) {
		n++
	}
	p.drop(n)
	h.total -= n
	if h.total <= h.max {
		return
	}
	for _, other := range h.places {
		if len(other.events) > len(p.events) {
			p = other
		}
	}
	p.drop(1)
	h.total--
}

// drop forgets the first n events. The array behind them is given back when
// append next grows it.
func (p *placeHistory) drop(n int) {
	clear(p.events[:n])
	p.events = p.events[n:]
}

// cursor is the place in a region's history after which a page begins.
type cursor struct {
	Time   time.Time
	Serial int
}

func (e *entry) before(c cursor) bool {
	if e.time.Equal(c.Time) {
		return e.serial < c.Serial
	}
	return e.time.Before(c.Time)
}

// window is a range of time with both ends included.
type window struct{ start, end time.Time }

// lookup goes back through a region's events from before the cursor, or from
// the newest, and returns up to limit of those that match, without Account,
// Region and what else LookupEvents does not tell. more is the cursor for the
// next page, nil when there are none.
func (h *history) lookup(at place, window window, from *cursor, limit int, match func(*Event) bool) (page []Event, more *cursor) {
	s := search{window: window, limit: limit, match: match}
	if from != nil {
		s.last, s.begun = *from, true
	}
	for !h.step(at, &s) {
	}
	r := reader{}
	for i, record := range s.records {
		s.page[i].JSON = r.read(record)
	}
	return s.page, s.more
}

// search is a lookup that is under way.
type search struct {
	window  window
	last    cursor // of the last event that was looked at; if begun
	begun   bool
	limit   int
	match   func(*Event) bool
	page    []Event // without their records
	records []savedRecord
	more    *cursor
}

// searchStep is how many events a lookup looks at before it lets calls be
// recorded.
const searchStep = 4096

// step looks at some events more and tells whether the search is done.
func (h *history) step(at place, s *search) (done bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	p := h.places[at]
	if p == nil {
		return true
	}
	end := sort.Search(len(p.events), func(i int) bool { return p.events[i].time.After(s.window.end) })
	if s.begun {
		end = sort.Search(end, func(i int) bool { return !p.events[i].before(s.last) })
	}
	var e Event
	for i := end - 1; i >= 0 && !p.events[i].time.Before(s.window.start); i-- {
		if end-i > searchStep {
			return false
		}
		kept := &p.events[i]
		if kept.tell(&e); s.match(&e) {
			if len(s.page) == s.limit {
				s.more = &s.last
				return true
			}
			s.page, s.records = append(s.page, e), append(s.records, kept.record.saved())
		}
		s.last, s.begun = cursor{kept.time, kept.serial}, true
	}
	return true
}
