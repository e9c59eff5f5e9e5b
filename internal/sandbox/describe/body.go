package describe

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"

	"github.com/aws/smithy-go/encoding/cbor"

	"trailctl/internal/sandbox/call"
)

// Limits of what is read of a body: bytes after unzipping, levels of values in
// one another, and values in all.
const (
	maxBody   = 1 << 20
	maxDepth  = 32
	maxValues = 20_000
	// maxMarks bounds the memory that a JSON text needs before its values can
	// be counted. Texts within it have some of the marks too.
	maxMarks = 10 * maxValues
)

// unzipped is a part that is gzipped, as its header says, as it was before. One
// that cannot be read is as if it were cut.
func unzipped(header http.Header, p Part) Part {
	if header.Get("Content-Encoding") != "gzip" || !bytes.HasPrefix(p.Bytes, []byte("\x1f\x8b")) {
		return p // the caller may have unzipped it
	}
	z, err := gzip.NewReader(bytes.NewReader(p.Bytes))
	if err != nil {
		return Part{Cut: true}
	}
	text, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if len(text) > maxBody {
		return Part{text[:maxBody], true}
	}
	return Part{text, p.Cut || err != nil}
}

// reader reads a document as maps, lists and scalars.
type reader func(c *call.Call, body []byte) (any, error)

// parameters are the parameters that a body holds; nil for none, and for a
// body that is no document with names in it.
func parameters(c *call.Call, read reader, body Part) map[string]any {
	return named(c, read, body, "requestParameters")
}

// named is a body's document with its names and values as records carry them.
func named(c *call.Call, read reader, body Part, what string) map[string]any {
	if body.Cut {
		return omitted(c, what)
	}
	if len(body.Bytes) == 0 {
		return nil
	}
	v, err := read(c, body.Bytes)
	if errors.Is(err, errTooMuch) {
		return omitted(c, what)
	}
	m, ok := v.(map[string]any)
	if err != nil || !ok || len(m) == 0 {
		return nil
	}
	return shapeOf(c).fields(m)
}

// omitted stands for what is too large to be read, in the form in which
// CloudTrail leaves out what is too large for a record ("CloudTrail record
// contents", requestParameters).
func omitted(c *call.Call, what string) map[string]any {
	m := map[string]any{"omitted": true, "reason": what + " too large"}
	if what == "requestParameters" && c.HTTP.ContentLength > 0 {
		m["originalSize"] = c.HTTP.ContentLength
	}
	return m
}

var errTooMuch = errors.New("more values, or deeper ones, than are read")

func readJSON(_ *call.Call, body []byte) (any, error) {
	if bytes.Count(body, []byte(","))+bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) > maxMarks {
		return nil, errTooMuch
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return v, counted(v)
}

func readCBOR(_ *call.Call, body []byte) (any, error) {
	if len(body) > maxBody {
		return nil, errTooMuch
	}
	v, err := cbor.Decode(body)
	if err != nil {
		return nil, err
	}
	out := fromCBOR(v)
	return out, counted(out)
}

// counted tells whether the values in one another and in all are too many.
func counted(v any) error {
	left := maxValues
	var count func(v any, depth int) bool
	count = func(v any, depth int) bool {
		if left--; left < 0 || depth > maxDepth {
			return false
		}
		switch v := v.(type) {
		case map[string]any:
			for _, inner := range v {
				if !count(inner, depth+1) {
					return false
				}
			}
		case []any:
			for _, inner := range v {
				if !count(inner, depth+1) {
					return false
				}
			}
		}
		return true
	}
	if !count(v, 0) {
		return errTooMuch
	}
	return nil
}

// epochTime is the CBOR tag of seconds since 1970 (RFC 8949).
const epochTime = 1

// seconds is a time in seconds since 1970, told from a mere number by its
// format.
type seconds float64

func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		out := make(map[string]any, len(v))
		for name, inner := range v {
			out[name] = fromCBOR(inner)
		}
		return out
	case cbor.List:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = fromCBOR(inner)
		}
		return out
	case cbor.String:
		return string(v)
	case cbor.Slice:
		return []byte(v) // written as base64, as in JSON
	case cbor.Bool:
		return bool(v)
	case cbor.Uint:
		return uint64(v)
	case cbor.NegInt: // holds the absolute value
		return -int64(v)
	case cbor.Float32:
		return finite(float64(v))
	case cbor.Float64:
		return finite(float64(v))
	case *cbor.Tag:
		inner := fromCBOR(v.Value)
		if n, ok := number(inner); ok && v.ID == epochTime {
			return seconds(n)
		}
		return inner
	}
	return nil
}

// finite writes what JSON has no number for as the text that AWS uses.
func finite(n float64) any {
	switch {
	case math.IsNaN(n):
		return "NaN"
	case math.IsInf(n, 1):
		return "Infinity"
	case math.IsInf(n, -1):
		return "-Infinity"
	}
	return n
}

// number reads a number of any of the formats.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Float64()
		return n, err == nil
	case float64:
		return v, true
	case uint64:
		return float64(v), true
	case int64:
		return float64(v), true
	}
	return 0, false
}
