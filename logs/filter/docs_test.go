package filter

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the ready sets into docs/filters.md")

const (
	docs       = "../../docs/filters.md"
	setsBegin  = "<!-- ready sets -->\n"
	setsEnd    = "<!-- end of ready sets -->\n"
	setHeading = "### %s\n\n%s\n\n"
)

// The documentation has the ready sets with their exact conditions.
func TestPresetsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), setsBegin)
	_, after, ends := strings.Cut(rest, setsEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the ready sets", docs)
	}
	want := before + setsBegin + documented() + setsEnd + after
	if *update {
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s: the ready sets have changed; go test ./logs/filter -run Documented -update writes them", docs)
	}
}

func documented() string {
	var b strings.Builder
	for _, p := range Presets() {
		fmt.Fprintf(&b, setHeading, p.Name, p.Help)
		for i, filters := range p.AnyOf {
			or := ""
			if i > 0 {
				or = "or "
			}
			spaced := strings.ReplaceAll(strings.Join(filters, "` and `"), ",", ", ")
			fmt.Fprintf(&b, "- %s`%s`\n", or, spaced)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
