package cloudtrail

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
	Keys    map[string][]savedKey
}

type savedKey struct {
	PKCS1       []byte
	From, Until time.Time
}

// Save writes the state to its folder; without one it does nothing. Events
// that came in since the last Save and wait for delivery are lost when the
// process dies; the history is not.
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
	s.mu.Lock()
	text, err := json.Marshal(state{Version: 1, Trails: s.trails, Keys: s.keys.saved()})
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("writing the state of CloudTrail: %w", err)
	}
	return writeFile(filepath.Join(s.dir, stateFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
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
	return errors.Join(s.save(), s.history.close())
}

func (s *Service) load() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("making the state folder: %w", err)
	}
	for _, name := range []string{stateFile, historyName} {
		if err := regularOrMissing(filepath.Join(s.dir, name)); err != nil {
			return fmt.Errorf("opening the state of CloudTrail: %w", err)
		}
	}
	name := filepath.Join(s.dir, stateFile)
	text, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.history.open(filepath.Join(s.dir, historyName))
	case err != nil:
		return fmt.Errorf("reading the state of CloudTrail: %w", err)
	}
	var st state
	if err := json.Unmarshal(text, &st); err != nil {
		return fmt.Errorf("reading the state of CloudTrail from %s: %w", name, err)
	}
	if st.Version != 1 {
		return fmt.Errorf("reading the state of CloudTrail from %s: version %d is not known", name, st.Version)
	}
	if err := s.keys.restore(st.Keys); err != nil {
		return fmt.Errorf("reading the state of CloudTrail from %s: %w", name, err)
	}
	for _, t := range st.Trails {
		s.insert(t)
	}
	return s.history.open(filepath.Join(s.dir, historyName))
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
// digest file then covers the whole time in between.
func (s *Service) Resume(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trails {
		for _, c := range t.Chains {
			if !c.NextLog.IsZero() {
				c.NextLog = nextTick(at, s.logInterval)
			}
			if c.Digest == nil {
				continue
			}
			if c.Digest.Due = c.Digest.Start.Add(s.digestInterval); c.Digest.Due.Before(at) || c.Final {
				c.Digest.Due = at
			}
		}
	}
}

func (r *keyring) saved() map[string][]savedKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]savedKey{}
	for region, rk := range r.regions {
		rk.mu.Lock()
		for _, k := range rk.keys {
			out[region] = append(out[region], savedKey{x509.MarshalPKCS1PrivateKey(k.private), k.from, k.until})
		}
		rk.mu.Unlock()
	}
	return out
}

func (r *keyring) restore(keys map[string][]savedKey) error {
	for region, list := range keys {
		rk := r.region(region)
		for _, k := range list {
			var private *rsa.PrivateKey
			private, err := x509.ParsePKCS1PrivateKey(k.PKCS1)
			if err != nil {
				return fmt.Errorf("the signing key of %s: %w", region, err)
			}
			rk.keys = append(rk.keys, newSigningKey(private, k.From, k.Until))
		}
	}
	return nil
}
