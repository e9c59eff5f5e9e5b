package inflate

import "encoding/binary"

// inSlack is how far the end of the input must be for fast: what one turn
// reads, and the eight bytes of one load.
const inSlack = 32

// fast reads literals and matches until the block ends or the end of the input
// or of the output comes near. It is where the time goes, and written for what
// the compiler makes of it: the state lives in local variables, a masked index
// into an array and a shift by a masked count need no check, and nothing in
// the loop is a call but the rare copy of a pattern.
//
// The lowest six bits of n count the bits in hold. The others are what is left
// of the entries that are subtracted whole.
func (d *Decoder) fast() (done bool, err error) {
	in, out, ip, op, base := d.in, d.out, d.ip, d.op, d.base
	inLimit, outLimit := len(in)-inSlack, min(len(out)-slack, d.end)
	if ip > inLimit || op > outLimit || ip < 0 || op < 0 {
		return false, nil
	}
	hold, n := d.hold, uint64(d.n)
	litlen, dists := &d.litlen, &d.dist

	hold |= load64(in, ip) << (n & 63)
	ip += int(^n >> 3 & 7)
	n |= 56
	e := litlen[hold&(1<<litlenBits-1)]
	for {
		// Three literals of the first table take 33 of the 56 bits; or two,
		// and then a length of the second table (20) with what leads there.
		saved := hold // with the extra bits of e
		hold >>= e & 63
		n -= uint64(e)
		if int32(e) < 0 {
			out[op] = byte(e >> 16)
			op++
			e = litlen[hold&(1<<litlenBits-1)]
			saved = hold
			hold >>= e & 63
			n -= uint64(e)
			if int32(e) < 0 {
				out[op] = byte(e >> 16)
				op++
				e = litlen[hold&(1<<litlenBits-1)]
				saved = hold
				hold >>= e & 63
				n -= uint64(e)
				if int32(e) < 0 {
					out[op] = byte(e >> 16)
					op++
					goto next
				}
			}
		}
		if e&litExceptional != 0 {
			if e&litSecond != 0 {
				e = litlen[secondIndex(uint64(e), hold)%uint64(len(litlen))]
				saved = hold
				hold >>= e & 63
				n -= uint64(e)
				if int32(e) < 0 {
					out[op] = byte(e >> 16)
					op++
					goto next
				}
			}
			if e&litExceptional != 0 {
				if done = e&litEnd != 0; !done {
					err = ErrCorrupt
				}
				break
			}
		}
		{
			length := int(e>>16&511) + int(saved>>(e>>8&63)&uint64(e>>25&31))

			hold |= load64(in, ip) << (n & 63)
			ip += int(^n >> 3 & 7)
			n |= 56
			f := dists[hold&(1<<distBits-1)]
			if int64(f) < 0 {
				if f&distSecond != 0 {
					hold >>= distBits
					n -= distBits
					f = dists[secondIndex(f, hold)%uint64(len(dists))]
				}
				if int64(f) < 0 {
					err = ErrCorrupt
					break
				}
			}
			dist := int(f>>32) + int(hold>>(f>>8&63)&uint64(uint16(f>>16)))
			hold >>= f & 63
			n -= f
			if dist > op-base {
				err = ErrCorrupt
				break
			}
			to, from := op, op-dist
			op += length
			if dist < 16 {
				repeat(out, to, dist, length)
				goto next
			}
			// Whole steps: what is too much is written over.
			copy16(out, to, from)
			copy16(out, to+16, from+16)
			for length > 32 {
				to += 32
				from += 32
				length -= 32
				copy16(out, to, from)
				copy16(out, to+16, from+16)
			}
		}
	next:
		hold |= load64(in, ip) << (n & 63)
		ip += int(^n >> 3 & 7)
		n |= 56
		e = litlen[hold&(1<<litlenBits-1)]
		if ip > inLimit || op > outLimit {
			break
		}
	}
	d.ip, d.op, d.hold, d.n = ip, op, hold, uint(n&63)
	return done, err
}

// load64 reads eight bytes, the first one lowest. The third index tells the
// compiler that the slice is not empty, which spares it some arithmetic.
func load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8 : i+8]) }

// copy16 copies 16 bytes. It reads them all before it writes.
func copy16(b []byte, to, from int) {
	*(*[16]byte)(b[to : to+16 : to+16]) = *(*[16]byte)(b[from : from+16 : from+16])
}
