package render

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"trailctl/bucket"
	"trailctl/internal/term"
	"trailctl/trail"
)

// Bucket is a bucket and the trails that deliver into it.
type Bucket struct {
	bucket.Description
	Account string
	Trails  []trail.Trail
	// TrailsErr is why Trails may lack some; nil when it is whole.
	TrailsErr error
}

// BucketText writes a bucket for people.
func BucketText(w io.Writer, b Bucket, t Terminal) error {
	rows := [][2]string{
		{"Bucket", b.Name},
		{"Region", b.Region},
		{"Account", b.Account},
		{"Public access", b.setting(bucket.PublicAccessSetting, b.Settings.PublicAccess.String())},
		{"Ownership", b.setting(bucket.OwnershipSetting, b.Settings.Ownership)},
		{"Encryption", b.setting(bucket.EncryptionSetting, b.Settings.Encryption)},
		{"Versioning", b.setting(bucket.VersioningSetting, b.versioning())},
		{"Access log", b.setting(bucket.LoggingSetting, b.accessLog())},
		{"Policy", b.setting(bucket.PolicyStatusSetting, b.policyStatus())},
	}
	if err := pairs(w, rows); err != nil {
		return err
	}
	for _, part := range []struct {
		head  string
		lines []string
	}{
		{"Who may put objects:", b.sentences(func(s bucket.Statement) bool { return s.Writes })},
		{"Other statements:", b.sentences(func(s bucket.Statement) bool { return !s.Writes })},
		{"Trails that deliver here:", b.trailLines()},
		{"Notifications:", b.notificationLines()},
	} {
		if err := section(w, part.head, part.lines, t); err != nil {
			return err
		}
	}
	return nil
}

func section(w io.Writer, head string, lines []string, t Terminal) error {
	if len(lines) == 0 {
		lines = []string{"(none)"}
	}
	if _, err := fmt.Fprintf(w, "\n%s\n", paint(head, "1", t.Colour)); err != nil {
		return err
	}
	for _, l := range lines {
		if _, err := fmt.Fprintf(w, "  %s\n", term.Escape(l)); err != nil {
			return err
		}
	}
	return nil
}

// setting is a setting's value, or that it could not be read.
func (b Bucket) setting(name, value string) string {
	switch {
	case b.Unread[name] != nil:
		return "could not be read"
	case value == "":
		return "not set"
	}
	return value
}

func (b Bucket) versioning() string {
	if b.Protection.MFADelete {
		return b.Protection.Versioning + ", deleting needs MFA"
	}
	return b.Protection.Versioning
}

func (b Bucket) accessLog() string {
	if l := b.Protection.Logging; l != nil {
		return bucket.URI(l.Bucket, l.Prefix)
	}
	return ""
}

func (b Bucket) policyStatus() string {
	switch {
	case b.Policy == "" && b.Unread[bucket.PolicyPart] == nil:
		return "none"
	case b.Protection.PublicPolicy:
		return "PUBLIC: S3 says that it lets everyone in"
	}
	return "not public"
}

func (b Bucket) sentences(is func(bucket.Statement) bool) []string {
	if b.Unread[bucket.PolicyPart] != nil {
		return []string{"the policy could not be read"}
	}
	var lines []string
	for _, s := range b.Statements {
		if !is(s) {
			continue
		}
		lines = append(lines, sentenceLines(s)...)
	}
	return lines
}

// sentenceLines are a statement: who may do what, and below it on what and if
// what.
func sentenceLines(s bucket.Statement) []string {
	verb := "denied"
	if s.Allows {
		verb = "may"
	}
	head := fmt.Sprintf("%s %s %s", strings.Join(s.Who, ", "), verb, strings.Join(s.Actions, ", "))
	if s.Sid != "" {
		head = s.Sid + ": " + head
	}
	lines := []string{head}
	for i, r := range s.Resources {
		lines = append(lines, lead(i, "on")+r)
	}
	for i, c := range s.Conditions {
		lines = append(lines, lead(i, "if")+c)
	}
	return lines
}

func lead(i int, word string) string {
	if i > 0 {
		word = "  "
	}
	return "    " + word + " "
}

func (b Bucket) trailLines() []string {
	var lines []string
	for _, t := range b.Trails {
		lines = append(lines, fmt.Sprintf("%s in %s, to %s", t.Name, t.HomeRegion, place(t)))
	}
	if b.TrailsErr != nil {
		lines = append(lines, "some trails could not be listed")
	}
	return lines
}

func (b Bucket) notificationLines() []string {
	if b.Notifications == nil {
		return []string{"could not be read"}
	}
	var lines []string
	for _, e := range b.Notifications.Entries() {
		lines = append(lines, e.String())
	}
	if b.Notifications.EventBridge() {
		lines = append(lines, "all events to EventBridge")
	}
	return lines
}

type publicAccessJSON struct {
	BlockPublicACLs       bool `json:"blockPublicAcls"`
	IgnorePublicACLs      bool `json:"ignorePublicAcls"`
	BlockPublicPolicy     bool `json:"blockPublicPolicy"`
	RestrictPublicBuckets bool `json:"restrictPublicBuckets"`
}

type bucketSettingsJSON struct {
	PublicAccess *publicAccessJSON `json:"publicAccess"`
	Ownership    string            `json:"ownership,omitempty"`
	Encryption   string            `json:"encryption,omitempty"`
	Versioning   string            `json:"versioning,omitempty"`
	MFADelete    bool              `json:"mfaDelete"`
	LogBucket    string            `json:"logBucket,omitempty"`
	LogPrefix    string            `json:"logPrefix,omitempty"`
	PublicPolicy bool              `json:"publicPolicy"`
}

type statementJSON struct {
	Sid        string   `json:"sid,omitempty"`
	Effect     string   `json:"effect"`
	Principals []string `json:"principals"`
	Actions    []string `json:"actions"`
	Resources  []string `json:"resources"`
	Conditions []string `json:"conditions,omitempty"`
	Writes     bool     `json:"writes"`
}

type notificationJSON struct {
	ID          string   `json:"id"`
	Kind        string   `json:"kind"`
	Destination string   `json:"destination"`
	Events      []string `json:"events"`
	Prefix      string   `json:"prefix,omitempty"`
	Suffix      string   `json:"suffix,omitempty"`
}

type unreadJSON struct {
	Part string `json:"part"`
	Why  string `json:"why"`
}

// BucketJSON writes a bucket as one document.
func BucketJSON(w io.Writer, b Bucket) error {
	doc := struct {
		Version       int                `json:"version"`
		Bucket        bucketRefJSON      `json:"bucket"`
		Settings      bucketSettingsJSON `json:"settings"`
		Policy        json.RawMessage    `json:"policy"`
		Statements    []statementJSON    `json:"statements"`
		Trails        []trailJSON        `json:"trails"`
		Notifications []notificationJSON `json:"notifications"`
		EventBridge   bool               `json:"eventBridge"`
		Unread        []unreadJSON       `json:"unread"`
	}{
		Version: jsonVersion, Bucket: bucketRefJSON{b.Name, b.Region, b.Account}, Settings: newBucketSettingsJSON(b.Description),
		Policy: rawPolicy(b.Policy), Statements: []statementJSON{}, Trails: []trailJSON{},
		Notifications: []notificationJSON{}, Unread: []unreadJSON{},
	}
	for _, s := range b.Statements {
		effect := "Deny"
		if s.Allows {
			effect = "Allow"
		}
		doc.Statements = append(doc.Statements, statementJSON{
			s.Sid, effect, orEmpty(s.Who), orEmpty(s.Actions), orEmpty(s.Resources), s.Conditions, s.Writes,
		})
	}
	for _, t := range b.Trails {
		doc.Trails = append(doc.Trails, newTrailJSON(t))
	}
	if b.Notifications != nil {
		doc.EventBridge = b.Notifications.EventBridge()
		for _, e := range b.Notifications.Entries() {
			doc.Notifications = append(doc.Notifications, notificationJSON{e.ID, e.Kind, e.Destination, orEmpty(e.Events), e.Prefix, e.Suffix})
		}
	}
	for _, part := range slices.Sorted(maps.Keys(b.Unread)) {
		doc.Unread = append(doc.Unread, unreadJSON{part, oneLine(b.Unread[part])})
	}
	if b.TrailsErr != nil {
		doc.Unread = append(doc.Unread, unreadJSON{"trails", oneLine(b.TrailsErr)})
	}
	return JSON(w, doc)
}

func newBucketSettingsJSON(d bucket.Description) bucketSettingsJSON {
	s := bucketSettingsJSON{
		Ownership: d.Settings.Ownership, Encryption: d.Settings.Encryption,
		Versioning: d.Protection.Versioning, MFADelete: d.Protection.MFADelete, PublicPolicy: d.Protection.PublicPolicy,
	}
	if p := d.Settings.PublicAccess; p != nil {
		s.PublicAccess = &publicAccessJSON{p.BlockPublicACLs, p.IgnorePublicACLs, p.BlockPublicPolicy, p.RestrictPublicBuckets}
	}
	if l := d.Protection.Logging; l != nil {
		s.LogBucket, s.LogPrefix = l.Bucket, l.Prefix
	}
	return s
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// oneLine is an error in one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
