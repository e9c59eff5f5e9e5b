package logs

import (
	"encoding/binary"
	"math/bits"
)

// skimDepth is how many brackets skim can keep in mind.
const skimDepth = 64

// skim walks over a value as value does, but in one tight loop that gives up
// (-1) on all that is damaged, nested deep, or breaks off. It takes nothing
// that value does not take, and ends where value ends; what it gives up on
// has to be walked over again with care, which also tells what is wrong.
func (s *scanner) skim(i int) int {
	var (
		data  = s.data
		open  uint64 // the brackets around, the innermost in the lowest bit: 1 for an object
		depth int
		key   bool // the string at hand is a key
	)
value:
	if i >= len(data) {
		return -1
	}
	switch c := data[i]; {
	case c == '"':
		key = false
		goto text
	case c == '{':
		if depth == skimDepth {
			return -1
		}
		open = open<<1 | 1
		depth++
		i++
		if i < len(data) && data[i] == '}' {
			i++
			open >>= 1
			depth--
			goto after
		}
		goto name
	case c == '[':
		if depth == skimDepth {
			return -1
		}
		open <<= 1
		depth++
		i++
		if i < len(data) && data[i] == ']' {
			i++
			open >>= 1
			depth--
			goto after
		}
		goto value
	case c <= ' ':
		if next := s.space(i); next > i {
			i = next
			goto value
		}
		return -1
	default:
		end, err := s.scalar(i)
		if err != nil {
			return -1
		}
		i = end
		goto after
	}
name:
	if i < len(data) && data[i] <= ' ' {
		i = s.space(i)
	}
	if i >= len(data) || data[i] != '"' {
		return -1
	}
	key = true
text:
	i++
	for {
		if i+8 > len(data) {
			return -1
		}
		m := marks(binary.LittleEndian.Uint64(data[i:]))
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) / 8
		if data[i] == '"' {
			i++
			break
		}
		if data[i] != '\\' {
			return -1
		}
		next, err := s.escape(i)
		if err != nil {
			return -1
		}
		i = next
	}
	if key {
		if i < len(data) && data[i] <= ' ' {
			i = s.space(i)
		}
		if i >= len(data) || data[i] != ':' {
			return -1
		}
		i++
		goto value
	}
after:
	if depth == 0 {
		return i
	}
	if i >= len(data) {
		return -1
	}
	switch c := data[i]; {
	case c == ',' && open&1 == 1:
		i++
		goto name
	case c == ',':
		i++
		goto value
	case c == '}' && open&1 == 1, c == ']' && open&1 == 0:
		i++
		open >>= 1
		depth--
		goto after
	case c <= ' ':
		if next := s.space(i); next > i {
			i = next
			goto after
		}
	}
	return -1
}
