package describe

import (
	"bytes"
	"net/http"

	"trailctl/internal/sandbox/call"
)

// elements are the response elements of a change: what its answer holds, in
// the form in which records carry it. An answer of another kind has none.
func elements(c *call.Call, f Format, header http.Header, body Part) map[string]any {
	row := rowOf(c, f)
	text := bytes.TrimSpace(body.Bytes)
	switch {
	case row.output == blob, len(text) == 0:
		return nil
	case body.Cut:
		return omitted(c, "responseElements")
	case f == CBOR:
		return withoutContent(c.Service, c.Operation, named(c, readCBOR, body, "responseElements"))
	case text[0] == '{':
		m := named(c, readJSON, body, "responseElements")
		if row.output != "" && m != nil {
			m = map[string]any{lowerFirst(row.output): m}
		}
		return withoutContent(c.Service, c.Operation, m)
	case text[0] == '<':
		return inXML(c, f, row, text)
	}
	return nil
}

// inXML reads an answer of the query protocol, of EC2, or of a REST service
// that speaks XML.
func inXML(c *call.Call, f Format, row row, text []byte) map[string]any {
	if isHTML(text) {
		return nil
	}
	top, err := readXML(text)
	if err != nil {
		return nil
	}
	if f == Query {
		if result := top.child(c.Operation + "Result"); result != nil {
			top = result
		}
	}
	m := leaves{factsOf(c.Service), f == EC2}.fields(top)
	if f == Query {
		delete(m, "ResponseMetadata")
	}
	if len(m) == 0 {
		return nil
	}
	if row.output != "" {
		m = map[string]any{row.output: m}
	}
	return withoutContent(c.Service, c.Operation, shapeOf(c).fields(m))
}

// silent tells the calls whose records have no response elements although
// they change something: data events, but for those that answer with no more
// than the ids of what was sent.
func silent(c *call.Call) bool {
	switch tableName(c.Service) {
	case "sns", "sqs", "kinesis", "ses", "firehose":
		return false
	}
	return c.Data
}

// Issues tells the calls that hand out credentials. Most change nothing, and
// their records have response elements all the same (IAM user guide, "Logging
// IAM and AWS STS API calls with AWS CloudTrail").
func Issues(c *call.Call) bool {
	switch c.Service {
	case "sts":
		return begins(c.Operation, "Assume") || c.Operation == "GetSessionToken" || c.Operation == "GetFederationToken"
	case "iam":
		return c.Operation == "CreateAccessKey"
	}
	return false
}
