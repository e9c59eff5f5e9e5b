package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"trailctl/logs"
)

// TestRecordCardLarge: what a card shows is bounded, and it says so.
func TestRecordCardLarge(t *testing.T) {
	const size = 6 << 20
	letters := `"` + strings.Repeat("a", size) + `"`
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":0`, i)
		}
		return b.String()
	}
	const said, all = "(the first 1.0 MiB of ", ": --output json shows all)"
	for _, c := range []struct {
		name, record string
		cut          bool
		want         string
	}{
		{"a string", `{"eventName":"A","errorMessage":` + letters + `}`, true, "errorMessage"},
		{"a name in the title", `{"eventName":` + letters + `}`, true, "eventName"},
		{"an identity", `{"eventName":"A","userIdentity":{"userName":` + letters + `,"arn":"x"}}`, true, "  arn                  x\n"},
		{"an object", `{"eventName":"A","requestParameters":{"s":` + letters + `}}`, true, `{"s":"aaa`},
		{"escapes", `{"eventName":"A","requestParameters":{"s":"` + strings.Repeat("\u202e", size/3) + `"}}`, true, `\u202e\u202e`},
		{"lines", `{"eventName":"A","requestParameters":[` + strings.Repeat("\n0,", size/3) + `0]}`, true, "[ 0, 0,"},
		{"many fields", `{"eventName":"A"` + members(size/10) + `}`, true, "\nrecord\n"},
		{"many fields below", `{"eventName":"A","userIdentity":{"type":"X"` + members(size/10) + `}}`, true, "userIdentity"},
		{"deep and long", `{"eventName":"A","requestParameters":` + strings.Repeat("[", 60) + "0" + strings.Repeat(",0", 1<<18) + strings.Repeat("]", 60) + `}`, false, "[[[["},
		{"what CloudTrail writes at most", `{"eventName":"A","requestParameters":{"s":"` + strings.Repeat("a", 1<<20-10) + `"}}`, false, `"s": "aaa`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			w := NewRecords(&out, RecordOptions{Format: "card"})
			if err := w.Write(&logs.Record{Raw: []byte(c.record)}); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			text := out.String()
			if cut := strings.Contains(text, said) && strings.Contains(text, all); cut != c.cut || !strings.Contains(text, c.want) {
				t.Errorf("cut %v, want %v and %q in %.300q", cut, c.cut, c.want, text)
			}
			if len(text) > 4<<20 {
				t.Errorf("a card of %d bytes", len(text))
			}
		})
	}
}
