package render

import (
	"io"

	"trailctl/internal/term"
	"trailctl/trail"
)

// SelectorsJSON writes a trail's selectors as the AWS CLI does.
func SelectorsJSON(w io.Writer, trailARN string, s trail.Selectors) error {
	return JSON(w, s.Answer(trailARN))
}

// SelectorsTable writes selectors in words, a row for each kind of events.
func SelectorsTable(w io.Writer, s trail.Selectors, t Terminal) error {
	return rulesTable(s).Write(w, t.Width, t.Colour)
}

func rulesTable(s trail.Selectors) Table {
	table := Table{Columns: []Column{
		{Head: "EVENTS"}, {Head: "OF", Min: 10}, {Head: "ACCESS"}, {Head: "ONLY WHERE", Min: 16, Middle: true},
	}}
	for _, r := range s.Rules() {
		first := []string{term.Escape(r.Events), term.Escape(r.Of), r.Access}
		if len(r.Filters) == 0 {
			table.Rows = append(table.Rows, append(first, "-"))
		}
		for i, f := range r.Filters {
			if i > 0 {
				first = []string{"", "", ""}
			}
			table.Rows = append(table.Rows, append(first, term.Escape(f)))
		}
	}
	return table
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// TypesJSON writes the resource types of data events.
func TypesJSON(w io.Writer, list []trail.ResourceType) error {
	type row struct {
		Short string `json:"short"`
		Type  string `json:"type"`
		Owned bool   `json:"owned"`
	}
	doc := struct {
		Version int   `json:"version"`
		Types   []row `json:"types"`
	}{Version: jsonVersion}
	for _, t := range list {
		doc.Types = append(doc.Types, row{t.Short, t.Name, t.Owned()})
	}
	return JSON(w, doc)
}

// TypesTable writes the resource types of data events for people.
func TypesTable(w io.Writer, list []trail.ResourceType, t Terminal) error {
	table := Table{Columns: []Column{{Head: "SHORT"}, {Head: "TYPE"}, {Head: "ACCOUNT"}}}
	for _, r := range list {
		owned := "-"
		if r.Owned() {
			owned = "yes"
		}
		table.Rows = append(table.Rows, []string{r.Short, r.Name, owned})
	}
	return table.Write(w, t.Width, t.Colour)
}
