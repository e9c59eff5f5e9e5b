package cloudwatch

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/query"
)

// CloudWatch is asked in three protocols, by the age of the client: the query
// protocol, AWS JSON 1.0, and Smithy RPC v2 CBOR
// (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html). The
// operations read the form of the first and answer what it marshals; the
// others are turned into that and back.

const rpcCBOR = "rpc-v2-cbor"

func speaksCBOR(c *call.Call) bool { return c.HTTP.Header.Get("Smithy-Protocol") == rpcCBOR }

func speaksJSON(c *call.Call) bool { return c.HTTP.Header.Get("X-Amz-Target") != "" }

// input reads what a call asks for.
func input(c *call.Call) (url.Values, *call.Error) {
	var in any
	var err error
	switch {
	case speaksCBOR(c):
		in, err = readCBOR(c.Body)
	case speaksJSON(c):
		in, err = readJSON(c.Body)
	default:
		return query.Form(c), nil
	}
	if _, ok := in.(map[string]any); err != nil || !ok {
		return nil, refuse(400, "SerializationException", "The body is not a map")
	}
	form := url.Values{}
	flatten(form, "", in)
	return form, nil
}

func readJSON(body []byte) (in any, err error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	return in, dec.Decode(&in)
}

// flatten writes a value under its name: Name.Field for the fields of a
// structure, Name.member.1 for the elements of a list.
func flatten(form url.Values, name string, v any) {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for field, inner := range v {
			flatten(form, strings.TrimPrefix(name+"."+field, "."), inner)
		}
	case []any:
		for i, inner := range v {
			flatten(form, fmt.Sprintf("%s.member.%d", name, i+1), inner)
		}
	case float64:
		form.Set(name, strconv.FormatFloat(v, 'g', -1, 64))
	default:
		form.Set(name, fmt.Sprint(v))
	}
}

// reply writes an answer, which is nil for an empty one.
func reply(w http.ResponseWriter, c *call.Call, out any) {
	if !speaksCBOR(c) && !speaksJSON(c) {
		query.Reply(w, response{
			XMLName: xml.Name{Local: c.Operation + "Response"}, Namespace: namespace,
			Result: out, RequestID: c.RequestID,
		})
		return
	}
	body := map[string]any{}
	if out != nil {
		body = fieldsOf(reflect.ValueOf(out))
	}
	write(w, c, http.StatusOK, body)
}

type response struct {
	XMLName   xml.Name
	Namespace string `xml:"xmlns,attr"`
	Result    any
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

// fail answers with an error and notes it for the recorder.
func fail(w http.ResponseWriter, c *call.Call, e *call.Error) {
	if !speaksCBOR(c) && !speaksJSON(c) {
		query.Fail(w, c, namespace, e)
		return
	}
	c.Error = e
	w.Header().Set("X-Amzn-Query-Error", e.Code+";Sender")
	write(w, c, e.Status, map[string]any{"__type": e.Code, "message": e.Message})
}

// write writes a map as CBOR or JSON.
func write(w http.ResponseWriter, c *call.Call, status int, v map[string]any) {
	var body []byte
	kind := "application/x-amz-json-1.0"
	if speaksCBOR(c) {
		kind = "application/cbor"
		w.Header().Set("Smithy-Protocol", rpcCBOR)
		body = cbor.Encode(toCBOR(v))
	} else {
		body, _ = json.Marshal(v) // texts, finite numbers and times always marshal
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	w.Write(body)
}

// seconds is a time as JSON and CBOR carry it.
type seconds float64

// valueOf takes an answer of the query protocol apart into maps, lists and
// scalars, with the names that its fields have in XML.
func valueOf(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, valueOf(v.Index(i)))
		}
		return list
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			return seconds(float64(at.UnixMilli()) / 1000)
		}
		if members := v.FieldByName("Members"); members.IsValid() {
			return valueOf(members)
		}
		return fieldsOf(v)
	}
	return v.Interface()
}

func fieldsOf(v reflect.Value) map[string]any {
	out := map[string]any{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("xml"), ",")
		if name == "" {
			name = f.Name
		}
		if name == "-" || f.Name == "XMLName" || option == "omitempty" && v.Field(i).IsZero() {
			continue
		}
		out[name] = valueOf(v.Field(i))
	}
	return out
}
