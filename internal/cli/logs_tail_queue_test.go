package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"trailctl/internal/term"
)

// A queue that no message can reach is told of at the beginning; one of which
// that cannot be known is not.
func TestTailDoubtsAQueue(t *testing.T) {
	denied := false
	b := newTailBench(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if denied && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetQueueAttributes") {
				w.Header().Set("X-Amzn-ErrorType", "AccessDenied")
				w.WriteHeader(http.StatusForbidden)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	for _, c := range []struct {
		name, service, target string
		denied                bool
		want                  string
	}{
		{"heard", "", "demo", false, ""}, // made by the bench: allowed and subscribed
		{"bare", "", "demo", false, "the policy of the queue bare lets neither SNS nor S3 nor EventBridge send to it"},
		{"bare", "", "", false, "the policy of the queue bare lets neither"},
		{"bare", "", "demo", true, ""},
		{"lonely", "sns", "demo", false, "the queue lonely is not subscribed to the trail's topic arn:aws:sns:us-east-1:123456789012:files"},
		{"lonely", "sns", "", false, ""}, // it may be about any topic
		{"direct", "s3", "demo", false, ""},
	} {
		if c.name != "heard" {
			in := &sqs.CreateQueueInput{QueueName: &c.name}
			if c.service != "" {
				in.Attributes = map[string]string{"Policy": fmt.Sprintf(
					`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123456789012:%s"}]}`, c.service, c.name)}
			}
			if _, err := sqs.NewFromConfig(b.config("tester", "us-east-1")).CreateQueue(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		denied = c.denied
		var out, messages bytes.Buffer
		args := []string{"trailctl", "logs", "tail", "--queue", c.name, "--for", "100ms"}
		if c.target != "" {
			args = append(args, c.target)
		}
		code := Main(t.Context(), args, term.Streams{In: strings.NewReader(""), Out: &out, Err: &messages})
		got := messages.String()
		if code != codeDone || strings.Contains(got, "nothing may come") != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: exit code %d\n%s", c, code, got)
		}
	}
}
