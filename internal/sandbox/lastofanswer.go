package sandbox

import (
	"net/http"
	"strconv"
)

// lastOfAnswer keeps back the last bytes of an answer that passes until its
// call is recorded, so that whoever has the whole answer finds the call in the
// event history. All before them goes out at once.
type lastOfAnswer struct {
	http.ResponseWriter
	head    bool // a HEAD request, whose answer has no body
	started bool
	left    int64 // bytes still to come; -1 where the answer does not say
	held    []byte
}

// WriteHeader reads how long the answer will be.
func (l *lastOfAnswer) WriteHeader(status int) {
	if status >= 200 && !l.started {
		l.started, l.left = true, -1
		if n, err := strconv.ParseInt(l.Header().Get("Content-Length"), 10, 64); err == nil {
			l.left = n
		}
		if l.head || status == http.StatusNoContent || status == http.StatusNotModified {
			l.left = 0
		}
	}
	l.ResponseWriter.WriteHeader(status)
}

// Write passes on what is not the last.
func (l *lastOfAnswer) Write(b []byte) (int, error) {
	if !l.started {
		l.WriteHeader(http.StatusOK)
	}
	if l.left > 0 {
		l.left -= int64(len(b))
		if l.left <= 0 {
			l.left = 0
			l.held = append(l.held, b...)
			return len(b), nil
		}
	}
	return l.ResponseWriter.Write(b)
}

// FlushError sends what has been written, unless that would complete the
// answer.
func (l *lastOfAnswer) FlushError() error {
	if l.started && l.left == 0 && l.held == nil {
		return nil
	}
	return http.NewResponseController(l.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (l *lastOfAnswer) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// release sends what was kept back.
func (l *lastOfAnswer) release() {
	if l.held != nil {
		l.ResponseWriter.Write(l.held)
	}
}
