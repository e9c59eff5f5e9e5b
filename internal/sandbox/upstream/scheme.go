package upstream

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// silent is the error of an exchange that failed. Where the upstream answers
// to the other of http and https, it says so.
func (a *asker) silent(ctx context.Context, err error) *SilentError {
	e := &SilentError{Address: a.url.Host, Why: reasonOf(err)}
	other := otherScheme(a.url)
	var untrusted *tls.CertificateVerificationError
	switch {
	case a.url.Scheme == "https" && wrongScheme(err) && speaksHTTP(ctx, other, a.remote):
		e.Why, e.Instead = "it speaks http, not https", other.String()
	case a.url.Scheme == "https" && errors.As(err, &untrusted):
		e.Why = "its certificate is not trusted: " + untrusted.Err.Error()
		if speaksHTTP(ctx, other, a.remote) {
			e.Instead = other.String()
		}
	case a.url.Scheme == "http" && !refused(err) && speaksTLS(ctx, other, a.remote):
		e.Why, e.Instead = "it speaks https, not http", other.String()
	}
	return e
}

func otherScheme(u *url.URL) *url.URL {
	o := &url.URL{Scheme: "https", Host: u.Host}
	if u.Scheme == "https" {
		o.Scheme = "http"
	}
	return o
}

// wrongScheme tells whether something answered that is no TLS.
func wrongScheme(err error) bool {
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, new(tls.RecordHeaderError)) || errors.Is(err, io.EOF)
}

// refused tells whether there was no connection at all.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// wantsTLS tells an answer with which web servers say, unencrypted, that they
// are to be spoken to with TLS.
func wantsTLS(status int, text []byte) bool {
	return status == http.StatusBadRequest && bytes.Contains(bytes.ToUpper(text), []byte("HTTPS"))
}

// speaksHTTP tells whether an address answers a plain request, however.
func speaksHTTP(ctx context.Context, u *url.URL, remote bool) bool {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	status, text, err := fetch(ctx, u.String()+"/", remote)
	return err == nil && !wantsTLS(status, text)
}

// speaksTLS tells whether an address begins to speak TLS. Its certificate does
// not matter: nothing is told it.
func speaksTLS(ctx context.Context, u *url.URL, remote bool) bool {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "443")
	}
	d := tls.Dialer{NetDialer: dialer(remote), Config: &tls.Config{InsecureSkipVerify: true, ServerName: strings.Trim(u.Hostname(), "[]")}}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// fetch gets an address of the upstream's own and the beginning of what is
// there.
func fetch(ctx context.Context, address string, remote bool) (status int, text []byte, err error) {
	t := transport(remote)
	defer t.CloseIdleConnections()
	client := &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(io.LimitReader(resp.Body, maxProbe))
	return resp.StatusCode, text, err
}
