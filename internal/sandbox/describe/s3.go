package describe

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/s3"
)

// requestS3 describes a call of S3, as the embedded S3 records it: with the
// document of a change to a bucket, but nothing of what objects hold.
func requestS3(c *call.Call, body Part) {
	s3.Describe(c)
	c.Operation = word(c.Operation) // it may come from the address
	if c.Service == "s3express" {
		c.EventSource = eventSource(c.Service)
		if c.Operation == "ListBuckets" {
			c.Operation = "ListDirectoryBuckets"
		}
	}
	text := bytes.TrimSpace(body.Bytes)
	if c.Data && c.Operation != "PutObjectAcl" && c.Operation != "PutObjectTagging" || c.HTTP.Method == http.MethodGet || len(text) == 0 {
		return
	}
	switch {
	case body.Cut:
		return
	case c.Operation == "PutBucketPolicy":
		if policy, err := readJSON(c, text); err == nil {
			c.RequestParameters["bucketPolicy"] = policy
		}
	case text[0] == '<':
		if top, err := readXML(text); err == nil {
			c.RequestParameters[word(top.name)] = top.plain()
		}
	}
}

// plain is an element as S3's records have it: with the names of the wire,
// attributes and children as fields, children of one name as a list.
func (e *element) plain() any {
	fields := map[string]any{}
	for _, a := range e.attrs {
		name := a.Name.Local
		if a.Name.Space != "" {
			name = a.Name.Space + ":" + name
		}
		fields[word(name)] = a.Value
	}
	if len(e.children) == 0 {
		if text := e.content(); len(fields) == 0 || text != "" {
			return plainScalar(text)
		}
	}
	lists := map[string][]any{}
	for _, c := range e.children {
		lists[c.name] = append(lists[c.name], c.plain())
	}
	for name, list := range lists {
		fields[word(name)] = list
		if len(list) == 1 {
			fields[word(name)] = list[0]
		}
	}
	return fields
}

func plainScalar(text string) any {
	if text == "true" || text == "false" {
		return text == "true"
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		return json.Number(text)
	}
	return text
}
