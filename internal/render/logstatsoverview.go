package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"trailctl/logs/count"
)

// LogOverview writes an overview of records as "table", "json" or "csv", with
// at most top values of each kind; 0 means all.
func LogOverview(w io.Writer, format string, t Terminal, c Counted, o *count.Overview, top int) error {
	to := bufio.NewWriterSize(w, 64<<10)
	var err error
	switch format {
	case "json":
		err = overviewJSON(to, c, o, top)
	case "csv":
		err = overviewCSV(to, o, top)
	default:
		err = overviewTable(to, t, c, o, top)
	}
	if err != nil {
		return err
	}
	return to.Flush()
}

// part is one kind of values in an overview.
type part struct {
	one, many string
	result    *count.Result
}

func partsOf(o *count.Overview) []part {
	return []part{
		{"account", "accounts", o.Accounts},
		{"region", "regions", o.Regions},
		{"service", "services", o.Services},
		{"event", "events", o.Events},
		{"identity", "identities", o.Identities},
		{"address", "addresses", o.Addresses},
		{"error", "errors", o.Errors},
	}
}

// groups are the most frequent values, and how many there are in all. Records
// without an error are no error; other absent values are told.
func (p part) groups(top int) (list []count.Group, values int) {
	for g := range p.result.Groups(0) {
		absent := g.Values[0].Absent
		if !absent {
			values++
		}
		if (top <= 0 || len(list) < top) && !(absent && p.one == "error") {
			list = append(list, g)
		}
	}
	return list, values
}

// overviewDocument is an overview in JSON.
type overviewDocument struct {
	Version int `json:"version"`
	Counted
	Chosen     int64      `json:"counted"`
	NoTime     int64      `json:"withoutTime"`
	First      *time.Time `json:"first"`
	Last       *time.Time `json:"last"`
	Writes     statsGroup `json:"writes"`
	Failed     statsGroup `json:"failed"`
	Root       statsGroup `json:"root"`
	Logins     logins     `json:"consoleLogins"`
	Accounts   partGroups `json:"accounts"`
	Regions    partGroups `json:"regions"`
	Services   partGroups `json:"services"`
	Events     partGroups `json:"events"`
	Identities partGroups `json:"identities"`
	Addresses  partGroups `json:"addresses"`
	Errors     partGroups `json:"errors"`
}

type logins struct {
	statsGroup
	Failed     int64 `json:"failed"`
	WithoutMFA int64 `json:"withoutMFA"`
}

type partGroups struct {
	Values int          `json:"values"`
	Others int64        `json:"othersCount,omitempty"`
	Groups []statsGroup `json:"groups"`
}

func overviewJSON(w io.Writer, c Counted, o *count.Overview, top int) error {
	all := &count.Result{Total: o.Total}
	doc := overviewDocument{
		Version: 1, Counted: c, Chosen: o.Total.Count, NoTime: o.NoTime,
		First: maybeTime(o.Total.First), Last: maybeTime(o.Total.Last),
		Writes: toGroup(all, o.Writes), Failed: toGroup(all, o.Failed), Root: toGroup(all, o.Root),
		Logins: logins{toGroup(all, o.Logins), o.FailedLogins.Count, o.LoginsWithoutMFA.Count},
	}
	to := []*partGroups{&doc.Accounts, &doc.Regions, &doc.Services, &doc.Events, &doc.Identities, &doc.Addresses, &doc.Errors}
	for i, p := range partsOf(o) {
		groups, values := p.groups(top)
		to[i].Values, to[i].Groups = values, []statsGroup{}
		for _, g := range groups {
			to[i].Groups = append(to[i].Groups, toGroup(p.result, g))
		}
		if p.result.Others != nil {
			to[i].Others = p.result.Others.Count
		}
	}
	return JSON(w, doc)
}

func overviewCSV(w *bufio.Writer, o *count.Overview, top int) error {
	if err := csvRow(w, "what", "value", "records", "share", "first", "last"); err != nil {
		return err
	}
	all := &count.Result{Total: o.Total}
	for _, f := range overviewFacts(o) {
		if err := statsRows(w, all, f.group, []string{csvText(f.name), ""}); err != nil {
			return err
		}
	}
	for _, p := range partsOf(o) {
		groups, _ := p.groups(top)
		for _, g := range groups {
			if err := statsRows(w, p.result, g, []string{csvText(p.one), csvValue(g.Values[0])}); err != nil {
				return err
			}
		}
	}
	return nil
}

// fact is one line about all records.
type fact struct {
	name  string
	group count.Group
}

func overviewFacts(o *count.Overview) []fact {
	return []fact{
		{"records", o.Total}, {"writes", o.Writes}, {"failed", o.Failed}, {"root", o.Root},
		{"console logins", o.Logins}, {"failed logins", o.FailedLogins}, {"logins without MFA", o.LoginsWithoutMFA},
	}
}

func overviewTable(w *bufio.Writer, t Terminal, c Counted, o *count.Overview, top int) error {
	if o.Total.Count == 0 {
		return nil
	}
	fmt.Fprintf(w, "%s in %s%s\n\n", amount(o.Total.Count, "record"), amount(int64(c.Files), "log file"), span(o.Total))
	// One table, so that all numbers stand in line; empty rows set the kinds
	// apart, and each has a row of its own for a head.
	table := countTable{keys: 1, first: 3, Table: Table{Columns: append([]Column{
		{Head: "", Min: 20, Middle: true},
		{Head: "RECORDS", Right: true, Min: wholeNumber}, {Head: "SHARE", Right: true, Min: wholeNumber},
	}, timeColumns(t)...)}}
	heads := map[int]bool{}
	alarms := map[int]string{}
	add := func(name string, g count.Group) {
		table.Rows = append(table.Rows, []string{
			name, thousands(g.Count), percent(g.Count, o.Total.Count), table.stamp(g.First, t), table.stamp(g.Last, t),
		})
	}
	for _, f := range overviewFacts(o)[1:] {
		switch {
		case f.group.Count == 0:
		case f.name == "failed" || f.name == "failed logins":
			alarms[len(table.Rows)] = "31"
		case f.name == "root" || f.name == "logins without MFA":
			alarms[len(table.Rows)] = "33"
		}
		add(f.name, f.group)
	}
	for _, p := range partsOf(o) {
		groups, values := p.groups(top)
		if len(groups) == 0 {
			continue
		}
		table.Rows = append(table.Rows, nil)
		heads[len(table.Rows)] = true
		table.Rows = append(table.Rows, []string{partHead(p, values, len(groups))})
		for _, g := range groups {
			add(valueWords(g.Values[0]), g)
		}
		if p.result.Others != nil {
			add("(others)", *p.result.Others)
		}
	}
	table.Paint = func(row, column int) string {
		switch {
		case heads[row]:
			return "1"
		case column <= 1:
			return alarms[row]
		}
		return ""
	}
	return table.fitted(t).Write(w, t.Width, t.Colour)
}

// partHead heads the values of one kind: "EVENTS, 5 of 261".
func partHead(p part, values, shown int) string {
	if shown < values {
		return fmt.Sprintf("%s, %d of %s", strings.ToUpper(p.many), shown, thousands(values))
	}
	return strings.ToUpper(p.many)
}

// span is from when to when the records of a group happened.
func span(g count.Group) string {
	if g.First.IsZero() {
		return ""
	}
	return ", " + g.First.Format(time.RFC3339) + " to " + g.Last.Format(time.RFC3339)
}
