package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func client(t *testing.T, h http.HandlerFunc) *s3.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &srv.URL, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
}

// cutter serves one object and cuts the connection after some bytes, a number
// of times.
type cutter struct {
	body   []byte
	cuts   int
	ranges bool // whether it knows ranges
	served []string
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.served = append(c.served, r.Header.Get("Range"))
	from, status := 0, http.StatusOK
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil && c.ranges {
		status = http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(c.body)-1, len(c.body)))
	} else {
		from = 0
	}
	part := c.body[from:]
	w.Header().Set("Content-Length", fmt.Sprint(len(part)))
	w.Header().Set("ETag", `"0"`)
	w.WriteHeader(status)
	if c.cuts > 0 {
		c.cuts--
		w.Write(part[:len(part)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	w.Write(part)
}

func TestGetResumesACutBody(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 100_000)
	for _, c := range []struct {
		name   string
		cuts   int
		ranges bool
		broken bool
	}{
		{"never cut", 0, true, false},
		{"cut once", 1, true, false},
		{"cut three times", 3, true, false},
		{"a server without ranges", 1, false, false},
		{"always cut", 99, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &cutter{body: body, cuts: c.cuts, ranges: c.ranges}
			b := &S3{Client: client(t, s.ServeHTTP), Name: "b"}
			got, err := b.Get(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			read, err := io.ReadAll(got)
			if c.broken {
				if err == nil || errors.Is(err, ErrNotFound) {
					t.Fatalf("got %v, want an error that does not call the object missing", err)
				}
				return
			}
			if err != nil || !bytes.Equal(read, body) {
				t.Fatalf("got %d of %d bytes, %v; requests %q", len(read), len(body), err, s.served)
			}
		})
	}
}

func TestGetTellsMissingFromUnknown(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   error
	}{
		{404, "NoSuchKey", ErrNotFound},
		{404, "NoSuchBucket", ErrNotFound},
		{403, "AccessDenied", ErrDenied},
		{403, "InvalidObjectState", ErrArchived},
		{503, "SlowDown", nil},
		{400, "ExpiredToken", nil},
	} {
		b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", c.code)
		})}
		_, err := b.Get(t.Context(), "k")
		if err == nil {
			t.Fatalf("%s: no error", c.code)
		}
		for _, mark := range []error{ErrNotFound, ErrDenied, ErrArchived} {
			if errors.Is(err, mark) != (mark == c.want) {
				t.Errorf("%s: errors.Is(%v, %v) = %v", c.code, err, mark, !errors.Is(err, mark))
			}
		}
	}
}

// What is between us and S3 may answer, too: only S3's own words say that an
// object is missing.
func TestNotFoundIsSaidByS3(t *testing.T) {
	for _, body := range []string{"", "<html>no such page</html>"} {
		b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, body)
		})}
		if _, err := b.Get(t.Context(), "k"); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("a 404 with %q: %v", body, err)
		}
	}
}

func TestResumeWantsTheRightRange(t *testing.T) {
	calls := 0
	b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		if calls > 1 {
			w.Header().Set("Content-Range", "bytes 0-9/10")
			w.Header().Set("Content-Length", "10")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "0123456789")
			return
		}
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "01234")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})}
	body, err := b.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err == nil {
		t.Errorf("got %q", got)
	}
}

func TestAStalledBodyIsTakenUpAgain(t *testing.T) {
	calls := 0
	b := &S3{Name: "b", Patience: 50 * time.Millisecond, Client: client(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		if calls > 1 {
			w.Header().Set("Content-Range", "bytes 5-9/10")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "56789")
			return
		}
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "01234")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})}
	body, err := b.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || string(got) != "0123456789" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestEndlessListing(t *testing.T) {
	b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken><Contents><Key>a</Key></Contents></ListBucketResult>`)
	})}
	n := 0
	var last error
	for _, err := range b.List(t.Context(), "", "") {
		if n++; n > 10 {
			t.Fatal("it goes on")
		}
		last = err
	}
	if !errors.Is(last, errEndless) {
		t.Errorf("the last item is %v", last)
	}
	if _, err := b.Folders(t.Context(), ""); !errors.Is(err, errEndless) {
		t.Errorf("Folders: %v", err)
	}
}

func TestListPages(t *testing.T) {
	pages := map[string]string{
		"":    `<IsTruncated>true</IsTruncated><NextContinuationToken>two</NextContinuationToken><Contents><Key>a/1</Key><Size>5</Size></Contents>`,
		"two": `<IsTruncated>false</IsTruncated><Contents><Key>a/2</Key><Size>6</Size></Contents>`,
	}
	b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", pages[r.URL.Query().Get("continuation-token")])
	})}
	var got []string
	for o, err := range b.List(t.Context(), "a/", "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s:%d", o.Key, o.Size))
	}
	if s := strings.Join(got, " "); s != "a/1:5 a/2:6" {
		t.Errorf("got %s", s)
	}
}

func TestListEndsAfterAnError(t *testing.T) {
	b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
	})}
	n := 0
	for _, err := range b.List(t.Context(), "", "") {
		n++
		if !errors.Is(err, ErrDenied) {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d items, want the error alone", n)
	}
}

// head answers HeadBucket with a status and a region.
func head(status int, region string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if region != "" {
			w.Header().Set("x-amz-bucket-region", region)
		}
		w.WriteHeader(status)
	}
}

func TestRegion(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		header string
		region string
		owned  bool
		err    error
	}{
		{"here", 200, "us-east-1", "us-east-1", true, nil},
		{"in another region", 301, "eu-west-1", "eu-west-1", true, nil},
		{"in another region, as us-east-1 says it", 400, "eu-west-1", "eu-west-1", true, nil},
		{"somebody else's", 403, "eu-west-1", "eu-west-1", false, nil},
		{"nobody's", 404, "", "", false, ErrNotFound},
	} {
		region, owned, err := Region(context.Background(), client(t, head(c.status, c.header)), "b")
		if region != c.region || owned != c.owned || !errors.Is(err, c.err) {
			t.Errorf("%s: got %q, %v, %v", c.name, region, owned, err)
		}
	}
}

// A listing that begins anew on each page, with a new token each time.
func TestListingThatBeginsAnew(t *testing.T) {
	page := 0
	b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, _ *http.Request) {
		page++
		fmt.Fprintf(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken><Contents><Key>a</Key></Contents><Contents><Key>b</Key></Contents>`+
			`<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes></ListBucketResult>`, page)
	})}
	n := 0
	var last error
	for _, last = range b.List(t.Context(), "", "") {
		if n++; n > 10 {
			t.Fatal("it goes on")
		}
	}
	if !errors.Is(last, errEndless) || n != 3 {
		t.Errorf("%d objects, %v", n, last)
	}
	page = 0
	if _, err := b.Folders(t.Context(), ""); !errors.Is(err, errEndless) || page != 2 {
		t.Errorf("%d pages of folders, %v", page, err)
	}
}

// A listing of nothing but empty pages, with a new token each time.
func TestListingOfEmptyPages(t *testing.T) {
	page := 0
	b := &S3{Name: "b", Client: client(t, func(w http.ResponseWriter, _ *http.Request) {
		page++
		fmt.Fprintf(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken></ListBucketResult>`, page)
	})}
	for _, err := range b.List(t.Context(), "", "") {
		if !errors.Is(err, errEndless) {
			t.Error(err)
		}
	}
	if page != emptyPages+1 {
		t.Errorf("%d pages", page)
	}
}
