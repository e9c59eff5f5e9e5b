package s3

import (
	"net/http"
	"strings"
	"time"
)

// readConditions holds If-Match and its like against what is there. prefix
// is "" or "x-amz-copy-source-", whose failure is always a 412.
func readConditions(h http.Header, prefix string, v *version) error {
	notModified := func() error {
		if prefix != "" {
			return preconditionFailed(prefix + "if-none-match")
		}
		return fail(http.StatusNotModified, "NotModified", "Not Modified").
			head("ETag", quote(v.ETag)).head("Last-Modified", v.Modified.Format(http.TimeFormat))
	}
	match, noneMatch := h.Get(prefix+"if-match"), h.Get(prefix+"if-none-match")
	if match != "" && !matchesETag(match, v.ETag) {
		return preconditionFailed("If-Match")
	}
	if since, ok := httpTime(h.Get(prefix + "if-unmodified-since")); ok && match == "" && v.Modified.After(since) {
		return preconditionFailed("If-Unmodified-Since")
	}
	if noneMatch != "" && matchesETag(noneMatch, v.ETag) {
		return notModified()
	}
	if since, ok := httpTime(h.Get(prefix + "if-modified-since")); ok && noneMatch == "" && !v.Modified.After(since) {
		return notModified()
	}
	return nil
}

// writeConditions holds If-Match and If-None-Match of an upload against the
// object it would replace, nil when there is none.
func writeConditions(r *request) (func(old *version) error, error) {
	match, noneMatch := r.header("If-Match"), r.header("If-None-Match")
	if noneMatch != "" && noneMatch != "*" {
		return nil, fail(http.StatusNotImplemented, "NotImplemented",
			"A header you provided implies functionality that is not implemented").with("Header", "If-None-Match")
	}
	return func(old *version) error {
		switch {
		case noneMatch == "*" && old != nil:
			return preconditionFailed("If-None-Match")
		case match != "" && old == nil:
			return noSuchKey(r.key)
		case match != "" && !matchesETag(match, old.ETag):
			return preconditionFailed("If-Match")
		}
		return nil
	}, nil
}

func matchesETag(list, etag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || strings.Trim(one, `"`) == etag {
			return true
		}
	}
	return false
}

func httpTime(text string) (time.Time, bool) {
	t, err := http.ParseTime(text)
	return t, err == nil
}

func quote(etag string) string { return `"` + etag + `"` }
