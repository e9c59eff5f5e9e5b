package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// file is one Go file that is not a test.
type file struct {
	dir  string // below the module's root, "." for the root
	name string
	ast  *ast.File
}

func sources(t *testing.T) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files = append(files, file{dir: path.Dir(rel), name: path.Base(rel), ast: parsed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("only %d Go files found: the rules below would hold of nothing", len(files))
	}
	return files
}

func imports(f file) []string {
	var list []string
	for _, i := range f.ast.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// allowed says which packages of the module a folder may import. Imports run
// one way: main, cli, then everything else.
var allowed = map[string][]string{
	".":                {"internal/cli", "internal/term"},
	"internal/cli":     {"internal/render", "internal/term", "internal/awsconf", "internal/awserr", "internal/shell", "internal/when", "internal/wizard", "internal/sandbox", "trail", "bucket", "logs", "validate"},
	"internal/render":  {"internal/awserr", "internal/term", "internal/when", "trail", "bucket", "logs", "validate"},
	"internal/term":    {},
	"internal/awsconf": {"internal/awserr"},
	"internal/awserr":  {},
	"internal/policy":  {},
	"internal/when":    {},
	"internal/house":   {},
	"internal/shell":   {},
	"internal/wizard":  {"internal/shell"},
	"internal/topic":   {"internal/policy"},
	"bucket":           {"internal/awserr", "internal/policy", "internal/shell", "internal/topic", "internal/when"},
	"trail":            {"bucket", "internal/awserr", "internal/policy", "internal/shell", "internal/topic", "internal/when"},
	"trail/audit":      {"trail", "bucket", "internal/awserr", "internal/policy", "internal/shell", "internal/topic", "internal/when"},
	"trail/export":     {"trail", "bucket", "internal/policy", "internal/shell", "internal/topic", "internal/when"},
	"logs":             {"bucket", "internal/inflate", "internal/policy", "internal/when"},
	"logs/filter":      {"logs", "internal/when"},
	"logs/count":       {"logs", "internal/when"},
	"logs/history":     {"logs", "internal/when"},
	"logs/tail":        {"logs", "bucket", "internal/awserr", "internal/when"},
	"logs/export":      {"logs", "internal/when"},
	"internal/inflate": {},
	"internal/bench":   {"internal/inflate", "internal/sandbox"},
	"validate":         {"bucket", "internal/awserr", "internal/inflate", "internal/policy", "internal/when"},
	"internal/sandbox": {"internal/sandbox"},
}

const module = "trailctl"

// inside is the folder of a package of the module, false for others.
func inside(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// within tells whether dir is rule or lies below it.
func within(dir, rule string) bool { return dir == rule || strings.HasPrefix(dir, rule+"/") }

func ruleFor(dir string) (string, bool) {
	if _, ok := allowed[dir]; ok {
		return dir, true
	}
	for rule := range allowed {
		if rule != "." && within(dir, rule) {
			return rule, true
		}
	}
	return "", false
}

func TestImportsRunOneWay(t *testing.T) {
	for _, f := range sources(t) {
		rule, ok := ruleFor(f.dir)
		if !ok {
			t.Errorf("%s: no rule says what this folder may import", f.dir)
			continue
		}
		for _, imported := range imports(f) {
			dir, ours := inside(imported)
			if !ours {
				continue
			}
			ok := slices.ContainsFunc(allowed[rule], func(a string) bool { return within(dir, a) })
			if !ok {
				t.Errorf("%s/%s imports %s", f.dir, f.name, imported)
			}
		}
	}
}

func TestOnlyTheCommandLineKnowsItsLibrary(t *testing.T) {
	for _, f := range sources(t) {
		for _, imported := range imports(f) {
			if strings.HasPrefix(imported, "github.com/urfave/cli") && f.dir != "internal/cli" {
				t.Errorf("%s/%s imports %s", f.dir, f.name, imported)
			}
		}
	}
}

func TestOnePackageCommentAFolder(t *testing.T) {
	comments := map[string][]string{}
	for _, f := range sources(t) {
		if _, ok := comments[f.dir]; !ok {
			comments[f.dir] = nil
		}
		if f.ast.Doc != nil {
			comments[f.dir] = append(comments[f.dir], f.name)
		}
	}
	for dir, in := range comments {
		if len(in) != 1 {
			t.Errorf("%s: package comment in %v, want it in one file", dir, in)
		}
	}
}

// forbidden calls of libraries: they return values and errors, and are told
// what they need to know.
var forbidden = map[string][]string{
	"fmt": {"Print", "Printf", "Println"},
	"os":  {"Exit", "Getenv", "LookupEnv", "Environ", "Stdout", "Stderr", "Stdin"},
	"log": {"Print", "Printf", "Println", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf"},
}

// excused folders own the thing that is forbidden elsewhere.
var excused = map[string][]string{
	".":                {"os.Exit"},
	"internal/term":    {"os.Stdout", "os.Stderr", "os.Stdin"},
	"internal/awsconf": {"os.LookupEnv"},
	// A command that runs another hands its own environment down.
	"internal/cli": {"os.Environ"},
	// A program of its own, which runs others.
	"internal/bench": {"os.Stdin", "os.Stdout", "os.Stderr", "os.Exit", "os.Environ", "fmt.Printf", "fmt.Println"},
}

func TestLibrariesKeepQuiet(t *testing.T) {
	for _, f := range sources(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Obj != nil || !slices.Contains(forbidden[pkg.Name], sel.Sel.Name) {
				return true
			}
			name := pkg.Name + "." + sel.Sel.Name
			if !slices.Contains(excused[f.dir], name) {
				t.Errorf("%s/%s uses %s", f.dir, f.name, name)
			}
			return true
		})
	}
}

func TestNoInitAndNoDrawers(t *testing.T) {
	for _, f := range sources(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s/%s has an init function", f.dir, f.name)
			}
		}
		for _, drawer := range []string{"util", "utils", "common", "helpers", "types", "misc", "constants"} {
			if strings.TrimSuffix(f.name, ".go") == drawer || path.Base(f.dir) == drawer {
				t.Errorf("%s/%s: a drawer for anything; name it after what it holds", f.dir, f.name)
			}
		}
	}
}

func TestNoFileOfThousandsOfLines(t *testing.T) {
	const most = 600
	for _, f := range sources(t) {
		raw, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(f.dir), f.name))
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(raw, []byte("\n")); lines > most {
			t.Errorf("%s/%s has %d lines, more than %d: it holds more than one idea", f.dir, f.name, lines, most)
		}
	}
}
