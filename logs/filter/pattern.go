package filter

import (
	"bytes"
	"net/netip"
	"strings"
)

// pattern is a value to compare with, in which * stands for any text.
type pattern struct {
	parts [][]byte // the text between the stars, in lower case when fold is set
	fold  bool     // the case of ASCII letters makes no difference
	addr  netip.Addr
}

// parsePattern reads a value. true and false are compared without regard to
// case, because some records hold the string "True"; IPv6 addresses, which can
// be written in several ways, are compared as such.
func parsePattern(s string) pattern {
	p := pattern{parts: splitStars(s)}
	if len(p.parts) == 1 {
		if lower := strings.ToLower(s); lower == "true" || lower == "false" {
			return p.folded()
		}
		if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
			p.addr = a
		}
	}
	return p
}

// splitStars splits a value where a * stands. \* is a star, \\ a backslash; a
// backslash before anything else is one.
func splitStars(s string) [][]byte {
	var parts [][]byte
	var part []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '*':
			parts = append(parts, part)
			part = nil
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '\\'):
			i++
			part = append(part, s[i])
		default:
			part = append(part, s[i])
		}
	}
	return append(parts, part)
}

// parseWord reads the value of a flag that people type from memory: one that
// is all in lower case is compared without regard to case.
func parseWord(s string) pattern {
	p := parsePattern(s)
	if s == strings.ToLower(s) && s != strings.ToUpper(s) {
		return p.folded()
	}
	return p
}

func (p pattern) folded() pattern {
	p.fold = true
	for i := range p.parts {
		p.parts[i] = lowered(p.parts[i])
	}
	return p
}

// lowered is a copy with the ASCII letters in lower case; other bytes stay as
// they are, UTF-8 or not.
func lowered(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = lower(c)
	}
	return out
}

func (p *pattern) exact() bool { return len(p.parts) == 1 && !p.fold && !p.addr.IsValid() }

func (p *pattern) match(text []byte) bool {
	last := len(p.parts) - 1
	if last == 0 {
		if len(text) == len(p.parts[0]) && p.hasPrefix(text, p.parts[0]) {
			return true
		}
		return p.addr.IsValid() && p.sameAddress(text)
	}
	if !p.hasPrefix(text, p.parts[0]) {
		return false
	}
	text = text[len(p.parts[0]):]
	for _, part := range p.parts[1:last] {
		i := p.index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	end := p.parts[last]
	return len(text) >= len(end) && p.hasPrefix(text[len(text)-len(end):], end)
}

func (p *pattern) sameAddress(text []byte) bool {
	if bytes.IndexByte(text, ':') < 0 || len(text) > maxAddress {
		return false
	}
	a, err := netip.ParseAddr(string(text))
	return err == nil && a == p.addr
}

func (p *pattern) hasPrefix(text, prefix []byte) bool {
	if !p.fold {
		return bytes.HasPrefix(text, prefix)
	}
	return len(text) >= len(prefix) && equalFold(text[:len(prefix)], prefix)
}

func (p *pattern) index(text, part []byte) int {
	if !p.fold {
		return bytes.Index(text, part)
	}
	return indexFold(text, part)
}

// longest is the longest text that every value has which the pattern matches,
// empty when there is none.
func (p *pattern) longest() []byte {
	var longest []byte
	for _, part := range p.parts {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

// patterns is a list of which one must match.
type patterns struct {
	exact map[string]struct{} // when there are many
	rest  []pattern
}

// manyExact is from how many values on a map is faster than a walk.
const manyExact = 4

func newPatterns(list []pattern) *patterns {
	var s patterns
	exact := map[string]struct{}{}
	for _, p := range list {
		if p.exact() {
			exact[string(p.parts[0])] = struct{}{}
		} else {
			s.rest = append(s.rest, p)
		}
	}
	if len(exact) < manyExact {
		s.rest = list
	} else {
		s.exact = exact
	}
	return &s
}

func (s *patterns) match(text []byte) bool {
	if _, ok := s.exact[string(text)]; ok {
		return true
	}
	for i := range s.rest {
		if s.rest[i].match(text) {
			return true
		}
	}
	return false
}

// literals are texts of which a match holds one; nil when that cannot be
// told, or when there are too many to look for.
func literals(list []pattern) []literal {
	if len(list) > maxLiterals {
		return nil
	}
	var texts []literal
	for i := range list {
		text := list[i].longest()
		if len(text) == 0 || list[i].addr.IsValid() { // addresses have several spellings
			return nil
		}
		texts = append(texts, newLiteral(text, list[i].fold))
	}
	return texts
}
