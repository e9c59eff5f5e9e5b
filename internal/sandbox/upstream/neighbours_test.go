package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
)

const (
	testTopic = "arn:aws:sns:eu-west-1:222222222222:told"
	testRole  = "arn:aws:iam::222222222222:role/path/writer"
)

// newNeighbours are the neighbours of a server that answers as f does.
func newNeighbours(t *testing.T, f http.HandlerFunc) cloudtrail.Neighbours {
	t.Helper()
	return loggedNeighbours(t, f, io.Discard)
}

func loggedNeighbours(t *testing.T, f http.HandlerFunc, log io.Writer) cloudtrail.Neighbours {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	at, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return Neighbours(NeighbourOptions{URL: at, Account: "123456789012", Region: "us-east-1", Log: slog.New(slog.NewTextHandler(log, nil))})
}

// questions are one question to each service.
func questions(n cloudtrail.Neighbours) map[string]func(context.Context) (bool, error) {
	return map[string]func(context.Context) (bool, error){
		"S3": func(ctx context.Context) (bool, error) { b, err := n.Bucket.Bucket(ctx, "trail"); return b != nil, err },
		"SNS": func(ctx context.Context) (bool, error) {
			s, err := n.Topics.Topic(ctx, testTopic)
			return s != nil, err
		},
		"CloudWatchLogs": func(ctx context.Context) (bool, error) {
			g, err := n.Groups.Group(ctx, "222222222222", "eu-west-1", "logs")
			return g != nil, err
		},
		"IAM": func(ctx context.Context) (bool, error) { r, err := n.Roles.Role(ctx, testRole); return r != nil, err },
		"KMS": func(ctx context.Context) (bool, error) {
			k, err := n.Keys.Key(ctx, "222222222222", "eu-west-1", "alias/trails")
			return k != nil, err
		},
		"Organizations": func(ctx context.Context) (bool, error) {
			o, err := n.Organizations.Organization(ctx, "222222222222")
			return o != nil, err
		},
	}
}

// What an upstream does not have is named; that it cannot answer now is no
// answer, and neither is "no".
func TestAnswersThatAreNone(t *testing.T) {
	page := `<!doctype html><title>500 Internal Server Error</title>`
	tests := []struct {
		name, kind, body string
		status           int
		lacks            bool
	}{
		{"not there", "application/json", `{"__type":"InternalFailure","message":"not included in your license"}`, 501, true},
		{"not implemented", "text/html; charset=utf-8", page, 500, true},
		{"in trouble", "application/json", `{"__type":"InternalFailure","message":"oops"}`, 500, false},
		{"busy", "text/html", page, 503, false},
		{"throttled", "application/json", `{"__type":"ThrottlingException","message":"slow"}`, 400, false},
	}
	for _, tt := range tests {
		n := newNeighbours(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", tt.kind)
			w.WriteHeader(tt.status)
			body := tt.body
			if xml := r.Header.Get("X-Amz-Target") == ""; xml && tt.status == 400 {
				body = `<Error><Code>SlowDown</Code></Error>`
				if r.Method == "POST" {
					body = `<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>`
				}
			}
			io.WriteString(w, body)
		})
		for service, ask := range questions(n) {
			t.Run(tt.name+" "+service, func(t *testing.T) {
				found, err := ask(t.Context())
				var refused *call.Error
				switch isRefused := errors.As(err, &refused); {
				case found:
					t.Error("found")
				case service == "Organizations" && tt.lacks:
					if err != nil {
						t.Errorf("an upstream without Organizations: %v", err)
					}
				case err == nil:
					t.Error("taken for no")
				case isRefused != tt.lacks:
					t.Errorf("%v", err)
				case tt.lacks && (refused.Status != 501 || !strings.HasPrefix(refused.Code, "NotServedByUpstream."+service+".") ||
					!strings.Contains(refused.Message, "http://127.0.0.1:")):
					t.Errorf("%+v", refused)
				}
			})
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	n := newNeighbours(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // without it net/http does not see that the caller has gone
		<-r.Context().Done()
	})
	for service, ask := range questions(n) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if found, err := ask(ctx); found || !errors.Is(err, cloudtrail.ErrSilent) || !strings.HasSuffix(err.Error(), " does not answer: no answer in time") {
			t.Errorf("%s: %t, %v", service, found, err)
		}
		cancel()
	}
}

// Each call names CloudTrail, and the account that the thing belongs to.
func TestWhoAsks(t *testing.T) {
	var got []string
	n := newNeighbours(t, func(w http.ResponseWriter, r *http.Request) {
		_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		scope, _, _ = strings.Cut(scope, ",")
		parts := strings.Split(scope, "/")
		got = append(got, fmt.Sprint(r.UserAgent(), " ", parts[0], " ", parts[2], " ", parts[3]))
		w.WriteHeader(400)
	})
	for _, ask := range questions(n) {
		ask(t.Context())
	}
	slices.Sort(got)
	want := []string{
		userAgent + " 123456789012 us-east-1 s3",
		userAgent + " 222222222222 eu-west-1 kms",
		userAgent + " 222222222222 eu-west-1 logs",
		userAgent + " 222222222222 eu-west-1 sns",
		userAgent + " 222222222222 us-east-1 iam",
		userAgent + " 222222222222 us-east-1 organizations",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// roundTrip is a function that makes HTTP requests.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Names of metadata go out in lower case: some servers keep them as they come.
func TestMetadataIsLowerCase(t *testing.T) {
	var got http.Header
	w := wire{next: roundTrip(func(r *http.Request) (*http.Response, error) {
		got = r.Header
		return nil, io.EOF
	})}
	r := httptest.NewRequest("PUT", "http://127.0.0.1/b/k", nil)
	r.Header.Set("x-amz-meta-signature-algorithm", "SHA256withRSA")
	w.RoundTrip(r)
	if v := got["x-amz-meta-signature-algorithm"]; len(v) != 1 || len(got["X-Amz-Meta-Signature-Algorithm"]) != 0 {
		t.Errorf("%v", got)
	}
	if r.Header.Get("User-Agent") != "" {
		t.Error("the caller's request was changed")
	}
}

// A server without ACLs gets the file without one; others are told that the
// bucket's owner is to have it.
func TestPutWithoutACLs(t *testing.T) {
	for _, refusal := range []string{"", "AccessControlListNotSupported", "AccessDenied"} {
		var acls []string
		n := newNeighbours(t, func(w http.ResponseWriter, r *http.Request) {
			acls = append(acls, r.Header.Get("X-Amz-Acl"))
			body, _ := io.ReadAll(r.Body)
			if string(body) != "text" || r.Header.Get("Content-Md5") == "" || r.Header.Get("X-Amz-Trailer") != "" {
				t.Errorf("%q %v", body, r.Header)
			}
			if len(acls) == 1 && refusal != "" {
				w.WriteHeader(400)
				fmt.Fprintf(w, `<Error><Code>%s</Code></Error>`, refusal)
			}
		})
		err := n.Bucket.Put(t.Context(), cloudtrail.Object{Bucket: "trail", Key: "AWSLogs/k", Body: []byte("text")})
		want := []string{"bucket-owner-full-control"}
		if refusal == "AccessControlListNotSupported" {
			want = append(want, "")
		}
		if !slices.Equal(acls, want) || (err != nil) != (refusal == "AccessDenied") {
			t.Errorf("%s: ACLs %q, %v", refusal, acls, err)
		}
	}
}

// Events that come too late or too early for the log group are not sent for
// ever, and a stream that is not there is made.
func TestPutEvents(t *testing.T) {
	var got []string
	var log strings.Builder
	n := loggedNeighbours(t, func(w http.ResponseWriter, r *http.Request) {
		_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		got = append(got, op)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch len(got) {
		case 1:
			w.WriteHeader(400)
			io.WriteString(w, `{"__type":"ResourceNotFoundException","message":"no stream"}`)
		default:
			io.WriteString(w, `{"rejectedLogEventsInfo":{"tooNewLogEventStartIndex":0}}`)
		case 6:
			io.WriteString(w, `{}`)
		}
	}, &log)
	err := n.Groups.PutEvents(t.Context(), "123456789012", "us-east-1", "g", "s", []cloudtrail.LogEvent{{Time: time.Now(), Message: "{}"}})
	if want := []string{"PutLogEvents", "CreateLogStream", "PutLogEvents"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
	for i, want := range []int{1, 1, 1, 2} { // told again only after a time in which all were taken
		err := n.Groups.PutEvents(t.Context(), "123456789012", "us-east-1", "g", "s", []cloudtrail.LogEvent{{Time: time.Now(), Message: "{}"}})
		if told := strings.Count(log.String(), "too new"); err != nil || told != 2*want { // the reason and the number
			t.Errorf("delivery %d: %v\n%s", i, err, log.String())
		}
	}
}

// An event for the log group, and a message, is sent once when the answer is
// lost.
func TestNothingIsSentTwice(t *testing.T) {
	var n atomic.Int32
	around := newNeighbours(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		panic(http.ErrAbortHandler)
	})
	if err := around.Topics.Publish(t.Context(), testTopic, "", "text"); err == nil || n.Load() != 1 {
		t.Errorf("a message was sent %d times: %v", n.Load(), err)
	}
	n.Store(0)
	if err := around.Groups.PutEvents(t.Context(), "123456789012", "us-east-1", "g", "s", []cloudtrail.LogEvent{{Message: "{}"}}); err == nil || n.Load() != 1 {
		t.Errorf("events were sent %d times: %v", n.Load(), err)
	}
}

// Membership is asked for seldom, however many events there are.
func TestMembersAreKeptForAMoment(t *testing.T) {
	var n atomic.Int32
	around := newNeighbours(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		io.WriteString(w, `{"Accounts":[{"Id":"222222222222"},{"Id":"111111111111"}]}`)
	})
	for range 100 {
		list, err := around.Organizations.Members(t.Context(), "222222222222")
		if err != nil || !slices.Equal(list, []string{"111111111111", "222222222222"}) {
			t.Fatalf("%v %v", list, err)
		}
	}
	if n.Load() > 2 {
		t.Errorf("asked %d times", n.Load())
	}
}
