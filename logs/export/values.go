package export

import (
	"bytes"
	"strings"

	"trailctl/logs"
)

// plant adds a column to the places of a record.
func plant(places map[string]*node, field string, column int) {
	name, rest, nested := strings.Cut(field, ".")
	at := places[name]
	if at == nil {
		at = &node{column: -1, under: map[string]*node{}}
		places[name] = at
	}
	if nested {
		plant(at.under, rest, column)
		return
	}
	at.column = column
}

func isNull(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

func isString(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// plain is the text of a string, and of any other value its JSON on one line.
func plain(value []byte) []byte {
	switch {
	case len(value) == 0:
		return nil
	case value[0] == '"':
		return logs.Unquote(value)
	case value[0] == '{' || value[0] == '[':
		return oneLine(value)
	}
	return value
}

// boolean reads true and false, also out of strings and in any case.
func boolean(value []byte) (is int64, ok bool) {
	if isString(value) {
		value = logs.Unquote(value)
	}
	switch {
	case bytes.EqualFold(value, []byte("true")):
		return 1, true
	case bytes.EqualFold(value, []byte("false")):
		return 0, true
	}
	return 0, false
}

// member is the last member of its name in an object.
func member(object []byte, name string) []byte {
	var found []byte
	logs.EachMember(object, func(n, value []byte) bool {
		if string(n) == name {
			found = value
		}
		return true
	})
	return found
}
