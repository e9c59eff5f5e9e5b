package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// cpuOf is the processor time of a process so far, from Linux's /proc.
func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is a name in parentheses, which may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err // USER_HZ is 100 everywhere
}

// residentOf is the resident memory of a process in bytes: name is VmRSS, or
// VmHWM for the most that it ever was.
func residentOf(pid int, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status says no %s", pid, name)
}

// memory is the resident memory of a process over time.
type memory struct{ samples []float64 } // MiB, one a second

// watch samples until ctx ends.
func watch(ctx context.Context, pid int) (wait func() *memory) {
	done := make(chan *memory)
	go func() {
		m := &memory{}
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				done <- m
				return
			case <-tick.C:
				if n, err := residentOf(pid, "VmRSS"); err == nil {
					m.samples = append(m.samples, float64(n)/(1<<20))
				}
			}
		}
	}()
	return func() *memory { return <-done }
}

// quarters are the means of the first and the last quarter.
func (m *memory) quarters() (first, last float64) {
	n := max(1, len(m.samples)/4)
	if len(m.samples) == 0 {
		return 0, 0
	}
	return mean(m.samples[:n]), mean(m.samples[len(m.samples)-n:])
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// slope is the growth by least squares, in MiB a minute.
func (m *memory) slope() float64 {
	n := float64(len(m.samples))
	if n < 2 {
		return 0
	}
	var sx, sy, sxx, sxy float64
	for i, v := range m.samples {
		x := float64(i)
		sx, sy, sxx, sxy = sx+x, sy+v, sxx+x*x, sxy+x*v
	}
	return 60 * (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// heap is how many bytes the sandbox keeps in use, after a garbage
// collection.
func (b *boxed) heap(c *http.Client) (int64, error) {
	resp, err := c.Get(b.url + "/debug/heap")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var n int64
	_, err = fmt.Fscan(resp.Body, &n)
	return n, err
}
