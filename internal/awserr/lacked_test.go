package awserr

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLacked(t *testing.T) {
	for status, want := range map[int]bool{501: true, 500: false, 403: false} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, "<Error><Code>InternalFailure</Code><Message>not included in your current license plan</Message></Error>")
		}))
		for call, err := range called(local(srv.URL)) {
			if got, ok := Lacked(err); ok != want || ok && got != call {
				t.Errorf("%d to %s: %q, %t", status, call, got, ok)
			}
		}
		srv.Close()
	}
	if _, ok := Lacked(nil); ok {
		t.Error("no error")
	}
}
