package inflate

import "math/bits"

// Sizes of the three codes of a block (RFC 1951, 3.2.5 and 3.2.7).
const (
	maxLitlen   = 288 // two of them only to fill the fixed code
	maxDist     = 32  // two of them only to fill the fixed code
	maxRepeat   = 138 // the longest run of equal code lengths
	maxCodeLen  = 15
	precodeSyms = 19
	precodeBits = 7
	endOfBlock  = 256
)

// Entries of the tables. The bits of the input, as many as a table is wide,
// are its index. Codes longer than that lead to a second table behind the
// first, of which the entry tells the start and the width.
//
// The low six bits are what the symbol takes from the input, its extra bits
// included, so that one shift is on the way from symbol to symbol. The six
// bits from 8 on are the length of the code alone, 15 at most. What lies above:
//
//	literal   value at 16, litLiteral
//	length    shortest at 16, mask of the extra bits at 25
//	distance  mask of the extra bits at 16, shortest at 32
//	second    width at 8, start at 16; the low bits are the first table's width
//	end       litExceptional, litEnd
//	no code   litExceptional or distExceptional alone
const (
	litlenBits = 11
	distBits   = 8

	litLiteral     = 1 << 31
	litExceptional = 1 << 30
	litSecond      = 1 << 29
	litEnd         = 1 << 28
	litLeads       = litExceptional | litSecond

	distExceptional = 1 << 63
	distSecond      = 1 << 62
	distLeads       = distExceptional | distSecond
)

// The tables with their second tables: complete codes of these many symbols
// of at most 15 bits need no more than 2342 and 402 entries. They are powers
// of two, so that a masked index needs no check.
type (
	litlenTable [4096]uint32
	distTable   [512]uint64
)

// litlenSymbols are the entries without the length of the code.
var litlenSymbols = func() (t [maxLitlen]uint32) {
	for i := range 256 {
		t[i] = litLiteral | uint32(i)<<16
	}
	t[endOfBlock] = litExceptional | litEnd
	base := uint32(3)
	for i := 257; i < 285; i++ {
		extra := uint32(0)
		if i >= 265 {
			extra = uint32(i-261) / 4
		}
		t[i] = (1<<extra-1)<<25 | base<<16 | extra
		base += 1 << extra
	}
	t[285] = 258 << 16
	t[286], t[287] = litExceptional, litExceptional
	return t
}()

var distSymbols = func() (t [maxDist]uint64) {
	base := uint64(1)
	for i := range 30 {
		extra := uint64(0)
		if i >= 4 {
			extra = uint64(i-2) / 2
		}
		t[i] = base<<32 | (1<<extra-1)<<16 | extra
		base += 1 << extra
	}
	t[30], t[31] = distExceptional, distExceptional
	return t
}()

// sortCodes puts the symbols that have a code in the order of their codes and
// counts the codes of each length. It tells whether the code is one that
// compress/flate takes: complete, or without any symbol, or one symbol of one
// bit.
func sortCodes(lens []uint8, sorted *[maxLitlen]uint16, count *[maxCodeLen + 1]int) (longest int, ok bool) {
	for _, n := range lens {
		count[n&maxCodeLen]++
	}
	var at [maxCodeLen + 1]uint16
	space, next := 1, uint16(0) // space: how many codes of this length are not taken
	for n := 1; n <= maxCodeLen; n++ {
		at[n] = next
		next += uint16(count[n])
		space = space<<1 - count[n]
		if space < 0 {
			return 0, false
		}
		if count[n] > 0 {
			longest = n
		}
	}
	for sym, n := range lens {
		if n != 0 {
			i := at[n&maxCodeLen]
			at[n&maxCodeLen]++
			if int(i) < len(sorted) {
				sorted[i] = uint16(sym)
			}
		}
	}
	return longest, space == 0 || longest == 0 || longest == 1 && count[1] == 1
}

// nextCode is the code after c among those of n bits, when both are written
// with the first bit lowest: a carry runs downwards. It must not be the last.
func nextCode(c, n uint) uint {
	bit := uint(1) << (bits.Len(c^(1<<n-1)) - 1)
	return c&(bit-1) | bit
}

// width is how wide a second table must be for the codes that share the first
// bits with one of n bits, of which left remain.
func width(first, n uint, left int, count *[maxCodeLen + 1]int) uint {
	w := n - first
	for used := left; used < 1<<w && first+w < maxCodeLen; {
		w++
		used = used<<1 + count[first+w]
	}
	return w
}

// build fills a table of 1<<first entries, and the second tables behind it,
// for the codes of the given lengths. It tells whether the code is valid. none
// marks what is no code, second is the mark of entries that lead on.
func build[E uint32 | uint64](table []E, first uint, lens []uint8, symbols []E, none, second E, sorted *[maxLitlen]uint16) bool {
	var count [maxCodeLen + 1]int
	longest, ok := sortCodes(lens, sorted, &count)
	if !ok {
		return false
	}
	if longest == 0 || longest == 1 && count[1] == 1 {
		for i := range table[:1<<first] {
			table[i] = none
		}
		if longest == 1 {
			e := symbols[sorted[0]] + 1<<8 + 1
			for i := 0; i < 1<<first; i += 2 {
				table[i] = e
			}
		}
		return true
	}
	var (
		c    uint // the code, first bit lowest
		i    int  // in sorted
		done = 1  // entries that are filled for this length: 1<<n
	)
	for n := uint(1); n <= first; n++ {
		copy(table[done:2*done], table[:done])
		done *= 2
		for range count[n] {
			table[c] = symbols[sorted[i]] + E(n<<8+n)
			i++
			if c == 1<<n-1 {
				for ; n < first; n++ {
					copy(table[done:2*done], table[:done])
					done *= 2
				}
				return true
			}
			c = nextCode(c, n)
		}
	}
	prefix, start, end := ^uint(0), uint(0), uint(1)<<first
	for n := first + 1; n <= maxCodeLen; n++ {
		for left := count[n]; left > 0; left-- {
			if p := c & (1<<first - 1); p != prefix {
				w := width(first, n, left, &count)
				prefix, start, end = p, end, end+1<<w
				table[p] = second | E(start<<16|w<<8|first)
			}
			e := symbols[sorted[i]] + E((n-first)<<8+n-first)
			i++
			for j := start + c>>first; j < end; j += 1 << (n - first) {
				table[j] = e
			}
			if c == 1<<n-1 {
				return true
			}
			c = nextCode(c, n)
		}
	}
	return true
}
