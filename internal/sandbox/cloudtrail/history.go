package cloudtrail

import (
	"slices"
	"sort"
	"sync"
	"time"
)

const (
	// defaultMaxHistory is how many events the history keeps in all, about
	// 1.5 KB each.
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
	file   *historyFile // nil without a folder
}

type place struct{ account, region string }

// placeHistory is the history of one region, oldest first.
type placeHistory struct{ events []entry }

// entry is an event and when it came in, which orders events of one second.
type entry struct {
	Event
	serial int
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
	if h.file != nil {
		return h.file.append(e.JSON)
	}
	return nil
}

// insert keeps a region's events in the order of time; almost all come at
// its end.
func (h *history) insert(e Event) {
	key := place{e.Account, e.Region}
	p := h.places[key]
	if p == nil {
		p = &placeHistory{}
		h.places[key] = p
	}
	h.serial++
	i := len(p.events)
	for i > 0 && p.events[i-1].Time.After(e.Time) {
		i--
	}
	p.events = slices.Insert(p.events, i, entry{e, h.serial})
	h.total++
	h.trim(p, e.Time.Add(-historyLife))
}

// trim forgets what is older than oldest, and one event if there are too many.
func (h *history) trim(p *placeHistory, oldest time.Time) {
	n := 0
	for n < len(p.events) && p.events[n].Time.Before(oldest) {
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

// lookup goes back through a region's events from before the cursor, or from
// the newest, and returns up to limit of those that match. more is the
// cursor for the next page, nil when there are none.
func (h *history) lookup(at place, window window, from *cursor, limit int, match func(*Event) bool) (page []Event, more *cursor) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	p := h.places[at]
	if p == nil {
		return nil, nil
	}
	end := len(p.events)
	if from != nil {
		end = sort.Search(end, func(i int) bool { return !p.events[i].before(*from) })
	}
	var last cursor
	for i := end - 1; i >= 0 && !p.events[i].Time.Before(window.start); i-- {
		e := &p.events[i]
		if e.Time.After(window.end) || !match(&e.Event) {
			continue
		}
		if len(page) == limit {
			return page, &last
		}
		page = append(page, e.Event)
		last = cursor{e.Time, e.serial}
	}
	return page, nil
}

func (e entry) before(c cursor) bool {
	if e.Time.Equal(c.Time) {
		return e.serial < c.Serial
	}
	return e.Time.Before(c.Time)
}

// window is a range of time with both ends included.
type window struct{ start, end time.Time }
