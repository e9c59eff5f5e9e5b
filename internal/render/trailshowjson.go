package render

import (
	"encoding/json"
	"io"
	"time"

	"trailctl/bucket"
	"trailctl/internal/awserr"
	"trailctl/trail"
)

type (
	wholeJSON struct {
		Version   int               `json:"version"`
		Trail     trailJSON         `json:"trail"`
		Account   string            `json:"account"`
		Partition string            `json:"partition"`
		Logging   *bool             `json:"logging"` // null: not known
		Tags      map[string]string `json:"tags"`
		Selectors any               `json:"selectors"`
		Insights  []string          `json:"insights"`
		Bucket    *bucketPartJSON   `json:"bucket"`
		Topic     *topicPartJSON    `json:"topic,omitempty"`
		Group     *groupPartJSON    `json:"logGroup,omitempty"`
		Role      *rolePartJSON     `json:"role,omitempty"`
		Key       *keyPartJSON      `json:"key,omitempty"`
		Unread    map[string]string `json:"unread"`
	}
	bucketPartJSON struct {
		Name          string          `json:"name"`
		Owner         string          `json:"owner"` // account, other, nobody
		Region        string          `json:"region,omitempty"`
		PublicAccess  *blockJSON      `json:"publicAccessBlock"`
		Ownership     string          `json:"ownership,omitempty"`
		Encryption    string          `json:"encryption,omitempty"`
		Policy        json.RawMessage `json:"policy,omitempty"`
		Notifications json.RawMessage `json:"notifications,omitempty"`
	}
	blockJSON struct {
		BlockACLs    bool `json:"blockPublicAcls"`
		IgnoreACLs   bool `json:"ignorePublicAcls"`
		BlockPolicy  bool `json:"blockPublicPolicy"`
		RestrictOpen bool `json:"restrictPublicBuckets"`
	}
	topicPartJSON struct {
		ARN    string            `json:"arn"`
		Name   string            `json:"name"`
		Policy json.RawMessage   `json:"policy,omitempty"`
		Tags   map[string]string `json:"tags,omitempty"`
	}
	groupPartJSON struct {
		ARN       string            `json:"arn"`
		Name      string            `json:"name"`
		Retention *int32            `json:"retentionDays"` // null: for ever
		KMSKey    string            `json:"kmsKey,omitempty"`
		Tags      map[string]string `json:"tags,omitempty"`
	}
	rolePartJSON struct {
		ARN      string                     `json:"arn"`
		Name     string                     `json:"name"`
		Path     string                     `json:"path"`
		Trust    json.RawMessage            `json:"trust,omitempty"`
		Inline   map[string]json.RawMessage `json:"inlinePolicies"`
		Attached []string                   `json:"managedPolicies"`
		Tags     map[string]string          `json:"tags,omitempty"`
		Created  *time.Time                 `json:"created"`
	}
	keyPartJSON struct {
		ARN      string          `json:"arn"`
		State    string          `json:"state"`
		Manager  string          `json:"manager"`
		Rotation *bool           `json:"rotation"` // null: not known
		Policy   json.RawMessage `json:"policy,omitempty"`
	}
)

// WholeJSON writes a trail with everything around it as one document.
func WholeJSON(w io.Writer, whole trail.Whole) error { return JSON(w, newWholeJSON(whole)) }

// WholeYAML writes the same as YAML.
func WholeYAML(w io.Writer, whole trail.Whole) error { return YAML(w, newWholeJSON(whole)) }

func newWholeJSON(whole trail.Whole) wholeJSON {
	doc := wholeJSON{
		Version: jsonVersion, Trail: newTrailJSON(whole.Trail), Account: whole.Account.ID, Partition: whole.Account.Partition,
		Tags: whole.Tags, Bucket: newBucketPart(whole.Bucket), Topic: newTopicPart(whole.Topic), Group: newGroupPart(whole.Group),
		Role: newRolePart(whole.Role), Key: newKeyPart(whole.Key), Unread: map[string]string{},
	}
	if whole.Unread["logging"] == nil {
		doc.Logging = &whole.Logging
	}
	if whole.Selectors != nil {
		doc.Selectors = whole.Selectors.Answer("")
	}
	if whole.Insights != nil {
		doc.Insights = append([]string{}, whole.Insights.Names()...)
	}
	for part, err := range whole.Unread {
		doc.Unread[part] = awserr.Plain(err)
	}
	return doc
}

func newBucketPart(b *trail.BucketPart) *bucketPartJSON {
	if b == nil {
		return nil
	}
	out := &bucketPartJSON{
		Name: b.Name, Region: b.Region, Ownership: b.Settings.Ownership, Encryption: b.Settings.Encryption, Policy: rawPolicy(b.Policy),
		Owner: map[bucket.Owner]string{bucket.Account: "account", bucket.Other: "other", bucket.Nobody: "nobody"}[b.Owner],
	}
	if p := b.Settings.PublicAccess; p != nil {
		out.PublicAccess = &blockJSON{p.BlockPublicACLs, p.IgnorePublicACLs, p.BlockPublicPolicy, p.RestrictPublicBuckets}
	}
	if b.Notifications != nil {
		out.Notifications = rawPolicy(b.Notifications.Text())
	}
	return out
}

func newTopicPart(p *trail.TopicPart) *topicPartJSON {
	if p == nil {
		return nil
	}
	return &topicPartJSON{p.ARN, p.Name, rawPolicy(p.Policy), p.Tags}
}

func newGroupPart(p *trail.GroupPart) *groupPartJSON {
	if p == nil {
		return nil
	}
	out := &groupPartJSON{ARN: p.ARN, Name: p.Name, KMSKey: p.KMSKey, Tags: p.Tags}
	if p.Retention > 0 {
		out.Retention = &p.Retention
	}
	return out
}

func newRolePart(p *trail.RolePart) *rolePartJSON {
	if p == nil {
		return nil
	}
	out := &rolePartJSON{
		ARN: p.ARN, Name: p.Name, Path: p.Path, Trust: rawPolicy(p.Trust), Inline: map[string]json.RawMessage{},
		Attached: append([]string{}, p.Attached...), Tags: p.Tags, Created: orNull(p.Created),
	}
	for name, text := range p.Inline {
		out.Inline[name] = rawPolicy(text)
	}
	return out
}

func newKeyPart(p *trail.KeyPart) *keyPartJSON {
	if p == nil {
		return nil
	}
	return &keyPartJSON{p.ARN, p.State, p.Manager, p.Rotation, rawPolicy(p.Policy)}
}
