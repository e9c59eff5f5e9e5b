package inflate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"
)

// bitWriter writes deflate streams by hand.
type bitWriter struct {
	b []byte
	n uint // bits in the last byte that are used, 0 for a full one
}

// bits writes the low n bits of v, the lowest first.
func (w *bitWriter) bits(v, n uint) *bitWriter {
	for ; n > 0; n-- {
		if w.n == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v&1) << w.n
		w.n = (w.n + 1) % 8
		v >>= 1
	}
	return w
}

// align goes on to the next whole byte.
func (w *bitWriter) align() *bitWriter {
	w.n = 0
	return w
}

func (w *bitWriter) bytes(b ...byte) *bitWriter {
	w.b = append(w.b, b...)
	return w
}

// huffman is a code: a symbol's bits, the first one lowest, and their number.
type huffman struct{ code, length []uint }

// canonical gives the symbols with a length their codes (RFC 1951, 3.2.2).
func canonical(lens []uint) huffman {
	h := huffman{make([]uint, len(lens)), lens}
	next := uint(0)
	for n := uint(1); n <= 15; n++ {
		next <<= 1
		for sym, length := range lens {
			if length == n {
				for i := range n {
					h.code[sym] |= next >> (n - 1 - i) & 1 << i
				}
				next++
			}
		}
	}
	return h
}

func (w *bitWriter) sym(h huffman, syms ...int) *bitWriter {
	for _, s := range syms {
		w.bits(h.code[s], h.length[s])
	}
	return w
}

// flatPrecode has a code for each length and each way of repeating.
var flatPrecode = canonical([]uint{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5})

// dynamic writes the head of a block with codes of its own, one length after
// the other.
func (w *bitWriter) dynamic(final uint, litlen, dist []uint) *bitWriter {
	w.bits(final|2<<1, 3).bits(uint(len(litlen)-257), 5).bits(uint(len(dist)-1), 5).precode(flatPrecode.length)
	for _, n := range slices.Concat(litlen, dist) {
		w.sym(flatPrecode, int(n))
	}
	return w
}

// precode writes the number of lengths of the precode and the lengths.
func (w *bitWriter) precode(lens []uint) *bitWriter {
	w.bits(15, 4)
	for _, sym := range codeOrder {
		w.bits(lens[sym], 3)
	}
	return w
}

// lengths makes a list of code lengths: n zeros but for the pairs of symbol
// and length.
func lengths(n int, pairs ...int) []uint {
	l := make([]uint, n)
	for i := 0; i < len(pairs); i += 2 {
		l[pairs[i]] = uint(pairs[i+1])
	}
	return l
}

// fixedCode is the code of blocks that bring none.
var fixedCode = func() huffman {
	l := slices.Repeat([]uint{8}, 288)
	for i := 144; i < 256; i++ {
		l[i] = 9
	}
	for i := 256; i < 280; i++ {
		l[i] = 7
	}
	return canonical(l)
}()

var fixedDist = canonical(slices.Repeat([]uint{5}, 32))

// plainHead is a gzip header without anything that may be left out.
var plainHead = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// member puts the header in front of w and the trailer for data behind it.
func member(w *bitWriter, data string) []byte { return trailed(plainHead, w.b, data) }

func trailed(head, body []byte, data string) []byte {
	b := slices.Concat(head, body)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(data)))
	return binary.LittleEndian.AppendUint32(b, uint32(len(data)))
}

// randomLengths are the lengths of a complete code for count of n symbols:
// leaves of a tree that grew at random, to a depth of 15.
func randomLengths(r *rand.Rand, n, count int, must ...int) []uint {
	leaves := []uint{1, 1}
	deep := r.IntN(2) == 0
	for len(leaves) < count {
		i := r.IntN(len(leaves))
		if deep && r.IntN(3) > 0 {
			i = len(leaves) - 1
		}
		if leaves[i] == 15 {
			i = slices.Index(leaves, slices.Min(leaves))
		}
		leaves[i]++
		leaves = append(leaves, leaves[i])
	}
	lens := make([]uint, n)
	perm := r.Perm(n)
	for i, sym := range must {
		j := slices.Index(perm, sym)
		perm[i], perm[j] = perm[j], perm[i]
	}
	for i, l := range leaves {
		lens[perm[i]] = l
	}
	return lens
}

// randomStream is a deflate stream with codes as no compressor chooses them:
// few symbols, long codes, symbols in any order. Some are broken: a match that
// reaches too far back, no end.
func randomStream(seed uint64) *bitWriter {
	r := rand.New(rand.NewPCG(seed, 3))
	w := &bitWriter{}
	out := 0
	for blocks := 1 + r.IntN(3); blocks > 0; blocks-- {
		litlens, dists := 257+r.IntN(30), 1+r.IntN(30)
		lit := canonical(randomLengths(r, litlens, 2+r.IntN(litlens-1), endOfBlock, 'a'))
		distLens := make([]uint, dists)
		switch n := r.IntN(dists + 1); {
		case n > 1:
			distLens = randomLengths(r, dists, n)
		case n == 1:
			distLens[r.IntN(dists)] = 1
		}
		dist := canonical(distLens)
		w.dynamic(uint(1/blocks), lit.length, dist.length)
		var syms, distSyms []int
		for sym, n := range lit.length {
			if n > 0 && sym != endOfBlock {
				syms = append(syms, sym)
			}
		}
		for sym, n := range dist.length {
			if n > 0 {
				distSyms = append(distSyms, sym)
			}
		}
		for range r.IntN(2000) {
			sym := syms[r.IntN(len(syms))]
			if sym < endOfBlock {
				w.sym(lit, sym)
				out++
				continue
			}
			if len(distSyms) == 0 {
				continue
			}
			ds := distSyms[r.IntN(len(distSyms))]
			extra := uint(distSymbols[ds] & 63)
			least := int(distSymbols[ds] >> 32)
			if least > out && r.IntN(200) > 0 {
				continue
			}
			more := uint(r.IntN(1 << extra))
			if least+int(more) > out && r.IntN(20) > 0 {
				more = 0
			}
			lenExtra := uint(litlenSymbols[sym] & 63)
			lenMore := uint(r.IntN(1 << lenExtra))
			w.sym(lit, sym).bits(lenMore, lenExtra).sym(dist, ds).bits(more, extra)
			out += int(litlenSymbols[sym]>>16&511) + int(lenMore)
		}
		if r.IntN(50) > 0 {
			w.sym(lit, endOfBlock)
		}
	}
	return w
}

// sealed is a member around w with the right trailer, as far as a judge can
// read the data.
func sealed(t testing.TB, w *bitWriter) []byte {
	src := member(w, "")
	data, _, _ := judges[0].read(src, 1<<24)
	return member(w, string(data))
}

func TestRandomCodes(t *testing.T) {
	var d Decoder
	seen := map[verdict]int{}
	for seed := range uint64(600) {
		src := sealed(t, randomStream(seed))
		seen[agree(t, &d, src, 1<<24, int(seed))]++
		agree(t, &d, append(src, make([]byte, 100)...), 1<<24, 0)
		agree(t, &d, src[:len(src)-int(seed%40)], 1<<24, 0)
	}
	if seen[sound] < 300 || seen[corrupt] < 20 {
		t.Errorf("a poor mixture: %v", seen)
	}
}

// FuzzCodes does what FuzzGunzip does for such streams, damaged in one place.
func FuzzCodes(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(seed, uint32(seed*100), byte(seed), uint16(seed))
	}
	var d Decoder
	f.Fuzz(func(t *testing.T, seed uint64, at uint32, flip byte, cut uint16) {
		src := sealed(t, randomStream(seed))
		src[int(at)%len(src)] ^= flip
		agree(t, &d, bytes.Clone(src[:len(src)-int(cut)%len(src)]), 1<<24, int(cut))
	})
}
