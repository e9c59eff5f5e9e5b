package logs

// EachMember visits the members of a JSON object in the order in which they
// stand, until visit answers false; names come without quotes and escapes. It
// visits none of anything that is no object. The object must be well-formed,
// as Record.Raw is: where it is not, the visit ends.
func EachMember(object []byte, visit func(name, value []byte) bool) { eachMember(object, visit) }

// EachElement visits the elements of a JSON array like EachMember.
func EachElement(array []byte, visit func(value []byte) bool) { eachElement(array, visit) }

// Unquote is the text of a JSON string; its bytes may be those of value. A
// lone surrogate becomes U+FFFD, bytes that are not UTF-8 stay as they are.
func Unquote(value []byte) []byte {
	for _, c := range value {
		if c == '\\' {
			return unquote(value)
		}
	}
	return value[1 : len(value)-1]
}
