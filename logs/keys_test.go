package logs

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"trailctl/internal/when"
)

// endlessKeys always has another page.
type endlessKeys struct {
	perPage int
	token   func(page int) string
	pages   int
}

func (e *endlessKeys) ListPublicKeys(context.Context, *cloudtrail.ListPublicKeysInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListPublicKeysOutput, error) {
	e.pages++
	out := &cloudtrail.ListPublicKeysOutput{PublicKeyList: make([]types.PublicKey, e.perPage)}
	if e.pages < 3*maxKeyPages { // so that the test ends
		out.NextToken = aws.String(e.token(e.pages))
	}
	return out, nil
}

func TestListingKeysEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		perPage int
		token   func(int) string
		want    string
		most    int // pages
	}{
		{"the same page again", 1, func(int) string { return "t" }, "repeats", 2},
		{"two pages in turn", 1, func(n int) string { return strconv.Itoa(n % 2) }, "repeats", 3},
		{"pages without end", 0, strconv.Itoa, "1000 pages", maxKeyPages},
		{"keys without end", 100, strconv.Itoa, "10000 keys", maxKeys/100 + 1},
	} {
		e := &endlessKeys{perPage: c.perPage, token: c.token}
		window := when.Window{Start: at("2026-01-01T00:00"), End: at("2026-01-02T00:00")}
		_, err := listKeys(t.Context(), e, "us-east-1", window)
		if err == nil || !strings.Contains(err.Error(), c.want) || e.pages > c.most {
			t.Errorf("%s: %d pages, %v", c.name, e.pages, err)
		}
	}
}
