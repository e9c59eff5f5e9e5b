package filter

import (
	"fmt"
	"strings"
)

// What to write in place of an expression without an operator of ours. What
// is advised is made as an expression, so that it can be read and means what
// was meant.

// wordForm is how another language asks for something.
type wordForm struct {
	words string // behind the field, in any case
	op    string
	value string // "%s" is what follows; empty for the operators without a value
}

// wordForms has the longer forms first.
var wordForms = []wordForm{
	{"is not null", opExists, ""}, {"not null", opExists, ""}, {"is null", opAbsent, ""},
	{"does not exist", opAbsent, ""}, {"not exists", opAbsent, ""}, {"not exist", opAbsent, ""}, {"is missing", opAbsent, ""},
	{"exists", opExists, ""}, {"exist", opExists, ""},
	{"is not in", opNotIn, "%s"}, {"not in", opNotIn, "%s"}, {"is in", opIn, "%s"}, {"in", opIn, "%s"},
	{"does not contain", opNot, "*%s*"}, {"not contains", opNot, "*%s*"}, {"contains", opEqual, "*%s*"}, {"has", opEqual, "*%s*"},
	{"not like", opNot, "%s"}, {"like", opEqual, "%s"},
	{"is not", opNot, "%s"}, {"is", opEqual, "%s"}, {"not", opNot, "%s"},
	{"equals", opEqual, "%s"}, {"eq", opEqual, "%s"}, {"ne", opNot, "%s"},
	{"matches", opRegexp, "%s"}, {"startswith", opPrefix, "%s"}, {"begins_with", opPrefix, "%s"}, {"endswith", opSuffix, "%s"},
	{"lt", opLess, "%s"}, {"le", opAtMost, "%s"}, {"gt", opMore, "%s"}, {"ge", opAtLeast, "%s"},
}

// noOperator answers an expression in which no operator is found.
func noOperator(s string) error {
	if err := joined(s); err != nil {
		return err
	}
	field, rest := cutBlank(s)
	switch {
	case field == "":
		return fmt.Errorf("it is empty: write for example eventName=RunInstances")
	case (field == opExists || field == opAbsent) && rest != "":
		return fmt.Errorf("the field comes first: write \"%s %s\"", rest, field)
	}
	if name, value, ok := strings.Cut(s, ":"); ok && !strings.ContainsAny(strings.TrimSpace(name), " \t") {
		return fmt.Errorf("there is no operator: %s", advise(strings.TrimSpace(name), opEqual, value))
	}
	for _, f := range wordForms {
		words, value, ok := f.cut(rest)
		if !ok {
			continue
		}
		return fmt.Errorf("%q is no operator: %s", words, advise(field, f.op, f.filled(field, value)))
	}
	if _, err := ParseField(field); err != nil && rest == "" {
		return fmt.Errorf("there is no operator: write FIELD=VALUE, for example eventName=%s", field)
	}
	return fmt.Errorf("there is no operator: write %s=VALUE, or \"%s exists\"", field, field)
}

// inWords tells whether words of another language stand behind a field, before
// what looks like an operator.
func inWords(s string) bool {
	_, rest := cutBlank(s)
	for _, f := range wordForms {
		if _, value, ok := f.cut(rest); ok && value != "" && (f.op == opRegexp || !strings.ContainsAny(value[:1], operatorChars)) {
			return true
		}
	}
	return false
}

// filled is the text for the values of the expression in place of the form.
func (f wordForm) filled(field, text string) string {
	if strings.HasSuffix(f.words, "like") {
		text = strings.ReplaceAll(text, "%", "*")
	}
	before, after, _ := strings.Cut(f.value, "%s")
	value, quoted := unquoted(text)
	switch {
	case text == "" || before == "":
		return text
	case quoted || !crowded(field, f.op, value):
		return expression{op: opEqual}.quoted(before + value + after)
	}
	list := pieces(value)
	for i, v := range list {
		list[i] = before + v + after
	}
	return strings.Join(list, ",")
}

// cut takes the words of the form off the beginning of what stands behind a
// field.
func (f wordForm) cut(rest string) (words, value string, ok bool) {
	value = rest
	for word := range strings.FieldsSeq(f.words) {
		var got string
		if got, value = cutBlank(value); !strings.EqualFold(got, word) {
			// A bracket may follow at once.
			head, tail, _ := strings.Cut(got, "(")
			if word != opIn || !strings.EqualFold(head, word) || tail == "" {
				return "", "", false
			}
			got, value = head, strings.TrimSpace("("+tail+" "+value)
		}
		words = strings.TrimSpace(words + " " + got)
	}
	return words, value, f.value != "" || value == ""
}

// cutBlank cuts the first word off.
func cutBlank(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// advise says to write the expression of a field, an operator and the text
// that somebody wrote for values.
func advise(field, op, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case op == opExists || op == opAbsent:
		return fmt.Sprintf("write \"%s %s\"", field, op)
	case text == "" && (op == opIn || op == opNotIn):
		return fmt.Sprintf("write %s %s VALUE,VALUE", field, op)
	case text == "":
		return fmt.Sprintf("write %s%sVALUE", field, op)
	case isNull(text) && op == opEqual:
		return advise(field, opAbsent, "")
	case isNull(text) && op == opNot:
		return advise(field, opExists, "")
	}
	list := op == opIn || op == opNotIn
	if value, quoted := unquoted(text); quoted && !list {
		return "write " + expression{field, op, []string{value}}.String()
	}
	if !list && !crowded(field, op, text) {
		return "write " + expression{field, op, []string{text}}.String()
	}
	return "write " + adviseList(field, op, text)
}

// adviseList is the expression that asks for one of several values, whatever
// stands between them.
func adviseList(field, op, text string) string {
	e := expression{field: field, op: opIn}
	if op == opNot || op == opNotIn {
		e.op = opNotIn
	}
	values := []string{}
	if (op == opIn || op == opNotIn) && !plainField(field) {
		values, _ = splitList(withoutBrackets(text), func(string) error { return nil })
	}
	if len(values) == 0 {
		values = pieces(text)
	}
	for _, v := range values {
		switch op {
		case opPrefix:
			v += "*"
		case opSuffix:
			v = "*" + v
		}
		e.values = append(e.values, v)
	}
	if len(e.values) == 1 {
		e.op = map[string]string{opIn: opEqual, opNotIn: opNot}[e.op]
	}
	if len(e.values) == 0 {
		return field + "=VALUE"
	}
	return e.String()
}

// listMarks stand between values, or around them, in other languages.
const listMarks = "|&;()[]{}"

// pieces are the values in a text, without what stands between and around
// them.
func pieces(text string) []string {
	var values []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(listMarks+", \t\r\n", r) }) {
		if word = strings.Trim(word, `"'`); word != "" && !strings.EqualFold(word, "or") && !strings.EqualFold(word, "and") {
			values = append(values, word)
		}
	}
	return values
}
