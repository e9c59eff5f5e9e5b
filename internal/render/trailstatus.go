package render

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"trailctl/internal/term"
	"trailctl/trail"
)

// TrailStatus writes a trail's status for people: its home region alone, or a
// row a region. Quiet regions are counted only, unless verbose.
func TrailStatus(w io.Writer, e trail.Everywhere, now time.Time, verbose bool, t Terminal) error {
	several := len(e.Regions)+len(e.Unread)+len(e.Absent) > 1
	rows := statusHead(e)
	if several {
		rows = append(rows, targets(e.Trail)...)
	} else {
		rows = append(rows, arrivals(e.Status, now, t)...)
	}
	if err := pairs(w, rows); err != nil {
		return err
	}
	if several {
		if err := regionRows(w, e, now, verbose, t); err != nil {
			return err
		}
	}
	for _, p := range e.Problems() {
		if err := problem(w, p, t.Colour); err != nil {
			return err
		}
	}
	return nil
}

// statusHead is what is the same in all regions.
func statusHead(e trail.Everywhere) [][2]string {
	rows := [][2]string{{"Trail", e.Trail.Name}}
	trails := e.Trails()
	for _, t := range trails {
		rows = append(rows, [2]string{"ARN", t.ARN})
	}
	scope := describe(e.Trail)
	if len(trails) > 1 {
		scope = "selected regions: " + homes(e.Trail, trails)
	}
	rows = append(rows, [][2]string{{"Scope", scope}, {"Bucket", place(e.Trail)}}...)
	if e.Trail.KMSKey != "" {
		rows = append(rows, [2]string{"KMS key", e.Trail.KMSKey})
	}
	return append(rows, [2]string{"Logging", loggingSince(e)})
}

// targets are where else a trail delivers to.
func targets(t trail.Trail) (rows [][2]string) {
	if t.TopicARN != "" {
		rows = append(rows, [2]string{"SNS topic", t.TopicARN})
	}
	if t.LogGroupARN != "" {
		rows = append(rows, [2]string{"Log group", t.LogGroupARN})
	}
	return rows
}

// arrivals are what came last in one region.
func arrivals(s trail.Status, now time.Time, t Terminal) [][2]string {
	rows := [][2]string{{"Log files", lastTime(s.Delivery, now, t, never(s, "they take 5 to 15 minutes"))}}
	if s.Trail.LogFileValidation {
		rows = append(rows, [2]string{"Digest files", lastTime(s.Digest, now, t, never(s, "they come every hour"))})
	}
	if s.Trail.TopicARN != "" {
		rows = append(rows, [2]string{"Notifications", lastTime(s.Notification, now, t, "none sent yet") + ", to " + s.Trail.TopicARN})
	}
	if s.Trail.LogGroupARN != "" {
		rows = append(rows, [2]string{"Log group", lastTime(s.LogGroup, now, t, "none delivered yet") + ", to " + s.Trail.LogGroupARN})
	}
	return rows
}

// regionRows are the table of regions, and what it leaves out.
func regionRows(w io.Writer, e trail.Everywhere, now time.Time, verbose bool, t Terminal) error {
	shown, folded := e.Regions, []folding(nil)
	if !verbose {
		shown, folded = fold(e)
	}
	table := Table{Columns: []Column{{Head: "REGION", Keep: true}, {Head: "LOGGING"}, {Head: "LAG", Right: true}}}
	optional := optionalColumns(e)
	for _, c := range optional {
		table.Columns = append(table.Columns, Column{Head: c.head, Right: true})
	}
	table.Columns = append(table.Columns, Column{Head: "ERROR", Min: 10})
	bad := make([]bool, len(shown))
	for i, r := range shown {
		bad[i] = len(r.Status.Problems()) > 0
		row := []string{term.Escape(r.Region), onOff(r.Logging), lag(r.Delivery, now)}
		for _, c := range optional {
			row = append(row, lag(c.last(r.Status), now))
		}
		table.Rows = append(table.Rows, append(row, orDash(term.Escape(errorsOf(r.Status)))))
	}
	for _, u := range e.Unread {
		row := []string{term.Escape(u.Region), "?", "?"}
		for range optional {
			row = append(row, "?")
		}
		table.Rows = append(table.Rows, append(row, "could not be asked"))
		bad = append(bad, true)
	}
	table.Paint = func(row, column int) string {
		if bad[row] && column != 0 {
			return "31"
		}
		return ""
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	if err := table.Write(w, t.Width, t.Colour); err != nil {
		return err
	}
	absent := e.Absent
	if !verbose && len(e.Unread) == 0 && len(e.Problems()) == 0 {
		absent = nil
	}
	if slices.ContainsFunc(table.Rows, func(row []string) bool {
		return slices.ContainsFunc(row, func(cell string) bool { return strings.HasPrefix(cell, "+") })
	}) {
		if _, err := io.WriteString(w, "+: ahead of this machine's clock\n"); err != nil {
			return err
		}
	}
	return leftOut(w, folded, absent, now, verbose)
}

// arrival is a column for what not every trail delivers.
type arrival struct {
	head string
	last func(trail.Status) time.Time
}

func optionalColumns(e trail.Everywhere) []arrival {
	var list []arrival
	if e.Trail.LogFileValidation {
		list = append(list, arrival{"DIGEST", func(s trail.Status) time.Time { return s.Digest }})
	}
	if e.Trail.TopicARN != "" {
		list = append(list, arrival{"SNS", func(s trail.Status) time.Time { return s.Notification }})
	}
	if e.Trail.LogGroupARN != "" {
		list = append(list, arrival{"LOGS", func(s trail.Status) time.Time { return s.LogGroup }})
	}
	return list
}

// errorsOf are AWS's answers in one region, each once.
func errorsOf(s trail.Status) string {
	var list []string
	for _, e := range []string{s.DeliveryError, s.DigestError, s.NotificationError, s.LogGroupError} {
		if e != "" && !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return strings.Join(list, ", ")
}

// fewRegions are not worth folding.
const fewRegions = 4

// folding is regions without a row that fare alike.
type folding struct {
	answer string // AWS's, "" for none
	list   []trail.RegionStatus
}

// fold takes the regions aside of which there is nothing to say that another
// row does not say. It does not ask when they delivered last: to ask a region
// for its status is recorded there, so that none is quiet for long.
func fold(e trail.Everywhere) (shown []trail.RegionStatus, folded []folding) {
	alike := map[string][]trail.RegionStatus{}
	for i, r := range e.Regions {
		answer := errorsOf(r.Status)
		// The first that fails in a way is shown, the home region always.
		_, seen := alike[answer]
		switch {
		case r.Logging != e.Logging:
		case seen || i > 0 && answer == "":
			alike[answer] = append(alike[answer], r)
		default:
			alike[answer] = nil
		}
	}
	aside := map[string]bool{} // regions
	for _, answer := range slices.Sorted(maps.Keys(alike)) {
		list := alike[answer]
		if len(list) <= fewRegions {
			continue
		}
		folded = append(folded, folding{answer, list})
		for _, r := range list {
			aside[r.Region] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(e.Regions), func(r trail.RegionStatus) bool { return aside[r.Region] }), folded
}

// leftOut counts the regions that have no row.
func leftOut(w io.Writer, folded []folding, absent []string, now time.Time, verbose bool) error {
	for _, f := range folded {
		how := "without errors"
		if f.answer != "" {
			how = "with the same error (" + term.Escape(f.answer) + ")"
		}
		_, err := fmt.Fprintf(w, "and %s %s: %s (--verbose shows them)\n", plural(len(f.list), "region"), how, lastOf(f.list, now))
		if err != nil {
			return err
		}
	}
	if len(absent) == 0 {
		return nil
	}
	text := plural(len(absent), "region") + " not enabled, or without this trail"
	if verbose {
		text += ": " + strings.Join(absent, ", ")
	}
	_, err := fmt.Fprintln(w, term.Escape(text))
	return err
}

// lastOf is when the last log files of several regions came.
func lastOf(list []trail.RegionStatus, now time.Time) string {
	var came []time.Time
	for _, r := range list {
		if !r.Delivery.IsZero() {
			came = append(came, r.Delivery)
		}
	}
	if len(came) == 0 {
		return "no log file yet"
	}
	latest, earliest := slices.MaxFunc(came, time.Time.Compare), slices.MinFunc(came, time.Time.Compare)
	least, most := lag(latest, now), lag(earliest, now)
	text := "last log files " + least + " ago"
	switch {
	case ahead(latest, now):
		text = "last log files at " + latest.Format(time.RFC3339)
	case least != most:
		text = "last log files " + least + " to " + most + " ago"
	}
	if never := len(list) - len(came); never > 0 {
		text += fmt.Sprintf(", none yet in %d", never)
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// ahead tells whether a time lies in the future by more than clocks usually
// differ. Whose clock is wrong is not known here.
func ahead(at, now time.Time) bool { return at.Sub(now) > time.Minute }

// lag is a time's age in few characters; how far it is ahead, with a plus.
func lag(at, now time.Time) string {
	d := now.Sub(at)
	switch {
	case at.IsZero():
		return "never"
	case ahead(at, now):
		return "+" + lag(now, at)
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return "<1m"
}

// loggingSince is one word for all regions, or how many.
func loggingSince(e trail.Everywhere) string {
	since := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return ", since " + at.Format(time.RFC3339)
	}
	on := 0
	for _, r := range e.Regions {
		if r.Logging {
			on++
		}
	}
	switch on {
	case len(e.Regions):
		return "on" + since(e.Started)
	case 0:
		return "OFF" + since(e.Stopped)
	}
	return fmt.Sprintf("on in %s, OFF in %d", plural(on, "region"), len(e.Regions)-on)
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
	case t.Width > 0 && ahead(at, now):
		return "last in the future (the clocks differ), " + at.Format(time.RFC3339)
	case t.Width > 0:
		return "last " + Ago(now.Sub(at)) + ", " + at.Format(time.RFC3339)
	}
	return "last " + at.Format(time.RFC3339)
}

func problem(w io.Writer, p trail.Problem, colour bool) error {
	text := p.What
	switch n := len(p.Regions); {
	case n > 3:
		text += fmt.Sprintf(" (in %s and %d other regions)", p.Regions[0], n-1)
	case n > 0:
		text += " (in " + strings.Join(p.Regions, ", ") + ")"
	}
	if p.Why != "" {
		text += ": " + p.Why
	}
	if p.Answer != "" {
		text += " (AWS says: " + p.Answer + ")"
	}
	if _, err := fmt.Fprintf(w, "\n%s %s\n", paint("Problem:", "31", colour), term.Escape(text)); err != nil {
		return err
	}
	if p.Do == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "  To do: %s\n", term.Escape(p.Do))
	return err
}
