package upstream

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"syscall"

	"trailctl/internal/sandbox/cloudtrail"
)

// Is makes a silent upstream the neighbour of CloudTrail that is silent.
func (e *SilentError) Is(target error) bool { return target == cloudtrail.ErrSilent }

// reasonOf is the reason of a failed exchange, short and without the address.
func reasonOf(err error) string {
	var number syscall.Errno
	var op *net.OpError
	var slow net.Error
	switch {
	case errors.As(err, &number):
		return number.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "no answer in time"
	case errors.As(err, &op):
		err = op.Err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it ended the connection without an answer"
	}
	return oneLine([]byte(err.Error()))
}

// Spell is a time in which an upstream is silent. It puts the beginning and the
// end of each into the log, whoever notices them. It is safe for concurrent use.
type Spell struct {
	address string
	log     *slog.Logger
	lasts   atomic.Bool
}

// NewSpell watches over the upstream at an address (host:port).
func NewSpell(address string, log *slog.Logger) *Spell { return &Spell{address: address, log: log} }

// answered notes that the upstream has answered.
func (s *Spell) answered() {
	if s.lasts.Load() && s.lasts.CompareAndSwap(true, false) {
		s.log.Info("the upstream answers again", "upstream", s.address)
	}
}

// silent notes that it has not.
func (s *Spell) silent(why string) {
	if !s.lasts.Swap(true) {
		s.log.Error("the upstream does not answer: calls to it fail and deliveries wait until it does", "upstream", s.address, "error", why)
	}
}
