// Package sandbox is a local AWS for people without an account: one HTTP
// endpoint that speaks AWS, records each call as a CloudTrail event and
// delivers log files and signed digest files as CloudTrail does. It checks no
// signature and no permission of the caller: it is for loopback only.
package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"trailctl/internal/sandbox/clock"
)

// Options says how a sandbox behaves. The zero value works.
type Options struct {
	Account string   // twelve digits; default 123456789012
	Regions []string // enabled regions; default the 17 that every new account has

	LogInterval    time.Duration // between log files; default 5s (AWS: about 5 minutes)
	DigestInterval time.Duration // between digest files; default 1m (AWS: one hour); whole seconds

	Dir   string      // where state is kept; empty keeps it in memory
	Clock clock.Clock // default real time that Advance moves ahead
	Log   *slog.Logger

	SeedEvents int // events of made-up history; 0 for none
	SeedDays   int // over how many days before now; default 7
	Seed       uint64
}

// Sandbox is one running local AWS. It is an http.Handler.
type Sandbox struct {
	clock clock.Clock
}

// New makes a sandbox, loads its state from Options.Dir and seeds it.
func New(ctx context.Context, o Options) (*Sandbox, error) {
	return nil, errors.New("the sandbox is being built")
}

// ServeHTTP answers one AWS call.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

// Run makes deliveries when they are due, until ctx ends.
func (s *Sandbox) Run(ctx context.Context) error { return nil }

// Advance moves the clock by d. Everything that falls due on the way is
// delivered at its own time, in order.
func (s *Sandbox) Advance(d time.Duration) error { return nil }

// Now is the sandbox's time.
func (s *Sandbox) Now() time.Time { return s.clock.Now() }

// Close saves the state.
func (s *Sandbox) Close() error { return nil }
