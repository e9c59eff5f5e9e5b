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
	const logging = 3
	table.Paint = func(row, column int) string {
		switch l := list[row]; {
		case column != logging:
			return ""
		case l.Err != nil || !l.Status.Logging:
			return "31"
		case l.Status.DeliveryError != "" || l.Status.DigestError != "":
			return "33"
		}
		return "32"
	}
	return table.Write(w, t.Width, t.Colour)
}

func trailRow(l trail.Listed, now time.Time, t Terminal) []string {
	row := []string{term.Escape(l.Name), term.Escape(l.HomeRegion), "?", "?", "?", "?", "?"}
	if l.Bucket != "" {
		row[2], row[4], row[6] = scope(l.Trail), onOff(l.LogFileValidation), term.Escape(place(l.Trail))
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
	case s.DeliveryError != "" || s.DigestError != "":
		return "failing"
	}
	return "on"
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

// moment is a time for people: how long ago on a terminal, RFC 3339 elsewhere.
func moment(at, now time.Time, t Terminal) string {
	switch {
	case at.IsZero() && t.Width > 0:
		return "never"
	case at.IsZero():
		return "-"
	case t.Width > 0:
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

// TrailStatus writes a trail's status for people.
func TrailStatus(w io.Writer, s trail.Status, now time.Time, t Terminal) error {
	rows := [][2]string{
		{"Trail", s.Trail.Name},
		{"ARN", s.Trail.ARN},
		{"Scope", describe(s.Trail)},
		{"Bucket", place(s.Trail)},
		{"Logging", loggingSince(s)},
		{"Log files", lastTime(s.Delivery, now, t, never(s, "they take 5 to 15 minutes"))},
	}
	if s.Trail.LogFileValidation {
		rows = append(rows, [2]string{"Digest files", lastTime(s.Digest, now, t, never(s, "they come every hour"))})
	}
	if s.Trail.TopicARN != "" {
		rows = append(rows, [2]string{"Notifications", lastTime(s.Notification, now, t, "none sent yet") + ", to " + s.Trail.TopicARN})
	}
	if s.Trail.LogGroupARN != "" {
		rows = append(rows, [2]string{"Log group", lastTime(s.LogGroup, now, t, "none delivered yet") + ", to " + s.Trail.LogGroupARN})
	}
	if err := pairs(w, rows); err != nil {
		return err
	}
	for _, p := range s.Problems() {
		if err := problem(w, p, t.Colour); err != nil {
			return err
		}
	}
	return nil
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

func loggingSince(s trail.Status) string {
	since := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return ", since " + at.Format(time.RFC3339)
	}
	if s.Logging {
		return "on" + since(s.Started)
	}
	return "OFF" + since(s.Stopped)
}

// never says that nothing has come yet, and how long that is no wonder.
func never(s trail.Status, usual string) string {
	if !s.Logging {
		return "none delivered"
	}
	return "none delivered yet (" + usual + ")"
}

func lastTime(at, now time.Time, t Terminal, never string) string {
	switch {
	case at.IsZero():
		return never
	case t.Width > 0:
		return "last " + Ago(now.Sub(at)) + ", " + at.Format(time.RFC3339)
	}
	return "last " + at.Format(time.RFC3339)
}

func problem(w io.Writer, p trail.Problem, colour bool) error {
	head := "Problem: "
	if colour {
		head = "\x1b[31mProblem:\x1b[0m "
	}
	text := p.What
	if p.Why != "" {
		text += ": " + p.Why
	}
	if p.Answer != "" {
		text += " (AWS says: " + p.Answer + ")"
	}
	if _, err := fmt.Fprintf(w, "\n%s%s\n", head, term.Escape(text)); err != nil {
		return err
	}
	if p.Do == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "  To do: %s\n", term.Escape(p.Do))
	return err
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
