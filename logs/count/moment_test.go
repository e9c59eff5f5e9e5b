package count

import (
	"testing"
	"time"
)

func TestMomentEveryDay(t *testing.T) {
	for at := time.Date(0, 1, 1, 12, 34, 56, 0, time.UTC); at.Year() < 10_000; at = at.AddDate(0, 0, 1) {
		text := at.Format(time.RFC3339)
		got, ok := quick([]byte(text))
		if !ok || got != at.UnixMicro() {
			t.Fatalf("%s: %d, %v, want %d", text, got, ok, at.UnixMicro())
		}
	}
}

// agrees tells whether a text is read as the time package reads it.
func agrees(t *testing.T, text string) {
	t.Helper()
	want := int64(noMoment)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		want = at.UnixMicro()
	}
	if got := moment([]byte(text)); got != want {
		t.Errorf("%q: %d, want %d", text, got, want)
	}
}

var moments = []string{
	"", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00.123456Z", "2026-01-01T10:00:00+01:00", "2026-02-29T00:00:00Z",
	"2024-02-29T23:59:59Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z",
	"2026-01-01T24:00:00Z", "2026-01-01T10:60:00Z", "2026-01-01T10:00:60Z", "2026-01-01t10:00:00Z", "2026-01-01T10:00:00z",
	"2026-01-01T1a:00:00Z", "2026-01-01 10:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "...",
	"2026-01-01T10:00:0 Z", "-026-01-01T10:00:00Z", "2026-01-01T10:00:00,5Z",
}

func TestMoment(t *testing.T) {
	for _, text := range moments {
		agrees(t, text)
	}
}

func FuzzMoment(f *testing.F) {
	for _, text := range moments {
		f.Add(text)
	}
	f.Fuzz(agrees)
}

func TestStart(t *testing.T) {
	for _, c := range []struct {
		at       string
		interval time.Duration
		want     string
	}{
		{"2026-01-15T09:59:59Z", time.Hour, "2026-01-15T09:00:00Z"},
		{"2026-01-15T09:00:00Z", time.Hour, "2026-01-15T09:00:00Z"},
		{"2026-01-15T09:59:59Z", 15 * time.Minute, "2026-01-15T09:45:00Z"},
		{"2026-01-15T09:59:59Z", day, "2026-01-15T00:00:00Z"},
		{"2026-01-15T09:59:59Z", week, "2026-01-12T00:00:00Z"}, // a Monday
		{"2026-01-12T00:00:00Z", week, "2026-01-12T00:00:00Z"},
		{"1969-12-31T23:59:59Z", time.Hour, "1969-12-31T23:00:00Z"},
		{"1970-01-01T00:00:00Z", week, "1969-12-29T00:00:00Z"},
		{"0001-01-01T00:00:01Z", 2 * day, "0001-01-01T00:00:00Z"},
	} {
		if got := toTime(start(moment([]byte(c.at)), c.interval)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s in pieces of %s: %s, want %s", c.at, c.interval, got, c.want)
		}
	}
}
