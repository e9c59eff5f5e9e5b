package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// wanted is the value that the filter looks for. It also stands in places
// where it is no event's name.
const wanted = "ConsoleLogin"

// read compares a filter and a group-by with uncompressing alone.
func read(ctx context.Context, o *options, c *corpus) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := c.logs()
	fmt.Printf("%d files, %d MB of JSON, %d MB stored, %d processors, GOMAXPROCS %d\n", c.files, c.bytes/1e6, c.stored/1e6, runtime.NumCPU(), runtime.GOMAXPROCS(0))
	find := "find " + dir + " -name '*.gz' -print0 | "
	both := fmt.Sprintf("xargs -0 -P%d ", runtime.NumCPU())
	floor := &row{name: "libdeflate-gunzip alone", args: shell(find + both + "-n50 libdeflate-gunzip -c >/dev/null")}
	if _, err := os.Stat("/usr/bin/libdeflate-gunzip"); err != nil {
		floor.args = []string{"libdeflate-gunzip"} // says that it is missing
	}
	filters, groups := []*row{floor}, []*row{floor}
	for _, name := range []string{"CreateAccessKey", wanted} {
		filters = append(filters, o.filterRows(dir, find, both, name)...)
	}
	groups = append(groups, o.groupRows(dir, find, both)...)
	parts := []*row{floor,
		{name: "gunzip alone, this project's", args: []string{self, "gunzip", "own", dir}},
		{name: "gunzip alone, klauspost/compress", args: []string{self, "gunzip", "klauspost", dir}},
		{name: "gunzip alone, compress/gzip", args: []string{self, "gunzip", "standard", dir}},
	}
	all := slices.Concat(filters, groups[1:], parts[1:])
	if err := measure(ctx, o.rounds, all); err != nil {
		return err
	}
	table(os.Stdout, "Filter", filters)
	table(os.Stdout, "Group by eventName", groups)
	table(os.Stdout, "Uncompressing alone", parts)
	half := 1 + (len(filters)-1)/2
	for _, set := range [][]*row{exact(filters[1:half]), exact(filters[half:]), groups[1:]} {
		if err := agree(set...); err != nil {
			return err
		}
	}
	fmt.Println("\nThe answers of each set agree (rg counts text, so it is not asked).")
	return nil
}

func shell(script string) []string { return []string{"sh", "-c", script} }

// exact leaves the rows out that cannot be exact.
func exact(rows []*row) []*row {
	return slices.DeleteFunc(slices.Clone(rows), func(r *row) bool { return strings.HasPrefix(r.name, "rg") })
}

func (o *options) filterRows(dir, find, both, name string) []*row {
	lines := func(out []byte) (string, error) { return strconv.Itoa(bytes.Count(out, []byte("\n"))), nil }
	number := func(out []byte) (string, error) { return strings.TrimSpace(string(out)), nil }
	return []*row{
		{name: "trailctl, eventName=" + name, answer: lines,
			args: []string{o.program, "logs", "search", dir, "--filter", "eventName=" + name, "--output", "jsonl"}},
		o.duck("DuckDB", number, dir, "SELECT count(*) FROM r WHERE r.eventName = '"+name+"'"),
		{name: "rg -z", answer: number, args: shell("rg -z --no-filename -o '\"eventName\":\"" + name + "\"' " + dir + " | wc -l")},
		{name: "zcat | jq", answer: lines,
			args: shell(find + both + `-n40 sh -c 'zcat "$@" | jq -c ".Records[]|select(.eventName==\"` + name + `\")"' sh`)},
	}
}

func (o *options) groupRows(dir, find, both string) []*row {
	return []*row{
		{name: "trailctl", answer: statsAnswer, args: []string{o.program, "logs", "stats", dir, "--by", "eventName", "--output", "json"}},
		o.duck("DuckDB", pairsAnswer, dir, "SELECT r.eventName, count(*) FROM r GROUP BY 1"),
		// Added up by batch: what two processes write to one pipe gets mixed.
		{name: "zcat | jq", answer: pairsAnswer,
			args: shell(find + both + `-n40 sh -c 'zcat "$@" | jq -r ".Records[].eventName" | awk "{n[\$0]++} END {for (k in n) print k \"\t\" n[k]}"' sh`)},
	}
}

// duck asks DuckDB. The columns are named, because it cannot tell the schema
// of requestParameters by itself.
func (o *options) duck(name string, answer func([]byte) (string, error), dir, query string) *row {
	script := `import duckdb
duckdb.sql("SET enable_progress_bar = false")
for row in duckdb.sql("""WITH r AS (SELECT unnest(Records) AS r FROM read_json('` + dir + `/**/*.json.gz',
  columns={Records: 'STRUCT(eventName VARCHAR)[]'}, maximum_object_size=67108864)) ` + query + `""").fetchall():
  print(*row, sep="\t")`
	return &row{name: name, args: []string{o.python, "-c", script}, answer: answer, missing: command(context.Background(), nil, o.python, "-c", "import duckdb").Run() != nil}
}

// statsAnswer reads what trailctl counted.
func statsAnswer(out []byte) (string, error) {
	var doc struct {
		Groups []struct {
			Values map[string]string `json:"values"`
			Count  int               `json:"count"`
		} `json:"groups"`
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return "", err
	}
	counts := map[string]int{}
	for _, g := range doc.Groups {
		counts[g.Values["eventName"]] = g.Count
	}
	return canonical(counts), nil
}

func pairsAnswer(out []byte) (string, error) {
	counts := map[string]int{}
	for line := range strings.Lines(string(out)) {
		name, number, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		n, err := strconv.Atoi(number)
		if err != nil {
			return "", err
		}
		counts[name] += n
	}
	return canonical(counts), nil
}

// canonical writes counts in an order of its own.
func canonical(counts map[string]int) string {
	raw, _ := json.Marshal(counts) // sorted by key; numbers can always be written
	return fmt.Sprintf("%d names %s", len(counts), raw)
}
