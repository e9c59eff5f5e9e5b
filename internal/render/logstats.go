package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"trailctl/internal/term"
	"trailctl/logs/count"
)

// Counted says how much a count has looked at.
type Counted struct {
	Files   int `json:"files"`            // read
	Unread  int `json:"unread"`           // of these, passed over because the filter matches nothing in them
	Records int `json:"records"`          // in the files that were not passed over
	LeftOut int `json:"leftOut"`          // of these, because of the filter, the window or what else was asked for
	Folded  int `json:"folded,omitempty"` // of these, because they came before
}

// LogStats writes counts of records as "table", "json" or "csv". top bounds
// the groups that are shown, 0 shows all.
func LogStats(w io.Writer, format string, t Terminal, c Counted, r *count.Result, top int) error {
	to := bufio.NewWriterSize(w, 64<<10)
	var err error
	switch {
	case format == "json":
		err = statsJSON(to, c, r, top)
	case format == "csv":
		err = statsCSV(to, r, top)
	case r.Interval > 0:
		err = histogramTable(to, t, r, top)
	default:
		err = groupsTable(to, t, r, top)
	}
	if err != nil {
		return err
	}
	return to.Flush()
}

// statsHead is the document of a count, down to its groups.
type statsHead struct {
	Version int `json:"version"`
	Counted
	Counted_  int64               `json:"counted"`
	NoTime    int64               `json:"withoutTime"`
	First     *time.Time          `json:"first"`
	Last      *time.Time          `json:"last"`
	Distinct  map[string]distinct `json:"distinct,omitempty"`
	Interval  int64               `json:"intervalSeconds,omitempty"`
	Histogram []bin               `json:"histogram,omitempty"`
	By        []string            `json:"by,omitempty"`
	Values    int                 `json:"values,omitempty"`
	Rest      *rest               `json:"rest,omitempty"`
	Others    *statsGroup         `json:"others,omitempty"`
}

type distinct struct {
	Count   int  `json:"count"`
	AtLeast bool `json:"atLeast,omitempty"`
}

type bin struct {
	Start time.Time `json:"start"`
	Count int64     `json:"count"`
}

// rest is what was left out because of a top.
type rest struct {
	Values int   `json:"values"`
	Count  int64 `json:"count"`
}

// statsGroup is one group in JSON.
type statsGroup struct {
	Values    map[string]*string  `json:"values,omitempty"`
	Count     int64               `json:"count"`
	Share     float64             `json:"share"`
	First     *time.Time          `json:"first"`
	Last      *time.Time          `json:"last"`
	Distinct  map[string]distinct `json:"distinct,omitempty"`
	Histogram []bin               `json:"histogram,omitempty"`
}

func statsJSON(w *bufio.Writer, c Counted, r *count.Result, top int) error {
	total := toGroup(r, r.Total)
	head := statsHead{
		Version: 1, Counted: c, Counted_: r.Total.Count, NoTime: r.NoTime,
		First: total.First, Last: total.Last, Distinct: total.Distinct,
		Interval: int64(r.Interval / time.Second), Histogram: total.Histogram,
		By: r.By, Values: r.Len(),
	}
	if r.Others != nil {
		g := toGroup(r, *r.Others)
		head.Others = &g
	}
	if n, records := r.Rest(top); top > 0 && n > 0 {
		head.Rest = &rest{n, records}
	}
	if len(r.By) == 0 {
		return JSON(w, head)
	}
	// There may be hundreds of thousands of groups: they are not gathered.
	var b bytes.Buffer
	if err := JSON(&b, head); err != nil {
		return err
	}
	w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n}\n")))
	w.WriteString(",\n  \"groups\": [")
	lead := "\n    "
	for g := range r.Groups(top) {
		raw, err := json.Marshal(toGroup(r, g))
		if err != nil {
			return err
		}
		w.WriteString(lead)
		w.Write(escapeJSON(raw))
		lead = ",\n    "
	}
	w.WriteString("\n  ]\n}\n")
	return nil
}

func toGroup(r *count.Result, g count.Group) statsGroup {
	out := statsGroup{Count: g.Count, Share: math.Round(fraction(g.Count, r.Total.Count)*1e6) / 1e6, First: maybeTime(g.First), Last: maybeTime(g.Last)}
	for i, v := range g.Values {
		if out.Values == nil {
			out.Values = map[string]*string{}
		}
		out.Values[r.By[i]] = nil
		if !v.Absent {
			out.Values[r.By[i]] = &v.Text
		}
	}
	for i, n := range g.Distinct {
		if out.Distinct == nil {
			out.Distinct = map[string]distinct{}
		}
		out.Distinct[r.Distinct[i]] = distinct{n.N, n.More}
	}
	for _, b := range g.Bins {
		out.Histogram = append(out.Histogram, bin{b.Start, b.Count})
	}
	return out
}

func maybeTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func fraction(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// percent is a share for people.
func percent(n, of int64) string {
	p := 100 * fraction(n, of)
	switch {
	case n > 0 && p < 0.05:
		return "<0.1 %"
	case n < of && p >= 99.95:
		return ">99.9 %"
	}
	return fmt.Sprintf("%.1f %%", p)
}

// thousands is a number for people: 4,511.
func thousands[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// amount is a number for people with its noun.
func amount(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// valueWords is a value for people.
func valueWords(v count.Value) string {
	switch {
	case v.Absent:
		return "(none)"
	case strings.TrimSpace(v.Text) == "", v.Text == "(none)", v.Text == "(others)":
		return `"` + term.Escape(v.Text) + `"`
	}
	return term.Escape(v.Text)
}

func numberWords(n count.Number) string {
	if n.More {
		return "≥" + thousands(n.N)
	}
	return thousands(n.N)
}
