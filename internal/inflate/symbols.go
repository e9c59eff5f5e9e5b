package inflate

import "io"

// symbols reads literals and matches to the end of the block (RFC 1951,
// 3.2.5): fast as long as the ends of input and output are far, one by one
// with every check where the input ends.
func (d *Decoder) symbols() error {
	for {
		done, err := d.fast()
		switch {
		case done || err != nil:
			return err
		case d.op > d.end:
			return ErrTooLarge
		case d.op > len(d.out)-slack:
			d.reserve(1)
		default:
			if done, err := d.careful(); done || err != nil {
				return err
			}
		}
	}
}

// careful reads one literal or one match. It asks for as many bits as
// compress/flate does, in the same order, so that data which is cut off and
// wrong is called the same.
func (d *Decoder) careful() (done bool, err error) {
	d.refill() // all that a literal or a match can take, or all there is
	if d.n < d.minLit {
		return false, io.ErrUnexpectedEOF
	}
	e := d.litlen[d.hold&(1<<litlenBits-1)]
	if e&litLeads == litLeads {
		if d.n < litlenBits {
			return false, io.ErrUnexpectedEOF
		}
		d.drop(litlenBits)
		e = d.litlen[secondIndex(uint64(e), d.hold)%uint64(len(d.litlen))]
	}
	switch code := uint(e >> 8 & 15); {
	case d.n < code:
		return false, io.ErrUnexpectedEOF
	case e&litLiteral != 0:
		d.drop(code)
		d.out[d.op] = byte(e >> 16)
		d.op++
		return false, nil
	case e&litExceptional == 0:
		return false, d.match(e, code)
	case e&litEnd != 0:
		d.drop(code)
		return true, nil
	}
	return false, ErrCorrupt
}

// match copies a match, of which e is the entry for the length.
func (d *Decoder) match(e uint32, code uint) error {
	if d.n < uint(e&63) {
		return io.ErrUnexpectedEOF
	}
	length := int(e>>16&511) + int(d.hold>>code&uint64(e>>25&31))
	d.drop(uint(e & 63))
	f := d.dist[d.hold&(1<<distBits-1)]
	if f&distLeads == distLeads {
		if d.n < distBits {
			return io.ErrUnexpectedEOF
		}
		d.drop(distBits)
		f = d.dist[secondIndex(f, d.hold)%uint64(len(d.dist))]
	}
	code = uint(f >> 8 & 15)
	switch {
	case d.n < code:
		return io.ErrUnexpectedEOF
	case f&distExceptional != 0:
		return ErrCorrupt
	case d.n < uint(f&63):
		return io.ErrUnexpectedEOF
	}
	dist := int(f>>32) + int(d.hold>>code&uint64(uint16(f>>16)))
	if dist > d.op-d.base {
		return ErrCorrupt
	}
	d.drop(uint(f & 63))
	repeat(d.out, d.op, dist, length)
	d.op += length
	return nil
}

// secondIndex is where the entry for the bits in hold stands in the second
// table that e leads to.
func secondIndex(e, hold uint64) uint64 {
	return e>>16&0xffff + hold&(1<<(e>>8&15)-1)
}

// repeat copies length bytes from dist bytes before out[to] to there. What it
// writes may be what it reads: a pattern, repeated.
func repeat(out []byte, to, dist, length int) {
	room := out[to-dist : to+length]
	for done := dist; done < len(room); {
		done += copy(room[done:], room[:done])
	}
}
