package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/logs"
)

// pickOptions choose among the records of files beyond what filters do.
type pickOptions struct {
	eventIDs cli.StringSlice
	dedupe   bool
}

func pickFlags(o *pickOptions) []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "event-id", Category: "Filter", Usage: "only the event with this `ID`, as a page on a terminal; reading stops when it is found (several: with commas, or repeated)", Destination: &o.eventIDs, Action: commaList(&o.eventIDs)},
		dedupeFlag(&o.dedupe),
	}
}

func dedupeFlag(to *bool) cli.Flag {
	return &cli.BoolFlag{Name: "dedupe", Category: "Filter", Usage: "each event once: of records with the same eventID, as several trails write them, only the first", Destination: to}
}

// shower shows records until there are enough.
type shower struct {
	out     recordSink
	limit   int
	dedupe  *logs.Dedupe    // nil: all are shown
	missing map[string]bool // eventIDs that were not met yet; nil: any record is wanted
	shown   int
	first   string // the eventID of the first that was shown
}

// show shows one record, and ends with errEnough.
func (s *shower) show(r *logs.Record) error {
	if s.dedupe != nil && s.dedupe.Seen(r) {
		return nil
	}
	if err := s.out.Write(r); err != nil {
		return written(err)
	}
	if s.shown++; s.shown == 1 {
		s.first = r.ID()
	}
	if s.missing != nil {
		delete(s.missing, r.ID())
		if len(s.missing) == 0 {
			return errEnough
		}
	}
	if s.limit > 0 && s.shown >= s.limit {
		return errEnough
	}
	return nil
}

// notFound is the error of eventIDs that were asked for and never met.
func (s *shower) notFound(scope string) error {
	var ids []string
	for id := range s.missing {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	return fmt.Errorf("no such event in %s: %s", scope, strings.Join(ids, ", "))
}

// sayFolded tells what --dedupe left out.
func (a *app) sayFolded(d *logs.Dedupe) {
	if d == nil {
		return
	}
	c := d.Counts()
	switch {
	case c.Differing > 0:
		a.note("%s folded, %d of them with other bytes than the one shown", render.Count(c.Folded, "duplicate"), c.Differing)
	default:
		a.note("%s folded", render.Count(c.Folded, "duplicate"))
	}
	if c.Forgot {
		a.warn("there were too many events to remember all: a duplicate more than 524,288 events behind the first may have been counted as new")
	}
}

// idVisitor chooses records by their eventIDs, in a worker.
type idVisitor struct {
	ids   map[string]bool
	plain bool // JSON writes the IDs as they are, or as \u00 escapes
}

func newIDVisitor(ids []string) *idVisitor {
	v := &idVisitor{ids: map[string]bool{}, plain: true}
	for _, id := range ids {
		v.ids[id] = true
		v.plain = v.plain && plainID(id)
	}
	return v
}

// plainID tells an ID of letters, digits and hyphens, as all IDs of CloudTrail
// are.
func plainID(id string) bool {
	return id != "" && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}

// File looks for the IDs in the bytes of a file.
func (v *idVisitor) File(_ *logs.File, data []byte) bool {
	if !v.plain {
		return true
	}
	for id := range v.ids {
		if bytes.Contains(data, []byte(id)) {
			return true
		}
	}
	return escapesLetters(data)
}

// escapesLetters tells whether some letter, digit or hyphen may be written as
// an escape, which no writer of log files does.
func escapesLetters(data []byte) bool {
	for {
		i := bytes.Index(data, []byte(`\u00`))
		if i < 0 || len(data) < i+6 {
			return false
		}
		hi, lo := data[i+4], data[i+5]|0x20
		switch {
		case hi == '2' && lo == 'd', hi == '3' && lo <= '9', (hi == '4' || hi == '6') && lo != '0', (hi == '5' || hi == '7') && lo <= 'a':
			return true
		}
		data = data[i+6:]
	}
}

func (v *idVisitor) Record(_ *logs.File, r *logs.Record) bool { return v.ids[r.ID()] }
