package awsconf

import (
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go/logging"
)

const notShown = "(not shown)"

// debugLogger writes what the SDK logs, with the values of those headers only
// that are known to be no secrets. Each message is one Write.
type debugLogger struct{ w io.Writer }

func (l debugLogger) Logf(_ logging.Classification, format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	// What follows these two words is a dump of HTTP; the rest are sentences.
	title, _, _ := strings.Cut(text, "\n")
	dump := title == "Request" || title == "Response"
	var b strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if dump && n > 0 {
			line = shownLine(line)
		}
		b.WriteString(line + "\n")
		n++
	}
	io.WriteString(l.w, b.String())
}

var (
	requestLine = regexp.MustCompile(`^([A-Z]+ [^ ?]*)\?([^ ]*)( HTTP/[0-9.]+)$`)
	plainLine   = regexp.MustCompile(`^([A-Z]+ [^ ?]* HTTP/[0-9.]+|HTTP/[0-9.]+ .*)?$`)
	// credentialScope is what a signature (Version 4) is good for: a day, a
	// region and a service.
	credentialScope = regexp.MustCompile(`\bCredential=[^/, ]+(/\d{8}/[a-z0-9-]+/[a-z0-9-]+/aws4_request)\b`)
)

// shownLine is a line of a request or an answer without what may be secret.
func shownLine(line string) string {
	if plainLine.MatchString(line) {
		return line
	}
	if m := requestLine.FindStringSubmatch(line); m != nil {
		return m[1] + "?" + shownQuery(m[2]) + m[3]
	}
	name, value, ok := strings.Cut(line, ":")
	switch {
	case !ok:
		return notShown
	case shownHeader(name):
		return line
	case strings.EqualFold(name, "Authorization"):
		if m := credentialScope.FindStringSubmatch(value); m != nil {
			return name + ": Credential=" + notShown + m[1]
		}
	}
	return name + ": " + notShown
}

func shownQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		switch strings.ToLower(plain) {
		case "x-amz-security-token", "x-amz-signature", "x-amz-credential":
			parts[i] = name + "=" + notShown
		default:
			if err != nil {
				parts[i] = notShown
			}
		}
	}
	return strings.Join(parts, "&")
}

// shownHeader tells whether a header is known to hold no secret.
func shownHeader(name string) bool {
	name = strings.ToLower(name)
	known := []string{
		"accept", "accept-encoding", "accept-ranges", "connection", "content-encoding", "content-length", "content-range",
		"content-type", "date", "etag", "host", "if-match", "last-modified", "range", "retry-after", "server",
		"transfer-encoding", "user-agent",
		"x-amz-bucket-region", "x-amz-content-sha256", "x-amz-date", "x-amz-expected-bucket-owner", "x-amz-id-2",
		"x-amz-request-id", "x-amz-storage-class", "x-amz-target", "x-amz-user-agent", "x-amz-version-id", "x-amzn-errortype", "x-amzn-requestid",
	}
	families := []string{"amz-sdk-", "x-amz-checksum-", "x-amz-meta-"}
	return slices.Contains(known, name) ||
		slices.ContainsFunc(families, func(p string) bool { return strings.HasPrefix(name, p) })
}
