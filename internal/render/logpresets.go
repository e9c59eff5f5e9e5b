package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"trailctl/logs/filter"
)

type presetJSON struct {
	Name     string     `json:"name"`
	Question string     `json:"question"`
	AnyOf    [][]string `json:"anyOf"`
}

// PresetsJSON writes ready sets as a document.
func PresetsJSON(w io.Writer, list []filter.Preset) error {
	document := struct {
		Version int          `json:"version"`
		Presets []presetJSON `json:"presets"`
	}{Version: 1, Presets: []presetJSON{}}
	for _, p := range list {
		document.Presets = append(document.Presets, presetJSON{Name: p.Name, Question: p.Help, AnyOf: p.AnyOf})
	}
	return JSON(w, document)
}

// roomy is the width from which on a table shows what ready sets are made of.
const roomy = 110

// Presets writes ready sets as a table. What they are made of is only there
// on a terminal that has room for it, and ends where that does; Preset and
// PresetsJSON have it whole.
func Presets(w io.Writer, list []filter.Preset, t Terminal) error {
	table := Table{Columns: []Column{{Head: "NAME", Keep: true}, {Head: "QUESTION", Min: 40, Keep: true}}}
	if t.Width >= roomy {
		table.Columns = append(table.Columns, Column{Head: "MADE OF"})
	}
	for _, p := range list {
		sets := make([]string, len(p.AnyOf))
		for i, filters := range p.AnyOf {
			sets[i] = strings.Join(filters, " and ")
		}
		table.Rows = append(table.Rows, []string{p.Name, p.Help, strings.Join(sets, " or ")})
	}
	return table.Write(w, t.Width, t.Colour)
}

// Preset writes what one ready set is made of, as flags that can be copied.
func Preset(w io.Writer, p filter.Preset) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s: %s\n", p.Name, p.Help)
	for i, filters := range p.AnyOf {
		if i > 0 {
			fmt.Fprintln(b, "or")
		}
		for _, f := range filters {
			fmt.Fprintf(b, "  --filter '%s'\n", f)
		}
	}
	return b.Flush()
}
