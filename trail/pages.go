package trail

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ErrEndless says that a server gives a list without an end.
var ErrEndless = errors.New("the list does not end")

// everyPage reads a list page by page. read is given the token of a page, nil
// for the first one, and gives that of the next, nil or "" after the last. It
// fails with ErrEndless after mostPages, and when a page names itself as the
// next one.
func everyPage(read func(token *string) (next *string, err error)) error {
	var token *string
	for range mostPages {
		next, err := read(token)
		switch {
		case err != nil:
			return err
		case aws.ToString(next) == "":
			return nil
		case token != nil && *next == *token:
			return fmt.Errorf("%w: the server names the same page again", ErrEndless)
		}
		token = next
	}
	return fmt.Errorf("%w: it has more than %d pages", ErrEndless, mostPages)
}

// following is the token of the next page as IAM gives it.
func following(more bool, marker *string) (*string, error) {
	if more && aws.ToString(marker) == "" {
		return nil, fmt.Errorf("%w: the server has more of it, but does not say where", ErrEndless)
	}
	if !more {
		return nil, nil
	}
	return marker, nil
}
