package validate

import (
	"context"
	"sync"
	"testing"
	"time"

	"trailctl/bucket"
)

// meeting is where so many calls wait for each other, but not for ever.
type meeting struct {
	wait sync.WaitGroup
	once [2]sync.Once
}

func newMeeting() *meeting {
	m := &meeting{}
	m.wait.Add(len(m.once))
	return m
}

// come tells whether the other one came, too.
func (m *meeting) come(who int) bool {
	m.once[who].Do(m.wait.Done)
	met := make(chan bool)
	go func() { m.wait.Wait(); close(met) }()
	select {
	case <-met:
		return true
	case <-time.After(5 * time.Second):
		return false
	}
}

// meetingStore lets calls wait at a meeting.
type meetingStore struct {
	Store
	folders, get func(string)
}

func (s meetingStore) Folders(ctx context.Context, prefix string) ([]string, error) {
	s.folders(prefix)
	return s.Store.Folders(ctx, prefix)
}

func (s meetingStore) Get(ctx context.Context, key string) (*bucket.Body, error) {
	s.get(key)
	return s.Store.Get(ctx, key)
}

type meetingKeys struct {
	KeySource
	ask func()
}

func (k meetingKeys) PublicKeys(ctx context.Context, region string, from, to time.Time) ([]PublicKey, error) {
	k.ask()
	return k.KeySource.PublicKeys(ctx, region, from, to)
}

// What need not wait for each other is asked for side by side: each call of a
// bucket far away takes long.
func TestCallsSideBySide(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 3)
	folders, keys := newMeeting(), newMeeting()
	base := k.id.Base
	o := k.options()
	open := o.Open
	o.Open = func(ctx context.Context, name string) (Store, error) {
		s, err := open(ctx, name)
		return meetingStore{s, func(prefix string) {
			switch prefix {
			case base.Regions(bucket.Digest):
				if !folders.come(0) {
					t.Error("the folders of log files were not asked for meanwhile")
				}
			case base.Regions(bucket.LogFile):
				folders.come(1)
			}
		}, func(string) { keys.come(0) }}, err
	}
	o.Keys = meetingKeys{k, func() {
		if !keys.come(1) {
			t.Error("no digest file was fetched meanwhile")
		}
	}}
	if r := k.check(o); r.Verdict != VerdictValid {
		t.Errorf("%s %q", r.Verdict, briefs(r))
	}
}

// Accounts of an organization are looked into side by side.
func TestAccountsSideBySide(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 2)
	both := newMeeting()
	other := bucket.Base{Account: "999988887777"}
	o := k.options()
	o.Bases = []bucket.Base{k.id.Base, other}
	open := o.Open
	o.Open = func(ctx context.Context, name string) (Store, error) {
		s, err := open(ctx, name)
		return meetingStore{s, func(prefix string) {
			switch prefix {
			case k.id.Regions(bucket.Digest):
				if !both.come(0) {
					t.Error("the other account was not looked into meanwhile")
				}
			case other.Regions(bucket.Digest):
				both.come(1)
			}
		}, func(string) {}}, err
	}
	if r := k.check(o); r.Verdict != VerdictValid {
		t.Errorf("%s %q", r.Verdict, briefs(r))
	}
}
