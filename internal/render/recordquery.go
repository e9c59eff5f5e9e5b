package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/jmespath/go-jmespath"

	"trailctl/internal/term"
	"trailctl/logs"
)

// Query is a JMESPath expression over records, in one of two forms.
//
// One is about a record: "eventName", "[eventTime, userIdentity.arn]". It is
// evaluated for each record, and each value that is not null is a result.
//
// The other is about all records, as one writes it for the AWS CLI, of a list
// of them or of the document that has them as Records: "[].eventName",
// "Records[?errorCode].{who: userIdentity.arn}". Because records are not
// gathered, it must be a projection: one that takes each record by itself, so
// that the results for all records are those for each of them put together.
type Query struct {
	text     string
	compiled *jmespath.JMESPath
	whole    wholeForm
}

type wholeForm int

const (
	aboutRecord   wholeForm = iota
	aboutList               // [].x
	aboutDocument           // Records[].x
)

var (
	wholeQuery  = regexp.MustCompile(`^\s*(Records)?\s*\[\s*(\]|\*\s*\]|\?)`)
	rootRecords = regexp.MustCompile(`(^|[\[({,:!&|=<>]\s*|\s)Records\b`)
	rootIndex   = regexp.MustCompile(`^\s*\[\s*-?\d*\s*(:|\d\s*\])`)
)

// ParseQuery reads an expression. Its errors are for the person who typed it.
func ParseQuery(text string) (*Query, error) {
	if rest, dot := strings.CutPrefix(strings.TrimSpace(text), "."); dot {
		return nil, fmt.Errorf("%q begins with a dot, as in jq: JMESPath has none there: %s", text, rest)
	}
	compiled, err := compileQuery(text)
	if err != nil {
		quoted := quoteLiterals(text)
		if compiled, err = compileQuery(quoted); err != nil {
			return nil, queryError(quoted, err)
		}
	}
	q := &Query{text: text, compiled: compiled}
	m := wholeQuery.FindStringSubmatch(text)
	switch {
	case m != nil && combines(text):
		return nil, fmt.Errorf("%q puts the records of all files together, which are not gathered: leave out what follows the list of records (| || && and comparisons)", text)
	case m != nil && m[1] != "":
		q.whole = aboutDocument
	case m != nil:
		q.whole = aboutList
	case rootRecords.MatchString(text), rootIndex.MatchString(text):
		return nil, fmt.Errorf("%q needs all records at once, which are not gathered: write what is wanted of one record (eventName), or of each (Records[].eventName, [?errorCode].eventName)", text)
	}
	return q, nil
}

// QueryError is an expression that cannot be evaluated for a record.
type QueryError struct {
	Query   string
	EventID string // of the record
	Err     error
}

func (e *QueryError) Error() string {
	reason := typeList.ReplaceAllString(e.Err.Error(), "$1")
	return fmt.Sprintf("--query %q: %s (in the record with the eventID %q)", e.Query, reason, e.EventID)
}

func (e *QueryError) Unwrap() error { return e.Err }

// How the library words what it met: its own names for Go's types and for
// the signs of an expression.
var (
	typeList  = regexp.MustCompile(`\[\]jmespath\.jpType\{([^}]*)\}`)
	tokenName = regexp.MustCompile(`\bt[A-Z][A-Za-z]*`)
)

// tokenWord is one of the library's names of signs in words.
func tokenWord(name string) string {
	words := map[string]string{
		"tEOF": "the end", "tStar": "*", "tDot": ".", "tComma": "a comma", "tColon": ":", "tPipe": "|", "tNumber": "a number",
		"tUnquotedIdentifier": "a name", "tQuotedIdentifier": "a name", "tStringLiteral": "a string", "tJSONLiteral": "a literal",
		"tLbracket": "[", "tRbracket": "]", "tLparen": "(", "tRparen": ")", "tLbrace": "{", "tRbrace": "}",
		"tFlatten": "[]", "tFilter": "[?", "tCurrent": "@", "tExpref": "&",
	}
	if w, ok := words[name]; ok {
		return w
	}
	return name
}

// queryError says where an expression breaks off. Positions count from 1.
func queryError(text string, err error) error {
	var syntax jmespath.SyntaxError
	if !errors.As(err, &syntax) {
		if literal := (*json.SyntaxError)(nil); errors.As(err, &literal) {
			return fmt.Errorf("%q: what stands in backticks is neither JSON nor text (%w): write text in single quotes, 'like this'", text, err)
		}
		return fmt.Errorf("%q: %w", text, err)
	}
	reason := tokenName.ReplaceAllStringFunc(strings.TrimPrefix(syntax.Error(), "SyntaxError: "), tokenWord)
	at := min(max(syntax.Offset, 0), len(text))
	if at == len(text) {
		return fmt.Errorf("%q: %s, at its end", text, reason)
	}
	return fmt.Errorf("%q: %s, at character %d: %q", text, reason, len([]rune(text[:at]))+1, text[at:])
}

// errNonsense stands for expressions such as "@()", which the library takes
// and then panics over.
var errNonsense = errors.New("the expression means nothing")

func compileQuery(text string) (compiled *jmespath.JMESPath, err error) {
	defer func() {
		if recover() != nil {
			err = errNonsense
		}
	}()
	return jmespath.Compile(text)
}

func (q *Query) search(record any) (found any, err error) {
	defer func() {
		if recover() != nil {
			err = errNonsense
		}
	}()
	return q.compiled.Search(record)
}

// combines tells whether an expression has an operator outside of all
// brackets and quotes.
func combines(text string) bool {
	level, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '[' || c == '(' || c == '{':
			level++
		case c == ']' || c == ')' || c == '}':
			level--
		case level == 0 && strings.IndexByte("|&=!<>", c) >= 0:
			return true
		}
	}
	return false
}

// results visits the results for one record.
func (q *Query) results(r *logs.Record, visit func(any) error) error {
	record, err := decode(r.Raw)
	if err != nil {
		return &QueryError{q.text, r.ID(), err}
	}
	switch q.whole {
	case aboutList:
		record = []any{record}
	case aboutDocument:
		record = map[string]any{"Records": []any{record}}
	}
	found, err := q.search(record)
	if err != nil {
		return &QueryError{q.text, r.ID(), err}
	}
	if q.whole == aboutRecord {
		if found == nil {
			return nil
		}
		return visit(found)
	}
	list, _ := found.([]any)
	for _, v := range list {
		if err := visit(v); err != nil {
			return err
		}
	}
	return nil
}

// decode is a record as values. Numbers that a float64 cannot hold stay as
// they are written.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = numbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = numbers(e)
		}
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v
		}
		if n, ok := new(big.Int).SetString(v.String(), 10); ok {
			if back, exact := new(big.Float).SetInt(n).Float64(); exact != big.Exact || back != f {
				return v
			}
		}
		return f
	}
	return v
}

// queryForm writes the results of a query.
type queryForm struct {
	to    *bufio.Writer
	query *Query
	form  string
	lines jsonLines
	array jsonArray
	buf   bytes.Buffer
}

func newQueryForm(to *bufio.Writer, o RecordOptions) *queryForm {
	lines := jsonLines{to: to, term: o.Terminal}
	return &queryForm{to: to, query: o.Query, form: o.Format, lines: lines, array: jsonArray{lines: lines}}
}

func (w *queryForm) write(r *logs.Record) error {
	return w.query.results(r, func(v any) error {
		if w.form == "text" {
			_, err := w.to.WriteString(queryText(v) + "\n")
			return err
		}
		w.buf.Reset()
		e := json.NewEncoder(&w.buf)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return err
		}
		raw := bytes.TrimSuffix(w.buf.Bytes(), []byte("\n"))
		if w.form == "json" {
			return w.array.element(raw)
		}
		if _, err := w.to.Write(w.lines.line(raw)); err != nil {
			return err
		}
		return w.to.WriteByte('\n')
	})
}

func (w *queryForm) flush() error { return w.to.Flush() }

func (w *queryForm) close() error {
	if w.form == "json" {
		return w.array.close()
	}
	return w.to.Flush()
}

// queryText is a result on one line: a string bare; the elements of a list,
// and the values of an object in the order of their names, with a tab between
// them; null is "None", as the AWS CLI has it.
func queryText(v any) string {
	switch v := v.(type) {
	case []any:
		var cells []string
		for _, e := range v {
			cells = append(cells, queryCell(e))
		}
		return strings.Join(cells, "\t")
	case map[string]any:
		var cells []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			cells = append(cells, queryCell(v[k]))
		}
		return strings.Join(cells, "\t")
	}
	return queryCell(v)
}

func queryCell(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return term.Escape(v)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "None"
	}
	return string(escapeJSON(raw))
}
