package cloudwatch

import "github.com/aws/smithy-go/encoding/cbor"

// readCBOR reads maps, lists and scalars. An empty body is an empty map.
func readCBOR(body []byte) (any, error) {
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	v, err := cbor.Decode(body)
	if err != nil {
		return nil, err
	}
	return fromCBOR(v), nil
}

func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		out := map[string]any{}
		for name, inner := range v {
			out[name] = fromCBOR(inner)
		}
		return out
	case cbor.List:
		out := []any{}
		for _, inner := range v {
			out = append(out, fromCBOR(inner))
		}
		return out
	case cbor.String:
		return string(v)
	case cbor.Bool:
		return bool(v)
	case cbor.Uint:
		return uint64(v)
	case cbor.NegInt: // holds the absolute value
		return -int64(v)
	case cbor.Float32:
		return float64(v)
	case cbor.Float64:
		return float64(v)
	}
	return nil
}

// epochTime is the CBOR tag of seconds since 1970 (RFC 8949).
const epochTime = 1

func toCBOR(v any) cbor.Value {
	switch v := v.(type) {
	case map[string]any:
		out := cbor.Map{}
		for name, inner := range v {
			out[name] = toCBOR(inner)
		}
		return out
	case []any:
		out := cbor.List{}
		for _, inner := range v {
			out = append(out, toCBOR(inner))
		}
		return out
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case int: // none of CloudWatch's answers is negative
		return cbor.Uint(uint64(v))
	case float64:
		return cbor.Float64(v)
	case seconds:
		return &cbor.Tag{ID: epochTime, Value: cbor.Float64(v)}
	}
	return &cbor.Nil{}
}
