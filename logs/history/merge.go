package history

import "iter"

// merge yields the items of all streams, newest first. An error comes when it
// is met, before anything that is waiting.
func merge(streams []<-chan item) iter.Seq[item] {
	return func(yield func(item) bool) {
		heads := make([]*item, len(streams))
		for i := range heads {
			heads[i] = next(streams[i])
		}
		for {
			first := -1
			for i, h := range heads {
				if h != nil && (first < 0 || h.before(heads[first])) {
					first = i
				}
			}
			if first < 0 || !yield(*heads[first]) {
				return
			}
			heads[first] = next(streams[first])
		}
	}
}

func next(stream <-chan item) *item {
	it, ok := <-stream
	if !ok {
		return nil
	}
	return &it
}

func (it *item) before(other *item) bool {
	if it.err != nil || other.err != nil {
		return other.err == nil
	}
	return it.at.After(other.at)
}

// window remembers the IDs of the last events. An event that comes twice does
// so close by: the regions are merged in order of time.
type window struct {
	now, before map[string]bool
}

// remembered is how many IDs are kept at least.
const remembered = 100_000

func newWindow() *window { return &window{now: map[string]bool{}} }

// twice tells whether an ID was there before. Records without one never were.
func (w *window) twice(id string) bool {
	switch {
	case id == "":
		return false
	case w.now[id] || w.before[id]:
		return true
	case len(w.now) >= remembered:
		w.now, w.before = map[string]bool{}, w.now
	}
	w.now[id] = true
	return false
}
