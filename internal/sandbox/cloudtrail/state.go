package cloudtrail

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Names in the folder that keeps the state.
const (
	stateFile   = "cloudtrail.json"
	historyName = "history.jsonl"
)

// state is what stays over a restart besides the history: trails with their
// chains and waiting events, and the signing keys. It is private to its user.
type state struct {
	Version int
	Trails  []*trail
	Ended   []*trail // deleted, with a last delivery to come
	Keys    map[string][]savedKey
	Journal int // the number of the first journal that is not in it
}

type savedKey struct {
	PKCS1       []byte
	From, Until time.Time
}

// Save writes the state to its folder; without one it does nothing. What comes
// after the last Save stands in the journal. Calls and deliveries may go on
// meanwhile.
func (s *Service) Save() {
	if s.dir == "" {
		return
	}
	if err := s.save(); err != nil {
		s.log.Error("the state could not be saved", "error", err)
	}
}

func (s *Service) save() error {
	s.saving.Lock()
	defer s.saving.Unlock()
	text, number, err := s.state()
	if err != nil {
		return fmt.Errorf("writing the state of CloudTrail: %w", err)
	}
	err = writeFile(filepath.Join(s.dir, stateFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err == nil {
		s.journal.clear(number)
	}
	return err
}

// state is the text of the state, and the number of the journal that follows
// on it.
func (s *Service) state() (text []byte, number int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chainsByRef() // gives each trail its id
	number = s.journal.turn()
	st := state{Version: 1, Trails: s.trails, Ended: s.ended, Keys: s.keys.saved(), Journal: number}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // records stay as they are
	err = enc.Encode(st)
	return b.Bytes(), number, err
}

// writeFile replaces a file as a whole, or not at all.
func writeFile(name string, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	err = errors.Join(write(tmp), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

// Close saves the state for the last time.
func (s *Service) Close() error {
	if s.dir == "" {
		return nil
	}
	return errors.Join(s.save(), s.journal.close(), s.history.close())
}

func (s *Service) load() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("making the state folder: %w", err)
	}
	if err := removeUnfinished(s.dir); err != nil {
		return fmt.Errorf("clearing the state folder: %w", err)
	}
	for _, name := range []string{stateFile, historyName} {
		if err := regularOrMissing(filepath.Join(s.dir, name)); err != nil {
			return fmt.Errorf("opening the state of CloudTrail: %w", err)
		}
	}
	s.journal = &journal{dir: s.dir, keys: map[string]bool{}}
	number, err := s.loadState(filepath.Join(s.dir, stateFile))
	if err != nil {
		return err
	}
	if err := s.history.open(filepath.Join(s.dir, historyName)); err != nil {
		return err
	}
	some, err := s.replay(number)
	if some && err == nil {
		s.Save()
	}
	return err
}

// loadState reads the state file, if there is one, and answers the number of
// the journal that follows on it.
func (s *Service) loadState(name string) (number int, err error) {
	text, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("reading the state of CloudTrail: %w", err)
	}
	var st state
	if err := json.Unmarshal(text, &st); err != nil {
		return 0, fmt.Errorf("reading the state of CloudTrail from %s: %w", name, err)
	}
	if st.Version != 1 {
		return 0, fmt.Errorf("reading the state of CloudTrail from %s: version %d is not known", name, st.Version)
	}
	if err := s.keys.restore(st.Keys); err != nil {
		return 0, fmt.Errorf("reading the state of CloudTrail from %s: %w", name, err)
	}
	for _, t := range st.Trails {
		s.insert(t)
	}
	s.ended = st.Ended
	return st.Journal, nil
}

// regularOrMissing refuses links: what is written would go elsewhere.
func regularOrMissing(name string) error {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", name)
	}
	return err
}

// Resume takes up the deliveries of a loaded state, with the intervals that
// count now. What fell due while nobody ran is due at once, but only once: a
// digest file then covers the whole time in between. So is what had ended.
func (s *Service) Resume(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.delivering {
		for _, c := range t.Chains {
			c.resume(at, s.logInterval, s.digestInterval)
		}
	}
}

func (c *chain) resume(at time.Time, logs, digests time.Duration) {
	c.end(at)
	if len(c.Pending) > 0 {
		c.NextLog = nextTick(at, logs)
	}
	if c.Digest != nil {
		if c.Digest.Due = c.Digest.Start.Add(digests); c.Digest.Due.Before(at) || c.Final {
			c.Digest.Due = at
		}
	}
	if !c.On && (len(c.Pending) > 0 || c.Digest != nil) {
		c.Ended, c.EndedAt = endAll, at
	}
}

func (r *keyring) saved() map[string][]savedKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]savedKey{}
	for region, rk := range r.regions {
		rk.mu.Lock()
		for _, k := range rk.keys {
			out[region] = append(out[region], *k.save())
		}
		rk.mu.Unlock()
	}
	return out
}

// restore takes saved keys in, but for those that are there.
func (r *keyring) restore(keys map[string][]savedKey) error {
	for region, list := range keys {
		rk := r.region(region)
		for _, k := range list {
			var private *rsa.PrivateKey
			private, err := x509.ParsePKCS1PrivateKey(k.PKCS1)
			if err != nil {
				return fmt.Errorf("the signing key of %s: %w", region, err)
			}
			key := newSigningKey(private, k.From, k.Until)
			there := func(other *signingKey) bool {
				return other.fingerprint == key.fingerprint && other.from.Equal(key.from)
			}
			if !slices.ContainsFunc(rk.keys, there) {
				rk.keys = append(rk.keys, key)
			}
		}
	}
	return nil
}
