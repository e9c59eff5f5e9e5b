// Package query is the AWS query protocol, in which the older services of the
// sandbox are asked by form and answer in XML. It serves nothing itself.
package query

import (
	"encoding/xml"
	"net/http"
	"net/url"

	"trailctl/internal/sandbox/call"
)

// Form reads the parameters of a call from its body, or from its address when
// it was a GET. The parameters of the signature are no part of them.
func Form(c *call.Call) url.Values {
	text := string(c.Body)
	if c.HTTP.Method == http.MethodGet {
		text = c.HTTP.URL.RawQuery
	}
	form, _ := url.ParseQuery(text) // what cannot be read is as if it were absent
	return form
}

// Reply writes an answer. v is marshalled as it is, its XMLName included.
func Reply(w http.ResponseWriter, v any) {
	body, err := xml.Marshal(v)
	if err != nil {
		write(w, http.StatusInternalServerError, nil)
		return
	}
	write(w, http.StatusOK, body)
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(status)
	w.Write([]byte(xml.Header))
	w.Write(body)
}

type errorBody struct {
	Type    string `xml:",omitempty"`
	Code    string
	Message string
}

// Fail answers a call with an error, in the form of most query services, and
// notes it for the recorder.
func Fail(w http.ResponseWriter, c *call.Call, namespace string, e *call.Error) {
	c.Error = e
	body := struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr,omitempty"`
		Error     errorBody
		RequestID string `xml:"RequestId"`
	}{Namespace: namespace, Error: errorBody{"Sender", e.Code, e.Message}, RequestID: c.RequestID}
	text, _ := xml.Marshal(body) // texts always marshal
	write(w, e.Status, text)
}

// FailEC2 does the same in the form of EC2.
func FailEC2(w http.ResponseWriter, c *call.Call, e *call.Error) {
	c.Error = e
	body := struct {
		XMLName   xml.Name    `xml:"Response"`
		Errors    []errorBody `xml:"Errors>Error"`
		RequestID string
	}{Errors: []errorBody{{"", e.Code, e.Message}}, RequestID: c.RequestID}
	text, _ := xml.Marshal(body) // texts always marshal
	write(w, e.Status, text)
}
