package render

import (
	"fmt"
	"io"
	"time"

	"trailctl/internal/term"
	"trailctl/trail"
)

// TrailTable writes a list of trails for people. now is what ages are counted
// from on a terminal; elsewhere times are RFC 3339.
func TrailTable(w io.Writer, list []trail.Listed, now time.Time, t Terminal) error {
	table := Table{Columns: []Column{
		{Head: "NAME", Min: 8}, {Head: "HOME", Min: 14}, {Head: "SCOPE", Min: 8}, {Head: "LOGGING"},
		{Head: "DIGESTS"}, {Head: "DELIVERED", Min: 11}, {Head: "BUCKET", Min: 10, Middle: true},
	}}
	for _, l := range list {
		table.Rows = append(table.Rows, trailRow(l, now, t))
	}
	const logging, digest = 3, 4
	table.Paint = func(row, column int) string {
		switch l := list[row]; {
		case column == digest && digests(l) == "failing":
			return "33"
		case column != logging:
			return ""
		case l.Err != nil || !l.Status.Logging:
			return "31"
		case errorsOf(l.Status) != "":
			return "33"
		}
		return "32"
	}
	return table.Write(w, t.Width, t.Colour)
}

func trailRow(l trail.Listed, now time.Time, t Terminal) []string {
	row := []string{term.Escape(l.Name), term.Escape(l.HomeRegion), "?", "?", "?", "?", "?"}
	if l.Bucket != "" {
		row[2], row[4], row[6] = scope(l.Trail), digests(l), term.Escape(place(l.Trail))
	}
	if l.Err == nil {
		row[3], row[5] = logging(l.Status), moment(l.Status.Delivery, now, t)
	}
	return row
}

func scope(t trail.Trail) string {
	s := "one"
	if t.MultiRegion {
		s = "all"
	}
	if t.Organization {
		s += ", org"
	}
	return s
}

func logging(s trail.Status) string {
	switch {
	case !s.Logging:
		return "off"
	case errorsOf(s) != "":
		return "failing"
	}
	return "on"
}

// digests tells whether there are digest files, and whether they arrive.
func digests(l trail.Listed) string {
	if l.LogFileValidation && l.Err == nil && l.Status.Logging && l.Status.DigestError != "" {
		return "failing"
	}
	return onOff(l.LogFileValidation)
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func place(t trail.Trail) string {
	if t.Prefix == "" {
		return t.Bucket
	}
	return t.Bucket + "/" + t.Prefix
}

// moment is a time for people: how long ago on a terminal, RFC 3339 elsewhere
// and when it lies ahead.
func moment(at, now time.Time, t Terminal) string {
	switch {
	case at.IsZero() && t.Width > 0:
		return "never"
	case at.IsZero():
		return "-"
	case t.Width > 0 && !ahead(at, now):
		return Ago(now.Sub(at))
	}
	return at.UTC().Format(time.RFC3339)
}

// Ago says how long ago something was, roughly and shortly.
func Ago(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days ago", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	}
	return "just now"
}

func describe(t trail.Trail) string {
	s := "this region only (" + t.HomeRegion + ")"
	if t.MultiRegion {
		s = "all regions, home " + t.HomeRegion
	}
	if t.Organization {
		s += ", every account of the organization"
	}
	if !t.LogFileValidation {
		s += ", no log file validation"
	}
	return s
}

// pairs writes names and values under each other.
func pairs(w io.Writer, rows [][2]string) error {
	widest := 0
	for _, r := range rows {
		widest = max(widest, len(r[0]))
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, "%-*s  %s\n", widest, r[0], term.Escape(r[1])); err != nil {
			return err
		}
	}
	return nil
}
