package sandbox

import (
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"net/http"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/query"
)

// protocol is the wire format of a call, which decides the format of an error.
type protocol int

const (
	restXML   protocol = iota // S3
	awsJSON                   // X-Amz-Target
	awsQuery                  // a form with Action
	ec2Query                  // the same, with EC2's errors
	rpcCBOR                   // Smithy RPC v2
	restOther                 // a service with addresses of its own
)

// refuse answers a call that reaches no service.
func refuse(w http.ResponseWriter, c *call.Call, p protocol, e *call.Error) {
	c.Error = e
	switch p {
	case awsQuery:
		query.Fail(w, c, "", e)
	case ec2Query:
		query.FailEC2(w, c, e)
	case restXML:
		if c.HTTP != nil && c.HTTP.Method == http.MethodHead {
			w.Header().Set("X-Amzn-ErrorType", e.Code) // there is no body to say it
		}
		writeBody(w, e.Status, "application/xml", errorXML(c, e))
	case rpcCBOR:
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		writeBody(w, e.Status, "application/cbor", errorCBOR(e))
	default:
		w.Header().Set("X-Amzn-ErrorType", e.Code)
		body, _ := json.Marshal(map[string]string{"__type": e.Code, "message": e.Message}) // texts always marshal
		writeBody(w, e.Status, "application/x-amz-json-1.1", body)
	}
}

func writeBody(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	w.Write(body)
}

func errorXML(c *call.Call, e *call.Error) []byte {
	body, _ := xml.Marshal(struct { // texts always marshal
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		RequestID string `xml:"RequestId"`
	}{Code: e.Code, Message: e.Message, RequestID: c.RequestID})
	return append([]byte(xml.Header), body...)
}

// errorCBOR writes a map of two texts (RFC 8949).
func errorCBOR(e *call.Error) []byte {
	out := []byte{0xa2} // a map of two pairs
	for _, s := range []string{"__type", e.Code, "message", e.Message} {
		out = append(out, 0x79) // a text with a length of two bytes
		out = binary.BigEndian.AppendUint16(out, uint16(len(s)))
		out = append(out, s...)
	}
	return out
}
