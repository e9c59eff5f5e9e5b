package sqs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"trailctl/internal/sandbox/call"
)

// The AWS JSON 1.0 protocol, with what keeps clients of the older query
// protocol going: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
// and .../aws-query-protocol.html#aws-protocols-awsquerycompatible-trait.

// Targets is the service name that clients put before the operation.
var Targets = []string{"AmazonSQS"}

// operation is one API call: whether it only reads, whether it is a data
// event, and what it does. The answer is nil for an empty one.
type operation struct {
	readOnly, data bool
	run            func(s *Service, c *call.Call) (any, *call.Error)
}

var operations = map[string]operation{
	"CreateQueue":                  {run: handle((*Service).createQueue)},
	"DeleteQueue":                  {run: handle((*Service).deleteQueue)},
	"SetQueueAttributes":           {run: handle((*Service).setQueueAttributes)},
	"PurgeQueue":                   {run: handle((*Service).purgeQueue)},
	"TagQueue":                     {run: handle((*Service).tagQueue)},
	"UntagQueue":                   {run: handle((*Service).untagQueue)},
	"GetQueueUrl":                  {readOnly: true, run: handle((*Service).getQueueURL)},
	"ListQueues":                   {readOnly: true, run: handle((*Service).listQueues)},
	"GetQueueAttributes":           {readOnly: true, run: handle((*Service).getQueueAttributes)},
	"ListQueueTags":                {readOnly: true, run: handle((*Service).listQueueTags)},
	"SendMessage":                  {data: true, run: handle((*Service).sendMessage)},
	"SendMessageBatch":             {data: true, run: handle((*Service).sendMessageBatch)},
	"ReceiveMessage":               {data: true, readOnly: true, run: handle((*Service).receiveMessage)},
	"DeleteMessage":                {data: true, run: handle((*Service).deleteMessage)},
	"DeleteMessageBatch":           {data: true, run: handle((*Service).deleteMessageBatch)},
	"ChangeMessageVisibility":      {data: true, run: handle((*Service).changeMessageVisibility)},
	"ChangeMessageVisibilityBatch": {data: true, run: handle((*Service).changeMessageVisibilityBatch)},
}

// handle reads an operation's input from the body of a call.
func handle[In any](f func(*Service, *call.Call, In) (any, *call.Error)) func(*Service, *call.Call) (any, *call.Error) {
	return func(s *Service, c *call.Call) (any, *call.Error) {
		var in In
		if len(bytes.TrimSpace(c.Body)) > 0 {
			if err := json.Unmarshal(c.Body, &in); err != nil {
				return nil, refuse("SerializationException", "The request is not valid: %s", err)
			}
		}
		return f(s, c, in)
	}
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool {
	_, ok := operations[name]
	return ok
}

// Serve answers one call whose Operation the front has read from the
// X-Amz-Target header, and which Serves knows. A ReceiveMessage that waits
// ends with the request's context, or with Close.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	op, known := operations[c.Operation]
	if !known {
		c.Unrecorded = true
		s.fail(w, c, call.NotServed("sqs", c.Operation))
		return
	}
	c.EventSource = "sqs.amazonaws.com"
	c.ReadOnly, c.Data = op.readOnly, op.data
	c.RequestParameters = recorded(c.Body)
	out, refused := op.run(s, c)
	if refused != nil {
		s.fail(w, c, refused)
		return
	}
	body := []byte("{}")
	if out != nil {
		var err error
		if body, err = json.Marshal(out); err != nil {
			s.log.Error("an answer could not be written", "operation", c.Operation, "error", err)
			s.fail(w, c, &call.Error{Status: 500, Code: "InternalError", Message: "the answer could not be written"})
			return
		}
		if !op.readOnly {
			c.ResponseElements = recorded(body)
		}
	}
	if !op.readOnly && !op.data {
		s.Save()
	}
	reply(w, http.StatusOK, body)
}

// fail answers with an error: its shape's name in the body, and the code of
// the query protocol, by which most programs know it, in a header.
func (s *Service) fail(w http.ResponseWriter, c *call.Call, e *call.Error) {
	code, space := queryCode(e.Code), "com.amazonaws.sqs#"
	if !ownCode(e.Code) {
		space = "com.amazon.coral.service#"
	}
	body, _ := json.Marshal(map[string]string{"__type": space + e.Code, "message": e.Message}) // texts always marshal
	recordedError := *e
	recordedError.Code = code
	c.Error = &recordedError
	fault := "Sender"
	if e.Status >= 500 {
		fault = "Receiver"
	}
	w.Header().Set("x-amzn-query-error", code+";"+fault)
	reply(w, e.Status, body)
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	w.Write(body)
}

// queryCode is the name of an error in the query protocol (the awsQueryError
// traits of the service's model).
func queryCode(shape string) string {
	switch shape {
	case "QueueDoesNotExist":
		return "AWS.SimpleQueueService.NonExistentQueue"
	case "QueueNameExists":
		return "QueueAlreadyExists"
	case "BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidBatchEntryId",
		"MessageNotInflight", "TooManyEntriesInBatchRequest", "UnsupportedOperation":
		return "AWS.SimpleQueueService." + shape
	case "InvalidParameterValueException":
		return "InvalidParameterValue"
	case "MissingRequiredParameterException":
		return "MissingParameter"
	}
	return shape
}

// ownCode tells the errors of SQS's model from those that every service has.
func ownCode(shape string) bool {
	switch shape {
	case "InvalidParameterValueException", "MissingRequiredParameterException", "AccessDenied", "SerializationException", "InternalError":
		return false
	}
	return true
}

// refuse is an error with the status that the model of SQS gives it
// (assumption A30).
func refuse(code, format string, args ...any) *call.Error {
	status := http.StatusBadRequest
	switch code {
	case "ReceiptHandleIsInvalid", "InvalidAddress":
		status = http.StatusNotFound
	case "OverLimit":
		status = http.StatusForbidden
	}
	return &call.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func noSuchQueue() *call.Error {
	return refuse("QueueDoesNotExist", "The specified queue does not exist.")
}

func missing(parameter string) *call.Error {
	return refuse("MissingRequiredParameterException", "The request must contain the parameter %s.", parameter)
}

func invalidParameter(name string, value any, reason string) *call.Error {
	return refuse("InvalidParameterValueException", "Value %.200v for parameter %s is invalid. Reason: %s", value, name, reason)
}

// recorded turns the JSON of a request or an answer into the form in which
// records carry it: names begin with a lower-case letter, what a message says
// is hidden, an empty object is null.
func recorded(body []byte) map[string]any {
	var in map[string]any
	if json.Unmarshal(body, &in) != nil || len(in) == 0 {
		return nil
	}
	out := make(map[string]any, len(in))
	for name, value := range in {
		switch name {
		case "MessageBody", "MessageAttributes", "Entries":
			value = "HIDDEN_DUE_TO_SECURITY_REASONS"
		}
		first := min(1, len(name))
		out[strings.ToLower(name[:first])+name[first:]] = value
	}
	return out
}
