package validate

import "sync"

// Outlook follows a check that is under way and guesses how much there is to
// do. The zero value is ready; a nil one hears nothing. One serves one check.
type Outlook struct {
	mu     sync.Mutex
	units  int // account and region pairs; 0 until they are known
	begun  int // of them, those whose digest files were listed
	chains map[chainID]*stretch
}

// stretch is how far the walk of a chain came.
type stretch struct {
	listed, walked int // digest files
	logFiles       int // that the walked ones list
}

// Guess is how much there is to do.
type Guess struct {
	// Units are pairs of account and region, 0 until they are known; Begun
	// those of them whose digest files are known.
	Units, Begun int
	// Digests and LogFiles are what is expected in all, 0 while nobody can
	// tell. Both may rise and fall.
	Digests, LogFiles int
}

// Guess tells what is known now. A chain is taken to go on as it began, and a
// pair of account and region that nobody looked into yet to be like the others.
func (o *Outlook) Guess() Guess {
	o.mu.Lock()
	defer o.mu.Unlock()
	g := Guess{Units: o.units, Begun: o.begun}
	if o.begun == 0 {
		return g
	}
	var digests, known, logs, unknown float64
	for _, s := range o.chains {
		listed := float64(max(s.listed, s.walked))
		digests += listed
		if s.walked == 0 {
			unknown += listed
			continue
		}
		known += listed
		logs += float64(s.logFiles) / float64(s.walked) * listed
	}
	if unknown > 0 && known > 0 {
		logs += logs / known * unknown
	}
	more := float64(o.units) / float64(o.begun)
	g.Digests, g.LogFiles = int(digests*more), int(logs*more)
	return g
}

func (o *Outlook) found(units int) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.units, o.chains = units, map[chainID]*stretch{}
}

// opened says that a unit's digest files have been listed.
func (o *Outlook) opened() {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun++
}

// listed says that a chain has so many digest files.
func (o *Outlook) listed(id chainID, digests int) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.chains[id] = &stretch{listed: digests}
}

// walked says that a digest file has been judged, whose log files come next.
func (o *Outlook) walked(id chainID, d *digestFile) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.chains[id]
	if s == nil {
		return
	}
	s.walked++
	if d.status == Valid && d.doc != nil {
		s.logFiles += d.doc.listed
	}
}
