package clock

import (
	"testing"
	"time"
)

func TestManual(t *testing.T) {
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.FixedZone("", 3600))
	m := NewManual(start)
	m.Advance(time.Hour)
	m.Advance(-time.Minute)
	if want := start.Add(time.Hour); !m.Now().Equal(want) || m.Now().Location() != time.UTC {
		t.Errorf("it is %s, want %s", m.Now(), want)
	}
}

func TestOffset(t *testing.T) {
	var o Offset
	o.Advance(24 * time.Hour)
	o.Advance(-time.Hour)
	if ahead := o.Now().Sub(Real{}.Now()); ahead > 24*time.Hour || ahead < 23*time.Hour {
		t.Errorf("the clock is %s ahead", ahead)
	}
}
