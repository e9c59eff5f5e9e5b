package filter

import (
	"fmt"
	"strings"
)

// The values of the short flags may be lists with commas between them, as
// those of --preset, --by and --columns may.

// reader makes the condition of one value of a short flag.
type reader func(string) (*condition, error)

// listed reads a value that may be a list, of which one is enough. Empty
// places in it are refused: such a list was put together wrongly.
func listed(read reader) reader {
	return func(v string) (*condition, error) {
		var list []*condition
		for part := range strings.SplitSeq(v, ",") {
			c, err := read(strings.TrimSpace(part))
			if err != nil && part != v {
				return nil, fmt.Errorf("%q: %w", strings.TrimSpace(part), err)
			}
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
		return anyOf(list, " or "), nil
	}
}

// wholeOrListed is listed for names of users, roles and sessions, which may
// have a comma in them: the whole value is one of the list, too.
func wholeOrListed(read reader) reader {
	return func(v string) (*condition, error) {
		whole, err := read(v)
		if err != nil || !strings.Contains(v, ",") {
			return whole, err
		}
		list := []*condition{whole}
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			c, err := read(part)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
		return anyOf(list, " or "), nil
	}
}

// plainWord is read for names of which none has a mark or a blank in it: with
// one, the value is a list in the form of another language.
func plainWord(read reader) reader {
	return func(v string) (*condition, error) {
		if i := strings.IndexAny(v, listMarks+" \t"); i >= 0 {
			return nil, fmt.Errorf("no name has %q in it: of several values one is enough, and they stand with commas between them: %s",
				v[i:i+1], strings.Join(pieces(v), ","))
		}
		return read(v)
	}
}
