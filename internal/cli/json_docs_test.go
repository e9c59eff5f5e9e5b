package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// A field of a JSON document that docs/json.md does not name fails this test.
func TestJSONFieldsAreDocumented(t *testing.T) {
	root := filepath.Join("..", "..")
	doc, err := os.ReadFile(filepath.Join(root, "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	for _, dir := range []string{"internal/render", "internal/cli", "logs", "validate"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") || notADocument(f) {
				continue
			}
			for _, name := range jsonNames(t, f) {
				fields++
				if !strings.Contains(string(doc), "`"+name+"`") {
					t.Errorf("%s: the field %q is not in docs/json.md", f, name)
				}
			}
		}
	}
	if fields < 50 {
		t.Errorf("only %d fields found: this test looks in the wrong place", fields)
	}
}

// notADocument tells the files whose JSON is AWS's and not ours.
func notADocument(path string) bool {
	return strings.HasSuffix(filepath.ToSlash(path), "validate/digest.go")
}

func jsonNames(t *testing.T, path string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok || field.Tag == nil {
			return true
		}
		tag, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			return true
		}
		name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
		}
		return true
	})
	return names
}
