package logs

import "bytes"

// The functions of this file read JSON that was walked over before and is
// well-formed. Where it is not, they stop.

// text is the text of a string, the JSON of a number or a boolean, and
// nothing for null, objects and arrays.
func text(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	switch value[0] {
	case '"':
		if bytes.IndexByte(value, '\\') < 0 {
			return string(value[1 : len(value)-1])
		}
		return string(unquote(value))
	case 'n', '{', '[':
		return ""
	}
	return string(value)
}

// lookup finds a member of an object, the last one of its name.
func lookup(object []byte, name string) []byte {
	var found []byte
	eachMember(object, func(n, v []byte) bool {
		if string(n) == name {
			found = v
		}
		return true
	})
	return found
}

// eachMember visits the members of an object until visit answers false. It
// visits none of anything else.
func eachMember(object []byte, visit func(name, value []byte) bool) {
	eachMemberAt(object, func(name []byte, begin, end int) bool { return visit(name, object[begin:end]) })
}

// eachMemberAt is eachMember that says where the value lies.
func eachMemberAt(object []byte, visit func(name []byte, begin, end int) bool) {
	if len(object) == 0 || object[0] != '{' {
		return
	}
	s := scanner{data: object}
	i := s.space(1)
	for i < len(object) && object[i] == '"' {
		end, escaped, err := s.str(i)
		if err != nil {
			return
		}
		name := object[i+1 : end-1]
		if escaped {
			name = unquote(object[i:end])
		}
		begin := s.space(s.space(end) + 1)
		if i, err = s.value(begin); err != nil || !visit(name, begin, i) {
			return
		}
		i = s.space(i)
		if i < len(object) && object[i] == ',' {
			i = s.space(i + 1)
		}
	}
}

// eachElement visits the elements of an array until visit answers false.
func eachElement(array []byte, visit func(value []byte) bool) {
	if len(array) == 0 || array[0] != '[' {
		return
	}
	s := scanner{data: array}
	i := s.space(1)
	for i < len(array) && array[i] != ']' {
		begin := i
		var err *DamageError
		if i, err = s.value(i); err != nil || !visit(array[begin:i]) {
			return
		}
		i = s.space(i)
		if i < len(array) && array[i] == ',' {
			i = s.space(i + 1)
		}
	}
}
