package describe

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// facts are what the models of AWS's services say of one of them.
type facts struct {
	rows    []row           // its addresses, when it has its own
	targets []string        // what stands before its operations in X-Amz-Target
	maps    map[string]bool // members whose value is a map with the caller's keys
	secrets map[string]bool // members marked as sensitive, in lower case
	lists   map[string]bool // members of XML documents that are a list
	numbers map[string]bool // members of forms, addresses and XML documents that are numbers
	truths  map[string]bool // and those that are true or false
}

//go:embed facts.txt
var factsText string

var allFacts = sync.OnceValue(func() map[string]*facts { return readFacts(factsText) })

// factsOf are the facts of a signing name. Of one that is not in the table it is
// only known what is so nearly everywhere.
func factsOf(service string) *facts {
	if f := allFacts()[tableName(service)]; f != nil {
		return f
	}
	return &facts{maps: map[string]bool{"tags": true, "Tags": true}}
}

// tableName is the name under which the tables have a service of that signing
// name.
func tableName(service string) string {
	switch service = strings.ToLower(service); service {
	case "s3express", "s3-outposts": // S3 Control's other signing names
		return "s3"
	case "email": // SES's host, which older clients sign for
		return "ses"
	}
	return service
}

// serviceOf is the signing name of the service that a target names; empty for
// an unknown one.
var serviceOf = sync.OnceValue(func() map[string]string {
	byTarget := map[string]string{}
	for service, f := range allFacts() {
		for _, target := range f.targets {
			byTarget[target] = service
		}
	}
	return byTarget
})

// readFacts reads the table, whose header says what its lines are.
func readFacts(text string) map[string]*facts {
	all := map[string]*facts{}
	var at *facts
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		switch words[0] {
		case "@":
			at = &facts{}
			all[words[1]] = at
		case ">":
			at.targets = words[1:]
		case "~":
			at.maps = setOf(words[1:])
		case "!":
			at.secrets = setOf(words[1:])
		case "%":
			at.lists = setOf(words[1:])
		case "0":
			at.numbers = setOf(words[1:])
		case "1":
			at.truths = setOf(words[1:])
		default:
			at.rows = append(at.rows, readRows(words)...)
		}
	}
	return all
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

func (f *facts) isMap(name string) bool { return f.maps[name] }

func (f *facts) isSecret(lower string) bool { return f.secrets[lower] }

func (f *facts) isList(name string) bool { return f.lists[name] }

// scalar reads a text of a form or an XML document.
func (f *facts) scalar(name, text string) any {
	switch {
	case f.truths[name] && (text == "true" || text == "false"):
		return text == "true"
	case f.numbers[name]:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return finite(n)
		}
	}
	return text
}
