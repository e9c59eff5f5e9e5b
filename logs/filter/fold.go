package filter

import "bytes"

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// equalFold compares text with one of the same length that is in lower case.
func equalFold(text, low []byte) bool {
	for i, c := range text {
		if lower(c) != low[i] {
			return false
		}
	}
	return true
}

// indexFold finds text that is given in lower case, whatever the case of its
// ASCII letters; -1 when there is none. It looks for the rarest byte first.
func indexFold(text, low []byte) int {
	if len(low) == 0 {
		return 0
	}
	anchor, _ := rarest(low)
	first, upper := low[anchor], low[anchor]
	if first >= 'a' && first <= 'z' {
		upper = first - 'a' + 'A'
	}
	end := len(text) - len(low) + anchor // the last place where the anchor can be
	nextLow, nextUpper := -1, -1         // where each was found last
	for i := anchor; i <= end; {
		nextLow = nextByte(text, first, nextLow, i, end)
		nextUpper = nextByte(text, upper, nextUpper, i, end)
		at := min(nextLow, nextUpper)
		if at > end {
			return -1
		}
		if start := at - anchor; equalFold(text[start:start+len(low)], low) {
			return start
		}
		i = at + 1
	}
	return -1
}

// nextByte is the first c from i on, or behind end. found is where it was
// found the last time.
func nextByte(text []byte, c byte, found, i, end int) int {
	if found >= i {
		return found
	}
	if n := bytes.IndexByte(text[i:end+1], c); n >= 0 {
		return i + n
	}
	return end + 1
}
