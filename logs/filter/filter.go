// Package filter chooses records: by the values of their fields, by text in
// them, by who, where and when, and by ready sets for the questions that are
// asked in the middle of the night. It knows records only, not the files they
// come from.
package filter

import (
	"trailctl/logs"
)

// Options are what the command line says. Everything given must hold, with
// Any at least one of Filters and Grep; of several values of one of the lists
// one must.
type Options struct {
	Filters []string // FIELD=VALUE and its like: see Parse
	Any     bool     // one of Filters and Grep is enough
	Grep    []string // text that stands in the raw record
	Presets []string // names of Presets

	Users, Roles, SourceIPs, AccessKeys, EventNames, Services []string
	Errors, Writes                                            bool
}

// Filter is compiled and may be used by several goroutines.
type Filter struct{}

// Compile reads the options. Its errors are for the person who typed them.
func Compile(o Options) (*Filter, error) { return &Filter{}, nil }

// All tells that the filter lets every record pass.
func (f *Filter) All() bool { return f == nil }

// Match tells whether a record is chosen.
func (f *Filter) Match(r *logs.Record) bool { return true }

// Absent tells, fast, that no record in the uncompressed bytes of a file can
// match. False says nothing.
func (f *Filter) Absent(data []byte) bool { return false }

// String says in words what is chosen, for messages; empty for everything.
func (f *Filter) String() string { return "" }

// Preset is a ready set with a name.
type Preset struct {
	Name string
	Help string // the question that it answers
}

// Presets lists the ready sets in the order in which they are shown.
func Presets() []Preset { return nil }
