package render

import (
	"fmt"
	"io"
	"time"

	"trailctl/trail"
)

// WaitedText writes what came of waiting, for people.
func WaitedText(w io.Writer, a trail.Awaited, out trail.Waited) error {
	if out.Came.IsZero() {
		return nil // the error says it
	}
	_, err := fmt.Fprintf(w, "%s: the trail delivered at %s, after %s of waiting\n", a, out.Came.UTC().Format(time.RFC3339), out.Length)
	return err
}

// WaitedJSON writes what came of waiting as one document.
func WaitedJSON(w io.Writer, a trail.Awaited, out trail.Waited) error {
	return JSON(w, struct {
		Version  int           `json:"version"`
		Trail    trailJSON     `json:"trail"`
		For      trail.Awaited `json:"for"`
		After    *time.Time    `json:"after"`
		Came     *time.Time    `json:"came"`
		Waited   float64       `json:"waitedSeconds"`
		Problems []problemJSON `json:"problems"`
	}{jsonVersion, newTrailJSON(out.Status.Trail), a, orNull(out.After), orNull(out.Came), out.Length.Seconds(), problemsJSON(out.Status.Problems())})
}
