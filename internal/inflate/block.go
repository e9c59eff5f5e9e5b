package inflate

import (
	"encoding/binary"
	"io"
)

// inflate reads the blocks (RFC 1951, 3.2.3). In the end, ip is behind the
// last byte that was used.
func (d *Decoder) inflate() error {
	d.fixed = false
	defer d.unread()
	for {
		d.refill()
		if d.n < 3 {
			return io.ErrUnexpectedEOF
		}
		final, kind := d.hold&1 == 1, d.hold>>1&3
		d.drop(3)
		var err error
		switch kind {
		case 0:
			err = d.stored()
		case 1:
			d.fixedCodes()
			err = d.symbols()
		case 2:
			if err = d.readCodes(); err == nil {
				err = d.symbols()
			}
		default:
			err = ErrCorrupt
		}
		if d.op > d.end {
			return ErrTooLarge // the end of a block came within the slack
		}
		if err != nil || final {
			return err
		}
	}
}

// refill reads ahead until hold has 56 bits or more, or the input ends. In
// the first case, there may be bits beyond those counted; they are those that
// the next refill reads again.
func (d *Decoder) refill() {
	if len(d.in)-d.ip >= 8 {
		d.hold |= binary.LittleEndian.Uint64(d.in[d.ip:]) << (d.n & 63)
		d.ip += int(^d.n >> 3 & 7)
		d.n |= 56
		return
	}
	for d.n < 56 && d.ip < len(d.in) {
		d.hold |= uint64(d.in[d.ip]) << (d.n & 63)
		d.ip++
		d.n += 8
	}
}

// drop takes bits from hold. It must have them.
func (d *Decoder) drop(n uint) {
	d.hold >>= n & 63
	d.n -= n
}

// bits takes n bits, at most 16, from hold.
func (d *Decoder) bits(n uint) (uint, error) {
	if d.n < n {
		d.refill()
		if d.n < n {
			return 0, io.ErrUnexpectedEOF
		}
	}
	v := uint(d.hold) & (1<<(n&63) - 1)
	d.drop(n)
	return v, nil
}

// unread gives back the bytes of which no bit was used.
func (d *Decoder) unread() {
	d.ip -= int(d.n >> 3)
	d.hold, d.n = 0, 0
}

// stored copies a block that is not compressed. What is left of the byte with
// the block's head means nothing.
func (d *Decoder) stored() error {
	d.unread()
	if len(d.in)-d.ip < 4 {
		d.ip = len(d.in)
		return io.ErrUnexpectedEOF
	}
	size := binary.LittleEndian.Uint16(d.in[d.ip:])
	inverse := binary.LittleEndian.Uint16(d.in[d.ip+2:])
	d.ip += 4
	if size != ^inverse {
		return ErrCorrupt
	}
	have := min(int(size), len(d.in)-d.ip)
	n := min(have, d.end-d.op)
	d.reserve(n)
	copy(d.out[d.op:], d.in[d.ip:d.ip+n])
	d.ip += n
	d.op += n
	switch {
	case n < have:
		return ErrTooLarge
	case n < int(size):
		return io.ErrUnexpectedEOF
	}
	return nil
}

// fixedCodes sets the tables up for the codes of RFC 1951, 3.2.6.
func (d *Decoder) fixedCodes() {
	if d.fixed {
		return
	}
	lens := d.lens[:maxLitlen+maxDist]
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		case i < maxLitlen:
			lens[i] = 8
		default:
			lens[i] = 5
		}
	}
	d.setTables(maxLitlen, maxDist)
	d.fixed = true
}

// setTables builds both tables from lens, in which the distances follow
// litlens lengths.
func (d *Decoder) setTables(litlens, dists int) bool {
	if !build(d.litlen[:], litlenBits, d.lens[:litlens], litlenSymbols[:], litExceptional, litLeads, &d.sorted) ||
		!build(d.dist[:], distBits, d.lens[litlens:litlens+dists], distSymbols[:], distExceptional, distLeads, &d.sorted) {
		return false
	}
	d.minLit = uint(d.lens[endOfBlock])
	return true
}

// codeOrder is the order in which the lengths of the precode are written.
var codeOrder = [precodeSyms]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// precodeSymbols are the entries of the precode's table without the length.
var precodeSymbols = func() (t [precodeSyms]uint32) {
	for i := range t {
		t[i] = uint32(i) << 16
	}
	return t
}()

// readCodes reads the codes of a block that brings its own (RFC 1951, 3.2.7).
func (d *Decoder) readCodes() error {
	d.fixed = false
	head, err := d.bits(14)
	if err != nil {
		return err
	}
	litlens, dists, n := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if litlens > 286 || dists > 30 {
		return ErrCorrupt
	}
	var lens [precodeSyms]uint8
	for _, sym := range codeOrder[:n] {
		v, err := d.bits(3)
		if err != nil {
			return err
		}
		lens[sym] = uint8(v)
	}
	if !build(d.precode[:], precodeBits, lens[:], precodeSymbols[:], litExceptional, 0, &d.sorted) {
		return ErrCorrupt
	}
	if err := d.readLens(d.lens[:litlens+dists]); err != nil {
		return err
	}
	if !d.setTables(litlens, dists) {
		return ErrCorrupt
	}
	return nil
}

// readLens reads code lengths, which are themselves written in the precode.
func (d *Decoder) readLens(lens []uint8) error {
	for i := 0; i < len(lens); {
		if d.n < precodeBits {
			d.refill()
		}
		e := d.precode[d.hold&(1<<precodeBits-1)]
		if e&litExceptional != 0 {
			return ErrCorrupt
		}
		if d.n < uint(e&63) {
			return io.ErrUnexpectedEOF
		}
		d.drop(uint(e & 63))
		sym := uint8(e >> 16)
		if sym < 16 {
			lens[i] = sym
			i++
			continue
		}
		if sym == 16 && i == 0 {
			return ErrCorrupt
		}
		r := repeats[sym-16]
		more, err := d.bits(r.bits)
		if err != nil {
			return err
		}
		run := r.least + int(more)
		if run > len(lens)-i {
			return ErrCorrupt
		}
		value := uint8(0)
		if sym == 16 {
			value = lens[i-1]
		}
		for range run {
			lens[i] = value
			i++
		}
	}
	return nil
}

// repeats are the symbols of the precode from 16 on: the length before again,
// or no code, so many times.
var repeats = [...]struct {
	least int
	bits  uint
}{{3, 2}, {3, 3}, {11, 7}}
