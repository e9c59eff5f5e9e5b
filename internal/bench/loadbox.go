package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"strings"
	"time"

	"trailctl/internal/sandbox"
)

// boxOptions says how a sandbox is started as a process of its own. It is
// written as JSON on its command line.
type boxOptions struct {
	Unrecorded bool
	Dir        string // where state is kept; empty keeps it in memory
	MaxHistory int    // events in the event history; zero for the usual
}

// The regions that the load goes to, and how often their files are delivered.
const (
	loadLogs    = time.Second
	loadDigests = 5 * time.Second
)

func loadRegions() []string {
	return []string{"ap-southeast-2", "eu-west-1", "us-east-1", "us-west-2"}
}

// box is a sandbox in front of its own services, as `trailctl sandbox start`
// runs one, which can also be asked to answer without recording and how much
// memory it holds. It says where it listens and answers until its standard
// input ends.
func box(options, _ string) error {
	var o boxOptions
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := sandbox.New(ctx, sandbox.Options{
		Regions: loadRegions(), LogInterval: loadLogs, DigestInterval: loadDigests, Dir: o.Dir, MaxHistory: o.MaxHistory,
		Unrecorded: o.Unrecorded, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	runtime.SetMutexProfileFraction(20)
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/heap", liveHeap)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/debug/") {
			mux.ServeHTTP(w, r)
			return
		}
		s.ServeHTTP(w, r)
	})}
	go server.Serve(l)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	fmt.Println("http://" + l.Addr().String())
	_, err = io.Copy(io.Discard, os.Stdin)
	cancel()
	return errors.Join(err, server.Close(), <-done, s.Close())
}

// liveHeap answers how many bytes are in use after a garbage collection.
func liveHeap(w http.ResponseWriter, _ *http.Request) {
	runtime.GC()
	runtime.GC() // what the first found in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprint(w, m.HeapAlloc)
}

// boxed is a running box.
type boxed struct {
	url  string
	pid  int
	stop func() error
}

func startBox(ctx context.Context, o boxOptions) (*boxed, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	c := command(ctx, nil, self, "box", string(text), "-")
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	b := &boxed{pid: c.Process.Pid, stop: func() error { return errors.Join(in.Close(), c.Wait()) }}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the sandbox did not start: %w", err), b.stop())
	}
	b.url = strings.TrimSpace(line)
	return b, nil
}
