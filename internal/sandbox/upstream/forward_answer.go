package upstream

import (
	"errors"
	"io"
	"net/http"

	"trailctl/internal/sandbox/describe"
)

// maxAnswer is how many bytes of an answer are copied for its record: what
// CloudTrail records of one, and something for the wrapping.
const maxAnswer = 128 << 10

// kept is how many bytes of this answer are copied: a record says nothing of
// the answer to a call that only reads and went well.
func (p *Passage) kept() int {
	c := p.call
	if c.Unrecorded || p.status < 300 && c.ReadOnly && !describe.Issues(c) {
		return 0
	}
	return maxAnswer
}

// seen is an answer's body on its way, and a copy of its beginning.
type seen struct {
	body      io.ReadCloser
	most      int
	beginning []byte
	more      bool
	err       error // the upstream broke off
}

func (s *seen) Read(to []byte) (int, error) {
	n, err := s.body.Read(to)
	take := min(n, s.most-len(s.beginning))
	s.beginning = append(s.beginning, to[:take]...)
	s.more = s.more || take < n
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func (s *seen) Close() error { return s.body.Close() }

// wanted tells whether more of the answer is to be copied.
func (s *seen) wanted() bool { return len(s.beginning) < s.most && !s.more }

// writer writes an answer with the headers of the upstream and no others.
type writer struct {
	http.ResponseWriter
	passage *Passage
}

// Write drops an answer whose caller has left as long as its record needs more
// of it.
func (w *writer) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	if err != nil {
		w.passage.cut = true
		if a := w.passage.answer; a != nil && a.wanted() {
			return len(b), nil
		}
	}
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader keeps net/http from adding headers.
func (w *writer) WriteHeader(status int) {
	if status >= 200 {
		h := w.Header()
		lower(h)
		for _, name := range []string{"Date", "Content-Type"} {
			if _, ok := h[name]; !ok {
				h[name] = nil
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// requestID is the id that an answer gives its call.
func requestID(h http.Header) string {
	for _, name := range []string{"X-Amzn-Requestid", "X-Amz-Request-Id", "X-Amz-Requestid"} {
		if id := h.Get(name); id != "" {
			return id[:min(len(id), 128)]
		}
	}
	return ""
}
