package render

import (
	"encoding/json"
	"strings"
)

// quoteLiterals makes JSON of the literals of an expression that are none, as
// the AWS CLI does: `Decrypt` stands for `"Decrypt"`.
func quoteLiterals(text string) string {
	var b strings.Builder
	for quote, i := byte(0), 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\' && i+1 < len(text):
			b.WriteByte(c)
			i++
			c = text[i]
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '`':
			end := literalEnd(text, i+1)
			if end < 0 {
				return text
			}
			b.WriteString("`" + quotedLiteral(text[i+1:end]))
			i, c = end, '`'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// literalEnd is where the backtick stands that ends a literal, -1 when none
// does.
func literalEnd(text string, i int) int {
	for ; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '`':
			return i
		}
	}
	return -1
}

// quotedLiteral is a literal in quotes, when it is no JSON without them.
func quotedLiteral(literal string) string {
	quoted := `"` + strings.TrimLeft(literal, " ") + `"`
	plain := func(s string) []byte { return []byte(strings.ReplaceAll(s, "\\`", "`")) }
	if json.Valid(plain(literal)) || !json.Valid(plain(quoted)) {
		return literal
	}
	return quoted
}
