package policy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// kept is a policy somewhere, with other writers and slow readers.
type kept struct {
	text    string
	shown   []string    // texts that reads show first, before the true one
	onRead  func(*kept) // happens after each read
	onWrite func(*kept) // happens after each write
	writes  int
}

func (k *kept) store(max int) Store {
	return Store{
		Name: "the policy of x", Max: max,
		Read: func(context.Context) (string, error) {
			if len(k.shown) > 0 {
				text := k.shown[0]
				k.shown = k.shown[1:]
				return text, nil
			}
			text := k.text
			if k.onRead != nil {
				k.onRead(k)
			}
			return text, nil
		},
		Write: func(_ context.Context, text string) error {
			k.text = text
			k.writes++
			if k.onWrite != nil {
				k.onWrite(k)
			}
			return nil
		},
	}
}

func noSleep(context.Context, time.Duration) error { return nil }

func TestStore(t *testing.T) {
	const foreign = `{"Version":"2012-10-17","Statement":[` + foreignDeny + `]}`
	newer := strings.Replace(foreign, "TLS", "Newer", 1)
	overwrite := func(times int) func(*kept) {
		return func(k *kept) {
			if k.writes <= times {
				k.text = newer
			}
		}
	}
	granted, err := Merge(foreign, []Grant{writeGrant()})
	if err != nil {
		t.Fatal(err)
	}
	ours := strings.Replace(granted.After, foreignDeny+",", "", 1)
	// Somebody writes a version that still holds ours, from before it went.
	restored := strings.Replace(granted.After, "TLS", "Newer", 1)
	tests := map[string]struct {
		kept    kept
		revoke  bool
		max     int
		writes  int
		changed bool
		text    string // afterwards; "-" for whatever holds the grant
		has     string
		err     error
	}{
		"none":                 {kept: kept{}, writes: 1, changed: true, text: ours},
		"foreign":              {kept: kept{text: foreign}, writes: 1, changed: true, text: granted.After},
		"there":                {kept: kept{text: granted.After}, text: granted.After},
		"slow to show":         {kept: kept{text: foreign, shown: []string{foreign, foreign, foreign}}, writes: 1, changed: true, text: granted.After},
		"overwritten":          {kept: kept{text: foreign, onWrite: overwrite(2)}, writes: 3, changed: true, text: restored},
		"overwritten for ever": {kept: kept{text: foreign, onWrite: overwrite(99)}, writes: storeAttempts, err: ErrContest, text: newer},
		"too large":            {kept: kept{text: foreign}, max: len(granted.After) - 1, err: ErrTooLarge, text: foreign},
		"just fits":            {kept: kept{text: foreign}, max: len(granted.After), writes: 1, changed: true, text: granted.After},
		"no policy":            {kept: kept{text: "{"}, err: errors.ErrUnsupported, text: "{"},
		"revoke":               {kept: kept{text: granted.After}, revoke: true, writes: 1, changed: true, text: foreign},
		"revoke the last":      {kept: kept{text: ours}, revoke: true, writes: 1, changed: true, text: ""},
		"revoke nothing":       {kept: kept{text: foreign}, revoke: true, text: foreign},
		"revoke, slow to show": {kept: kept{text: granted.After, shown: []string{granted.After, granted.After}}, revoke: true, writes: 1, changed: true, text: foreign},
		"revoke, restored": {revoke: true, writes: 2, changed: true, text: newer, kept: kept{text: granted.After, onWrite: func(k *kept) {
			if k.writes == 1 {
				k.text = restored
			}
		}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, do := tt.kept.store(tt.max), Store.Allow
			before := tt.kept.text
			if tt.revoke {
				do = Store.Revoke
			}
			got, err := do(s, t.Context(), []Grant{writeGrant()}, noSleep)
			if (err == nil) != (tt.err == nil) || err != nil && tt.err != errors.ErrUnsupported && !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil && !strings.Contains(err.Error(), s.Name) {
				t.Errorf("%v does not say which policy", err)
			}
			if tt.kept.writes != tt.writes || tt.kept.text != tt.text {
				t.Errorf("%d writes, want %d\ngot  %s\nwant %s", tt.kept.writes, tt.writes, tt.kept.text, tt.text)
			}
			if err == nil && (got.Changed != tt.changed || got.Before != before) {
				t.Errorf("%+v, changed should be %v", got, tt.changed)
			}
		})
	}
}

func TestStoreEndsWithTheContext(t *testing.T) {
	k := kept{shown: []string{"", ""}}
	stop := errors.New("stop")
	_, err := k.store(0).Allow(t.Context(), []Grant{writeGrant()}, func(context.Context, time.Duration) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

// What becomes of a statement that somebody else writes at each moment of
// ours: AWS has no lock, so that one moment loses theirs and one loses ours.
func TestStoreOtherWriters(t *testing.T) {
	const foreign = `{"Version":"2012-10-17","Statement":[` + foreignDeny + `]}`
	newer := strings.Replace(foreign, "TLS", "Newer", 1)
	holds := func(text string) bool {
		c, err := Merge(text, []Grant{writeGrant()})
		return err == nil && !c.Changed
	}
	write := func(k *kept) { k.text = newer }
	tests := map[string]struct {
		kept         kept
		ours, theirs bool // stand there in the end
		waits        int
	}{
		"before our read":            {kept: kept{text: newer}, ours: true, theirs: true},
		"between our read and write": {kept: kept{text: foreign, onRead: first(write)}, ours: true, theirs: false},
		"between our write and read": {kept: kept{text: foreign, onWrite: first(write)}, ours: true, theirs: true, waits: 1},
		"after we have read it back": {kept: kept{text: foreign, onRead: second(write)}, ours: false, theirs: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			waits := 0
			wait := func(context.Context, time.Duration) error { waits++; return nil }
			got, err := tt.kept.store(0).Allow(t.Context(), []Grant{writeGrant()}, wait)
			if err != nil || !got.Changed || waits != tt.waits {
				t.Fatalf("%+v, %v, %d waits", got, err, waits)
			}
			if text := tt.kept.text; holds(text) != tt.ours || strings.Contains(text, "Newer") != tt.theirs {
				t.Errorf("ours should be there: %v, theirs: %v; there is %s", tt.ours, tt.theirs, text)
			}
			// Running again mends what was ours, and keeps what is theirs.
			tt.kept.onRead, tt.kept.onWrite = nil, nil
			if _, err := tt.kept.store(0).Allow(t.Context(), []Grant{writeGrant()}, wait); err != nil || !holds(tt.kept.text) {
				t.Errorf("again: %v, %s", err, tt.kept.text)
			}
			if strings.Contains(tt.kept.text, "Newer") != tt.theirs {
				t.Errorf("the second run took theirs away: %s", tt.kept.text)
			}
		})
	}
}

// first and second do something at the first or second read (or write) only.
func first(do func(*kept)) func(*kept) { return nth(1, do) }

func second(do func(*kept)) func(*kept) { return nth(2, do) }

func nth(n int, do func(*kept)) func(*kept) {
	calls := 0
	return func(k *kept) {
		if calls++; calls == n {
			do(k)
		}
	}
}

func TestJitter(t *testing.T) {
	seen := map[time.Duration]bool{}
	for attempt := range 10 {
		for range 20 {
			d := Jitter(attempt)
			if d < 0 || d >= 8*time.Second {
				t.Errorf("attempt %d waits %s", attempt, d)
			}
			seen[d] = true
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d different waits", len(seen))
	}
}
