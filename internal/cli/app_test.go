package cli

import (
	"bytes"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"trailctl/internal/term"
)

// What a server sends reaches the terminal escaped, in the debug log as well,
// and what net/http logs by itself reaches it not at all.
func TestServersDoNotActOnTheTerminal(t *testing.T) {
	var logged bytes.Buffer
	before := log.Writer()
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(before) })
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("Server", "a\u009b31m\u202eb")
		w.Write([]byte(`{"trailList":[]}`))
	}))
	defer srv.Close()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	var out, errs bytes.Buffer
	Main(t.Context(), []string{"trailctl", "trail", "list", "--debug", "--endpoint-url", srv.URL}, term.Streams{
		In: strings.NewReader(""), Out: &out, Err: &errs,
	})
	if !strings.Contains(errs.String(), "\nServer: a\\u009b31m") || !strings.Contains(errs.String(), "\\u202eb\n") {
		t.Errorf("the answer is not logged: %q", errs.String())
	}
	for line := range strings.Lines(errs.String()) {
		if plain := strings.TrimSuffix(line, "\n"); term.Escape(plain) != plain {
			t.Errorf("raw on standard error: %q", line)
		}
	}
	log.Print("Unsolicited response received on idle HTTP channel")
	if logged.Len() > 0 {
		t.Errorf("the log package still writes: %q", logged.String())
	}
}

func TestEndpointPasswordsAreNotShown(t *testing.T) {
	for _, endpoint := range []string{"http://user:5ecre7@127.0.0.1:1", "user:5ecre7@host", "http://user:5ecre7@host:port"} {
		for _, verb := range [][]string{{"sandbox", "advance", "1m"}, {"trail", "list", "--region", "us-east-1"}} {
			var errs bytes.Buffer
			code := Main(t.Context(), append(append([]string{"trailctl"}, verb...), "--endpoint-url", endpoint), term.Streams{
				In: strings.NewReader(""), Out: &errs, Err: &errs,
			})
			if code == codeDone || strings.Contains(errs.String(), "5ecre7") {
				t.Errorf("%v at %s: %d, %s", verb, endpoint, code, errs.String())
			}
		}
	}
}
