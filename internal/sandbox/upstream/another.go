package upstream

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// IsSandbox tells whether an upstream is a sandbox itself, which records what
// passes through it a second time.
func IsSandbox(ctx context.Context, to *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	status, text, err := fetch(ctx, to.Scheme+"://"+to.Host+"/_sandbox/status", !local(to.Hostname()))
	var answer struct {
		Version  int
		Account  string
		Mutating map[string]int
	}
	return err == nil && status == http.StatusOK && json.Unmarshal(text, &answer) == nil &&
		answer.Version > 0 && accountPattern.MatchString(answer.Account) && answer.Mutating != nil
}
