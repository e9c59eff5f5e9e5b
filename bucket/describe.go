package bucket

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"trailctl/internal/policy"
)

// Description is a bucket as it is, for people to look at.
type Description struct {
	Name string
	Place
	Settings      Settings
	Protection    Protection
	Policy        string // JSON; "" for none
	Statements    []Statement
	Notifications *Notifications   // nil when they could not be read
	Unread        map[string]error // parts that could not be read, by name
}

// Statement is a statement of a bucket's policy in words.
type Statement struct {
	policy.Sentence
	Writes bool // it allows someone to put objects
}

// The names of the parts in Description.Unread, beside those of settings.
const (
	PolicyPart        = "policy"
	NotificationsPart = "notifications"
)

// Describe reads a bucket of the account. What may not be read is named in
// Unread; a bucket of somebody else is ErrForeign.
func Describe(ctx context.Context, clients Clients, name string) (Description, error) {
	d := Description{Name: name, Unread: map[string]error{}}
	var err error
	if d.Place, err = clients.own(ctx, name); err != nil {
		return d, err
	}
	client := clients.S3(d.Region)
	if d.Settings, err = ReadSettings(ctx, client, name, clients.Account); err != nil {
		return d, err
	}
	if d.Protection, err = ReadProtection(ctx, client, name, clients.Account); err != nil {
		return d, err
	}
	for _, unread := range []map[string]error{d.Settings.Unread, d.Protection.Unread} {
		for part, why := range unread {
			d.Unread[part] = why
		}
	}
	if d.Policy, err = Policy(ctx, client, name, clients.Account); err != nil {
		if !errors.Is(err, ErrDenied) {
			return d, err
		}
		d.Unread[PolicyPart] = err
	}
	if d.Statements, err = statements(d.Policy); err != nil {
		d.Unread[PolicyPart] = fmt.Errorf("bucket %s: %w", name, err)
	}
	n, err := ReadNotifications(ctx, client, name, clients.Account)
	switch {
	case err == nil:
		d.Notifications = &n
	case errors.Is(err, ErrDenied):
		d.Unread[NotificationsPart] = err
	default:
		return d, err
	}
	return d, nil
}

func statements(text string) ([]Statement, error) {
	sentences, err := policy.Sentences(text)
	var out []Statement
	for _, s := range sentences {
		out = append(out, Statement{s, s.Allows && s.Does("s3:PutObject")})
	}
	return out, err
}

// ErrName says that no bucket can have a name.
var ErrName = errors.New("a bucket's name has 3 to 63 small letters, digits, - and ., and starts and ends with a letter or digit")

var (
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	ipPattern     = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
)

// CheckName holds the name of a bucket to be made against S3's rules (S3 user
// guide, "General purpose bucket naming rules"). It fails with ErrName.
func CheckName(name string) error {
	if !bucketPattern.MatchString(name) || ipPattern.MatchString(name) || strings.Contains(name, "..") {
		return fmt.Errorf("bucket %q: %w", name, ErrName)
	}
	return nil
}
