package sns

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/query"
)

const namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

// operation is one API call: whether it only reads, whether it is a data
// event, and what it does. The answer is nil for one without a result.
type operation struct {
	readOnly, data bool
	run            func(*Service, *call.Call, url.Values) (any, *call.Error)
}

var operations = map[string]operation{
	"CreateTopic":               {run: (*Service).createTopic},
	"DeleteTopic":               {run: (*Service).deleteTopic},
	"SetTopicAttributes":        {run: (*Service).setTopicAttributes},
	"AddPermission":             {run: (*Service).addPermission},
	"RemovePermission":          {run: (*Service).removePermission},
	"Subscribe":                 {run: (*Service).subscribe},
	"ConfirmSubscription":       {run: (*Service).confirmSubscription},
	"Unsubscribe":               {run: (*Service).unsubscribe},
	"SetSubscriptionAttributes": {run: (*Service).setSubscriptionAttributes},
	"TagResource":               {run: (*Service).tagResource},
	"UntagResource":             {run: (*Service).untagResource},
	"Publish":                   {run: (*Service).publishCall, data: true},
	"ListTopics":                {run: (*Service).listTopics, readOnly: true},
	"GetTopicAttributes":        {run: (*Service).getTopicAttributes, readOnly: true},
	"ListSubscriptions":         {run: (*Service).listSubscriptions, readOnly: true},
	"ListSubscriptionsByTopic":  {run: (*Service).listSubscriptionsByTopic, readOnly: true},
	"GetSubscriptionAttributes": {run: (*Service).getSubscriptionAttributes, readOnly: true},
	"ListTagsForResource":       {run: (*Service).listTagsForResource, readOnly: true},
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool {
	_, ok := operations[name]
	return ok
}

// Unsigned tells whether an operation takes calls without a signature: those
// to the addresses in a confirmation or a notification.
func Unsigned(name string) bool { return name == "ConfirmSubscription" || name == "Unsubscribe" }

// Serve answers one call of an operation that Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	op, known := operations[c.Operation]
	if !known {
		c.Unrecorded = true
		query.Fail(w, c, namespace, call.NotServed("sns", c.Operation))
		return
	}
	form := query.Form(c)
	c.EventSource, c.ReadOnly, c.Data = "sns.amazonaws.com", op.readOnly, op.data
	c.RequestParameters = recorded(form)
	out, refused := op.run(s, c, form)
	if refused != nil {
		query.Fail(w, c, namespace, refused)
		return
	}
	if !op.readOnly && !op.data {
		s.Save()
	}
	answer := response{XMLName: xml.Name{Local: c.Operation + "Response"}, Namespace: namespace, RequestID: c.RequestID}
	if out != nil {
		answer.Result = &result{c.Operation + "Result", out}
	}
	query.Reply(w, answer)
}

type response struct {
	XMLName   xml.Name
	Namespace string `xml:"xmlns,attr"`
	Result    *result
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

// result is an answer under the name that its operation gives it.
type result struct {
	name  string
	value any
}

// MarshalXML writes the answer as one element.
func (r *result) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(r.value, xml.StartElement{Name: xml.Name{Local: r.name}})
}

// entry is one pair of a map in an answer.
type entry struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

// hidden is what stands in a record in place of what a message says.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// recorded turns a form into the form in which records carry it.
func recorded(form url.Values) map[string]any {
	out := map[string]any{}
	for name, values := range form {
		switch {
		case name == "Action", name == "Version", strings.HasPrefix(name, "X-Amz-"):
		case strings.HasPrefix(name, "MessageAttributes."):
			out["messageAttributes"] = hidden
		case name == "Message", name == "Subject", name == "Token":
			out[lowerFirst(name)] = hidden
		case !strings.Contains(name, "."):
			out[lowerFirst(name)] = values[0]
		}
	}
	if attributes, err := pairs(form, "Attributes.entry", "key", "value"); err == nil && len(attributes) > 0 {
		out["attributes"] = attributes
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func lowerFirst(s string) string { return strings.ToLower(s[:min(1, len(s))]) + s[min(1, len(s)):] }

// members reads a list: PREFIX.1, PREFIX.2 and so on.
func members(form url.Values, prefix string) []string {
	var out []string
	for i := 1; form.Has(prefix + "." + strconv.Itoa(i)); i++ {
		out = append(out, form.Get(prefix+"."+strconv.Itoa(i)))
	}
	return out
}

// pairs reads a map, or a list of tags: PREFIX.1.KEY with PREFIX.1.VALUE and
// so on. A key that comes twice is refused.
func pairs(form url.Values, prefix, key, value string) (map[string]string, *call.Error) {
	out := map[string]string{}
	for i := 1; form.Has(fmt.Sprintf("%s.%d.%s", prefix, i, key)); i++ {
		name := form.Get(fmt.Sprintf("%s.%d.%s", prefix, i, key))
		if _, twice := out[name]; twice {
			return nil, invalid("Duplicated keys are not allowed.")
		}
		out[name] = form.Get(fmt.Sprintf("%s.%d.%s", prefix, i, value))
	}
	return out, nil
}

// invalid is SNS's answer to what it does not take.
func invalid(format string, args ...any) *call.Error {
	return &call.Error{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: "Invalid parameter: " + fmt.Sprintf(format, args...)}
}

func notFound(message string) *call.Error {
	return &call.Error{Status: http.StatusNotFound, Code: "NotFound", Message: message}
}
