package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/describe"
)

// NotReachable is the code of the error that stands in for the answer of an
// upstream that gives none. Its HTTP status is 424, which no SDK tries again.
const NotReachable = cloudtrail.NotReachable

// Forward passes calls on to an upstream. It is safe for concurrent use.
type Forward struct {
	url       *url.URL
	log       *slog.Logger
	transport *http.Transport
	buffers   sync.Pool
	spell     *Spell
	callers   callers
	patience  time.Duration // how long the answer for a caller who has left is waited for
	ended     context.Context
	end       context.CancelFunc
}

// New makes a Forward to an upstream at scheme://host:port. principalID makes
// the stable id of a user (kind "AIDA") or role ("AROA") where the upstream's
// answers name none. Without remote it connects to this machine only.
func New(to *url.URL, log *slog.Logger, principalID func(kind, account, name string) string, remote bool) *Forward {
	f := &Forward{
		url: to, log: log, transport: transport(remote), spell: NewSpell(to.Host, log),
		callers: callers{principalID: principalID}, patience: patience,
	}
	f.ended, f.end = context.WithCancel(context.Background())
	return f
}

// Spell is what is known of the upstream's silence, for others who call it.
func (f *Forward) Spell() *Spell { return f.spell }

const (
	dialTimeout = 5 * time.Second
	// idleTimeout is how long a connection waits for its next call: less than
	// the five seconds after which Python's servers close theirs, so that no
	// call meets a connection that is just being closed.
	idleTimeout = 3 * time.Second
	maxIdle     = 256
	// patience is how long the answer to a call is waited for whose caller has
	// left: the upstream does what it was asked for, and that is recorded.
	patience = 30 * time.Second
)

// transport speaks HTTP/1.1 and asks for nothing that the client did not ask
// for. It has no time limit for an answer: a Lambda function may take minutes.
func transport(remote bool) *http.Transport {
	t := &http.Transport{
		DialContext:           dialer(remote).DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       idleTimeout,
		MaxIdleConnsPerHost:   maxIdle,
		DisableCompression:    true,
		Protocols:             new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	return t
}

// Close ends the connections that wait for a next call, and the calls whose
// callers have left.
func (f *Forward) Close() {
	f.end()
	f.transport.CloseIdleConnections()
}

// Get and Put make Forward the pool of the buffers that bodies pass through.
func (f *Forward) Get() []byte {
	if b, ok := f.buffers.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 32<<10)
}

// Put takes a buffer back.
func (f *Forward) Put(b []byte) { f.buffers.Put(&b) }

// Passage is one call on its way to the upstream and back. It is the
// call.Service of that call.
type Passage struct {
	forward *Forward
	call    *call.Call
	format  describe.Format
	fail    func(http.ResponseWriter, *call.Error)
	request describe.Part
	body    *body // nil for a call without one
	answer  *seen // nil when none came
	status  int
	header  http.Header
	cut     bool
}

// Take reads the beginning of a call. fail writes the error that stands in for
// an answer. It returns an error only when the request broke off.
func (f *Forward) Take(c *call.Call, format describe.Format, fail func(http.ResponseWriter, *call.Error)) (*Passage, error) {
	p := &Passage{forward: f, call: c, format: format, fail: fail}
	if c.HTTP.Body != nil && c.HTTP.Body != http.NoBody && c.HTTP.ContentLength != 0 {
		p.body = &body{rest: c.HTTP.Body}
		if most := copied(c, format); most > 0 {
			if err := p.body.begin(most, c.HTTP.ContentLength); err != nil {
				return nil, fmt.Errorf("reading the request: %w", err)
			}
			p.request = describe.Part{Bytes: p.body.beginning, Cut: !p.body.whole}
		}
		c.HTTP.Body = p.body
	}
	return p, nil
}

// Describe tells what the call is about.
func (p *Passage) Describe() { describe.Request(p.call, p.format, p.request) }

// Cut tells that the answer ended early, or that whoever called went away: the
// connection has to end, so that nothing looks complete.
func (p *Passage) Cut() bool { return p.cut }

// Serve sends the call to the upstream and writes its answer to w.
func (p *Passage) Serve(w http.ResponseWriter, c *call.Call) {
	proxy := httputil.ReverseProxy{
		Rewrite: p.rewrite, ModifyResponse: p.answered, ErrorHandler: p.failed,
		Transport: p.forward.transport, BufferPool: p.forward, FlushInterval: -1,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	// Without it net/http closes the request's body once the answer begins,
	// and a transport that then reads its end drops the answer.
	http.NewResponseController(w).EnableFullDuplex() // an error is about HTTP/2 and tests, which need none
	p.pass(&proxy, w)
	switch {
	case p.answer == nil:
		c.Unrecorded = true
	case !c.Unrecorded:
		p.learn()
	}
}

// pass runs the proxy, which panics to end a connection: the call is still to
// be recorded.
func (p *Passage) pass(proxy *httputil.ReverseProxy, w http.ResponseWriter) {
	defer func() {
		if e := recover(); e != nil {
			if e != http.ErrAbortHandler {
				panic(e)
			}
			p.cut = true
		}
	}()
	r := p.call.HTTP
	ctx, done := p.outlasting(r.Context())
	defer done()
	proxy.ServeHTTP(&writer{ResponseWriter: w, passage: p}, r.WithContext(ctx))
	if p.answer != nil && p.answer.err != nil {
		p.cut = true
	}
}

// answered takes note of an answer whose headers have arrived.
func (p *Passage) answered(r *http.Response) error {
	p.forward.spell.answered()
	p.status, p.header = r.StatusCode, r.Header.Clone()
	if id := requestID(r.Header); id != "" {
		p.call.RequestID = id
	}
	p.answer = &seen{}
	if r.StatusCode != http.StatusSwitchingProtocols { // whose body is the connection
		p.answer.body, p.answer.most = r.Body, p.kept()
		r.Body = p.answer
	}
	return nil
}

// learn tells the record, and the callers, what the answer said.
func (p *Passage) learn() {
	part := describe.Part{Bytes: p.answer.beginning, Cut: p.answer.more || p.answer.err != nil}
	describe.Answer(p.call, p.format, p.status, p.header, part)
	p.forward.callers.learn(p.call, p.request.Bytes, p.status, p.header, part.Bytes)
}

// failed answers a call to which the upstream gave no answer.
func (p *Passage) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil || p.call.HTTP.Context().Err() != nil || p.body != nil && p.body.broken() {
		p.cut = true // nobody is there to be told
		if errors.Is(context.Cause(r.Context()), errLate) {
			p.forward.log.Warn("the upstream did not answer a call whose caller left: it is not recorded",
				"service", p.call.Service, "operation", p.call.Operation, "waited", p.forward.patience)
		}
		return
	}
	why := reasonOf(err)
	p.forward.spell.silent(why)
	p.fail(w, &call.Error{
		Status: cloudtrail.NotReachableStatus, Code: NotReachable, Message: (&SilentError{Address: p.forward.url.Host, Why: why}).Error(),
	})
}
