package sqs

import (
	"regexp"

	"trailctl/internal/sandbox/call"
)

const (
	maxBatch      = 10
	maxBatchBytes = 1 << 20
)

type batchError struct {
	ID          string `json:"Id"`
	SenderFault bool
	Code        string
	Message     string
}

type batchOutput[Done any] struct {
	Successful []Done // both are required: an empty list is one
	Failed     []batchError
}

type doneEntry struct {
	ID string `json:"Id"`
}

var entryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// checkBatch holds a batch as a whole against SQS's rules.
func checkBatch(ids []string) *call.Error {
	if len(ids) == 0 {
		return refuse("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(ids) > maxBatch {
		return refuse("TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(ids))
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if !entryID.MatchString(id) {
			return refuse("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "+
				"It can be at most 80 letters long.")
		}
		if seen[id] {
			return refuse("BatchEntryIdsNotDistinct", "Id %s repeated.", id)
		}
		seen[id] = true
	}
	return nil
}

// batch does one thing to each entry; what fails does not end it.
func batch[Entry, Done any](entries []Entry, id func(Entry) string, do func(Entry) (Done, *call.Error)) (any, *call.Error) {
	var ids []string
	for _, e := range entries {
		ids = append(ids, id(e))
	}
	if refused := checkBatch(ids); refused != nil {
		return nil, refused
	}
	out := batchOutput[Done]{[]Done{}, []batchError{}}
	for _, e := range entries {
		done, refused := do(e)
		if refused != nil {
			out.Failed = append(out.Failed, batchError{ID: id(e), SenderFault: true, Code: queryCode(refused.Code), Message: refused.Message})
			continue
		}
		out.Successful = append(out.Successful, done)
	}
	return out, nil
}

type sendBatchInput struct {
	QueueURL string `json:"QueueUrl"`
	Entries  []sendEntry
}

func (s *Service) sendMessageBatch(c *call.Call, in sendBatchInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	size := 0
	for _, e := range in.Entries {
		size += (&message{Body: e.MessageBody, Attributes: e.MessageAttributes}).size()
	}
	if size > maxBatchBytes {
		return nil, refuse("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxBatchBytes, size)
	}
	return batch(in.Entries, func(e sendEntry) string { return e.ID }, func(e sendEntry) (sendOutput, *call.Error) { return s.send(c, q, e) })
}

type handleBatchInput struct {
	QueueURL string `json:"QueueUrl"`
	Entries  []handleEntry
}

func (s *Service) deleteMessageBatch(c *call.Call, in handleBatchInput) (any, *call.Error) {
	return s.handleBatch(c, in, (*queue).delete)
}

func (s *Service) changeMessageVisibilityBatch(c *call.Call, in handleBatchInput) (any, *call.Error) {
	return s.handleBatch(c, in, (*queue).hide)
}

func (s *Service) handleBatch(c *call.Call, in handleBatchInput, do func(*queue, handleEntry) *call.Error) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	return batch(in.Entries, func(e handleEntry) string { return e.ID }, func(e handleEntry) (doneEntry, *call.Error) {
		return doneEntry{e.ID}, do(q, e)
	})
}
