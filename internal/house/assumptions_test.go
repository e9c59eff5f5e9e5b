package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// assumptionRow is a row of docs/assumptions.md, assumptionCitation where the
// code relies on one or more of them.
var (
	assumptionRow      = regexp.MustCompile(`(?m)^\| A(\d+) \|`)
	assumptionCitation = regexp.MustCompile(`\bassumptions? (A\d+(?:(?:, | and |, and )A\d+)*)`)
	assumptionNumber   = regexp.MustCompile(`A(\d+)`)
)

func numbers(t *testing.T, matches [][]string) []int {
	t.Helper()
	var list []int
	for _, m := range matches {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

// cited are the numbers of the assumptions that the sandbox's comments name,
// and the files that name them.
func cited(t *testing.T) map[int][]string {
	t.Helper()
	found := map[int][]string{}
	root := filepath.Join("..", "sandbox")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		// A comment may break between the word and its number.
		flat := regexp.MustCompile(`\s*\n\s*// ?`).ReplaceAllString(string(text), " ")
		for _, c := range assumptionCitation.FindAllStringSubmatch(flat, -1) {
			for _, n := range numbers(t, assumptionNumber.FindAllStringSubmatch(c[1], -1)) {
				found[n] = append(found[n], p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAssumptionsStandInTheDocAndInTheCode(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "assumptions.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := numbers(t, assumptionRow.FindAllStringSubmatch(string(text), -1))
	if len(listed) == 0 {
		t.Fatal("docs/assumptions.md lists no assumption")
	}
	for i, n := range listed {
		if n != i+1 {
			t.Errorf("docs/assumptions.md: A%d stands where A%d is due", n, i+1)
		}
	}
	in := cited(t)
	for _, n := range listed {
		if len(in[n]) == 0 {
			t.Errorf("assumption A%d is cited nowhere in the sandbox", n)
		}
	}
	const differences = "compare/differences.md"
	table, err := os.ReadFile(filepath.Join("..", "..", ".ci", "judges", filepath.FromSlash(differences)))
	if err != nil {
		t.Fatal(err)
	}
	for _, citation := range assumptionCitation.FindAllString(string(table), -1) {
		for _, n := range numbers(t, assumptionNumber.FindAllStringSubmatch(citation, -1)) {
			in[n] = append(in[n], differences)
		}
	}
	for n, files := range in {
		if !slices.Contains(listed, n) {
			t.Errorf("assumption A%d, which %s cites, is not in docs/assumptions.md", n, files[0])
		}
	}
}
