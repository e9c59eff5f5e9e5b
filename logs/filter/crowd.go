package filter

import (
	"fmt"
	"slices"
	"strings"
)

// plainFields have values without commas and other marks between words:
// names, regions, accounts, times, sources. A value with one can only be a
// list in the form of another language, and would find nothing.
var plainFields = []string{
	"eventName", "event", "eventSource", "service", "awsRegion", "region", "recipientAccountId", "account",
	"eventID", "id", "sharedEventID", "eventType", "eventVersion", "eventCategory", "apiVersion", "errorCode", "readOnly", "managementEvent",
	"vpcEndpointId", "vpcEndpointAccountId", "userIdentity.type", "userIdentity.accountId", "userIdentity.accessKeyId",
	"sourceIPAddress", "address", "userIdentity.invokedBy",
	"eventTime", "time", "hour", "day",
}

func plainField(field string) bool { return slices.Contains(plainFields, field) }

// marks are what no value of a plain field has in it. Times and "AWS Internal"
// have blanks.
func marks(field string) string {
	switch field {
	case "sourceIPAddress", "address", "userIdentity.invokedBy", "eventTime", "time", "hour", "day":
		return listMarks + ","
	}
	return listMarks + ", \t"
}

// crowded tells of a value without quotes that it is several. In regular
// expressions, marks mean something else, and comparisons read their value.
func crowded(field, op, value string) bool {
	return slices.Contains([]string{opEqual, opNot, opPrefix, opSuffix, opIn, opNotIn}, op) &&
		plainField(field) && strings.ContainsAny(value, marks(field))
}

// several answers a value that is crowded. text is all that stands behind the
// operator: one of several values is asked for by in.
func several(field, op, value, text string) error {
	if !crowded(field, op, value) {
		return nil
	}
	if mark := tightMark(value); mark != "" {
		return errJoined(mark)
	}
	i := strings.IndexAny(value, marks(field))
	return fmt.Errorf("no value of %s has %q in it: write %s (a value that does have it stands in quotes)",
		field, value[i:i+1], adviseList(field, op, text))
}

// withoutBrackets takes off the brackets in which other languages have a
// list.
func withoutBrackets(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 2 {
		return s
	}
	closing := map[byte]string{'(': ")", '[': "]", '{': "}"}[s[0]]
	if inner := s[1 : len(s)-1]; closing != "" && s[len(s)-1:] == closing && !strings.ContainsAny(inner, s[:1]+closing) {
		return inner
	}
	return s
}

// isNull tells the words of other languages for a field that is absent.
func isNull(value string) bool {
	return strings.EqualFold(value, "null") || strings.EqualFold(value, "nil") || value == "None"
}
