package sns

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// How messages are posted. AWS waits 15 seconds for an answer and retries for
// hours; the sandbox tries for seconds (assumption A35).
const (
	postWorkers = 4
	postBacklog = 1000
	postTimeout = 5 * time.Second
	postTries   = 3
	postPause   = time.Second // after the first failure; then twice as long
)

// postman posts messages to HTTP endpoints on this machine, in the background.
type postman struct {
	client http.Client
	log    *slog.Logger
	queue  chan letter
	ctx    context.Context
	stop   context.CancelFunc
	done   sync.WaitGroup
}

func newPostman(log *slog.Logger) *postman {
	p := &postman{log: log, queue: make(chan letter, postBacklog)}
	p.ctx, p.stop = context.WithCancel(context.Background())
	dialer := &net.Dialer{Timeout: postTimeout, Control: loopbackOnly}
	p.client = http.Client{
		Timeout: postTimeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext,
			// An endpoint on this machine has a certificate of its own making.
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for range postWorkers {
		p.done.Go(p.work)
	}
	return p
}

// loopbackOnly refuses connections that leave this machine, whatever a name
// resolved to.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is not on this machine", address)
	}
	return nil
}

// send queues a message. When too many wait, it is lost.
func (p *postman) send(l letter) {
	select {
	case p.queue <- l:
	default:
		p.log.Warn("a message was not delivered: too many wait", "endpoint", l.to, "waiting", postBacklog)
	}
}

// close gives up what has not been posted, and waits for the workers.
func (p *postman) close() {
	p.stop()
	p.done.Wait()
	p.client.CloseIdleConnections()
}

func (p *postman) work() {
	for {
		select {
		case <-p.ctx.Done():
			return
		case l := <-p.queue:
			p.deliver(l)
		}
	}
}

// deliver posts one message, and again when it fails for a reason that may pass.
func (p *postman) deliver(l letter) {
	pause := postPause
	for try := 1; ; try++ {
		again, err := p.try(l)
		if err == nil || p.ctx.Err() != nil {
			return
		}
		if !again || try == postTries {
			p.log.Warn("a message was not delivered", "endpoint", l.to, "tries", try, "error", err)
			return
		}
		select {
		case <-p.ctx.Done():
			return
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// try posts a message once; again tells whether another try makes sense.
func (p *postman) try(l letter) (again bool, err error) {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, l.to, bytes.NewReader(l.body))
	if err != nil {
		return false, err
	}
	req.Header = l.header.Clone()
	resp, err := p.client.Do(req)
	if err != nil {
		return true, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return true, err
	}
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	return resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests, fmt.Errorf("the endpoint answered %s", resp.Status)
}
