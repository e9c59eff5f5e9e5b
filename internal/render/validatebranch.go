package render

import (
	"io"
	"strings"

	"trailctl/internal/term"
	"trailctl/validate"
)

// branch is a node of the tree on a terminal. All text may come from a bucket
// and is escaped when it is written.
type branch struct {
	head    string
	verdict validate.Verdict // "" for none
	note    string           // after the verdict
	extra   string           // after the note, when there is room
	leaves  []leaf
	kids    []*branch
}

// leaf is a line below a node.
type leaf struct {
	label, sgr string
	text       string
	whole      bool // to be copied: not wrapped
}

func (b *branch) leaf(label, sgr, text string) {
	b.leaves = append(b.leaves, leaf{label: label, sgr: sgr, text: text})
}

// write writes the node after first, and what is below it after rest.
func (b *branch) write(w io.Writer, first, rest string, t Terminal) {
	line := first + term.Escape(b.head)
	if first == "" {
		// A trail's name may have 128 characters.
		line = strings.Join(Wrap(line, t.Width), "\n"+indent)
	}
	if b.verdict != "" {
		line += gap
		used := cellWidth(line) + cellWidth(verdictWord(b.verdict)) + len(gap)
		line += painted(verdictWord(b.verdict), verdictColour(b.verdict), t)
		switch {
		case b.note == "":
		case used+len(b.note)+len(b.extra) <= t.Width:
			line += gap + b.note + b.extra
		case used+len(b.note) <= t.Width:
			line += gap + b.note
		default:
			b.leaves = append([]leaf{{text: b.note}}, b.leaves...)
		}
	}
	io.WriteString(w, line+"\n")
	b.writeLeaves(w, rest, t)
	for i, k := range b.kids {
		if i < len(b.kids)-1 {
			k.write(w, rest+"├─ ", rest+"│  ", t)
		} else {
			k.write(w, rest+"└─ ", rest+"   ", t)
		}
	}
}

func (b *branch) writeLeaves(w io.Writer, rest string, t Terminal) {
	stem := "  "
	if len(b.kids) > 0 {
		stem = "│  "
	}
	before := rest + stem
	pad := 0
	for _, l := range b.leaves {
		pad = max(pad, len(l.label))
	}
	for _, l := range b.leaves {
		text := term.Escape(l.text)
		if l.whole {
			io.WriteString(w, before+indent+text+"\n")
			continue
		}
		hang := ""
		if pad > 0 {
			hang = indent
		}
		if l.label != "" {
			hang = strings.Repeat(" ", pad+len(gap))
		}
		for i, line := range Wrap(text, max(t.Width-cellWidth(before)-len(hang), narrowest)) {
			at := hang
			if i == 0 && l.label != "" {
				at = painted(l.label, l.sgr, t) + strings.Repeat(" ", pad-len(l.label)+len(gap))
			}
			io.WriteString(w, before+at+line+"\n")
		}
	}
}

func painted(word, sgr string, t Terminal) string {
	if !t.Colour || sgr == "" {
		return word
	}
	return "\x1b[" + sgr + "m" + word + "\x1b[0m"
}
