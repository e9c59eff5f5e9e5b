package logs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestUnpack(t *testing.T) {
	pack := func(text string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.Bytes()
	}
	const limit = 1000
	good, long := pack("one"), pack(strings.Repeat("x", limit))
	broken := pack(strings.Repeat("some text, ", 20))
	changed := bytes.Clone(good)
	changed[len(changed)-8] ^= 1
	tests := []struct {
		name   string
		stored []byte
		data   string // a prefix of it, when there is an error
		note   string
		err    string
	}{
		{"plain", []byte(`{"Records":[]}`), `{"Records":[]}`, "", ""},
		{"plain, too long", make([]byte, limit+1), "", "", "larger than the bound for one file (1000 bytes uncompressed)"},
		{"one member", good, "one", "", ""},
		{"two members", slices.Concat(good, pack("two")), "onetwo", "2 gzip members, read as one file", ""},
		{"as long as may be", long, strings.Repeat("x", limit), "", ""},
		{"too long", pack(strings.Repeat("x", limit+1)), "", "", "larger than the bound"},
		{"too long together", slices.Concat(long, good), "", "", "larger than the bound"},
		{"as long as may be, and nothing", slices.Concat(long, pack("")), strings.Repeat("x", limit), "2 gzip members", ""},
		{"junk behind", slices.Concat(good, []byte("junk")), "one", "", "damaged at byte 27 of the compressed file: 4 bytes that are no gzip"},
		{"cut in the second member", slices.Concat(good, good[:13]), "one", "", "damaged at byte 40 of the compressed file: the gzip data is cut off"},
		{"cut", broken[:len(broken)-9], "some", "", "the gzip data is cut off"},
		{"cut after the first two bytes", good[:2], "", "", "damaged at byte 2 of the compressed file: the gzip data is cut off"},
		{"other method", []byte("\x1f\x8b\x07        "), "", "", "damaged at byte 10 of the compressed file: the gzip header is not valid"},
		{"checksum", changed, "one", "", "damaged at byte 27 of the compressed file: the gzip checksum is not that of the data"},
		{"block of no kind", append(bytes.Clone(good[:10]), 7, 0, 0, 0), "", "", "damaged at byte 11 of the compressed file: the gzip data is corrupt"},
	}
	u := &unpacker{max: limit}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			var report Report
			data, err := u.unpack(c.stored, nil, &report)
			notes := strings.Join(report.Notes, "; ")
			if c.note == "" && notes != "" || !strings.Contains(notes, c.note) {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
			if c.err == "" {
				if err != nil || string(data) != c.data {
					t.Fatalf("%q, %v", data, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if !bytes.HasPrefix(data, []byte(c.data)) {
				t.Errorf("data %q, want %q", data, c.data)
			}
			if errors.Is(err, ErrTooLarge) != (data == nil && strings.Contains(c.err, "larger")) {
				t.Errorf("%d bytes with %v", len(data), err)
			}
		})
	}
}
