package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"trailctl/bucket"
	"trailctl/internal/awserr"
	"trailctl/trail"
)

// Whole writes a trail with everything around it for people. Policies are
// counted only; JSON and YAML have them.
func Whole(w io.Writer, whole trail.Whole, t Terminal) error {
	if err := pairs(w, trailRows(whole)); err != nil {
		return err
	}
	if whole.Selectors != nil {
		if err := head(w, "What is recorded", t); err != nil {
			return err
		}
		if err := rulesTable(*whole.Selectors).Write(w, t.Width, t.Colour); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		name string
		rows [][2]string
	}{
		{"Bucket", bucketRows(whole)}, {"SNS topic", topicRows(whole)}, {"CloudWatch Logs group", groupRows(whole)},
		{"Role for the log group", roleRows(whole)}, {"KMS key", keyRows(whole)}, {"Missing, or not readable", unreadRows(whole)},
	} {
		if len(part.rows) == 0 {
			continue
		}
		if err := head(w, part.name, t); err != nil {
			return err
		}
		if err := pairs(w, part.rows); err != nil {
			return err
		}
	}
	return nil
}

func head(w io.Writer, text string, t Terminal) error {
	_, err := fmt.Fprintf(w, "\n%s\n", paint(text, "1", t.Colour))
	return err
}

func trailRows(whole trail.Whole) [][2]string {
	t := whole.Trail
	rows := [][2]string{
		{"Trail", t.Name}, {"ARN", t.ARN}, {"Scope", describe(t)}, {"Delivers to", bucket.URI(t.Bucket, cmp.Or(t.Prefix, ""))},
		{"Validation", onOff(t.LogFileValidation)}, {"Global services", onOff(t.GlobalServiceEvents)},
		{"Logging", readOr(whole, "logging", onOff(whole.Logging))},
		{"Tags", readOr(whole, "tags", tagText(whole.Tags))},
	}
	insights := "none"
	if whole.Insights != nil && len(whole.Insights.Names()) > 0 {
		insights = strings.Join(whole.Insights.Names(), ", ")
	}
	return append(rows, [2]string{"Insights", readOr(whole, "insights", insights)})
}

// readOr is a value, or that it could not be read.
func readOr(whole trail.Whole, part, value string) string {
	if whole.Unread[part] != nil {
		return "could not be read"
	}
	return value
}

func tagText(tags map[string]string) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, k+"="+tags[k])
	}
	return cmp.Or(strings.Join(list, ", "), "none")
}

func bucketRows(whole trail.Whole) [][2]string {
	b := whole.Bucket
	if b == nil {
		return nil
	}
	rows := [][2]string{{"Name", b.Name}}
	switch b.Owner {
	case bucket.Nobody:
		return append(rows, [2]string{"Region", "it does not exist any more"})
	case bucket.Other:
		return append(rows, [2]string{"Region", cmp.Or(b.Region, "not known")}, [2]string{"Owner", "another account, or it may not be looked at"})
	}
	setting := func(name, value string) string {
		if b.Settings.Unread[name] != nil {
			return "could not be read"
		}
		return cmp.Or(value, "not set")
	}
	n := "none"
	if b.Notifications != nil && len(b.Notifications.Entries()) > 0 {
		var list []string
		for _, e := range b.Notifications.Entries() {
			list = append(list, e.String())
		}
		n = strings.Join(list, "; ")
	}
	return append(rows, [][2]string{
		{"Region", b.Region},
		{"Public access", setting(bucket.PublicAccessSetting, b.Settings.PublicAccess.String())},
		{"Ownership", setting(bucket.OwnershipSetting, b.Settings.Ownership)},
		{"Encryption", setting(bucket.EncryptionSetting, b.Settings.Encryption)},
		{"Policy", readOr(whole, "bucket policy", policyText(b.Policy))},
		{"Notifications", readOr(whole, "notifications", n)},
	}...)
}

// policyText names the statements of a policy.
func policyText(text string) string {
	if text == "" {
		return "none"
	}
	var doc struct{ Statement json.RawMessage }
	var list []struct{ Sid string }
	if json.Unmarshal([]byte(text), &doc) != nil {
		return "cannot be read as JSON"
	}
	if json.Unmarshal(doc.Statement, &list) != nil {
		list = append(list, struct{ Sid string }{}) // one that is in no list
		json.Unmarshal(doc.Statement, &list[0])
	}
	var sids []string
	for _, s := range list {
		sids = append(sids, cmp.Or(s.Sid, "(no Sid)"))
	}
	return plural(len(list), "statement") + ": " + strings.Join(sids, ", ")
}

func topicRows(whole trail.Whole) [][2]string {
	p := whole.Topic
	if p == nil {
		return nil
	}
	return [][2]string{{"ARN", p.ARN}, {"Policy", policyText(p.Policy)}, {"Tags", tagText(p.Tags)}}
}

func groupRows(whole trail.Whole) [][2]string {
	p := whole.Group
	if p == nil {
		return nil
	}
	keeps := "for ever"
	if p.Retention > 0 {
		keeps = plural(int(p.Retention), "day")
	}
	return [][2]string{{"ARN", p.ARN}, {"Keeps events", keeps}, {"KMS key", cmp.Or(p.KMSKey, "none")}, {"Tags", tagText(p.Tags)}}
}

func roleRows(whole trail.Whole) [][2]string {
	p := whole.Role
	if p == nil {
		return nil
	}
	rows := [][2]string{{"ARN", p.ARN}, {"Trust", policyText(p.Trust)}}
	for _, name := range slices.Sorted(maps.Keys(p.Inline)) {
		rows = append(rows, [2]string{"Policy " + name, policyText(p.Inline[name])})
	}
	for _, a := range p.Attached {
		rows = append(rows, [2]string{"Managed policy", a})
	}
	return append(rows, [2]string{"Tags", tagText(p.Tags)})
}

func keyRows(whole trail.Whole) [][2]string {
	p := whole.Key
	if p == nil {
		return nil
	}
	rotation := "not known"
	if p.Rotation != nil {
		rotation = onOff(*p.Rotation)
	}
	return [][2]string{{"ARN", p.ARN}, {"State", p.State}, {"Manager", p.Manager}, {"Rotation", rotation}, {"Policy", policyText(p.Policy)}}
}

func unreadRows(whole trail.Whole) [][2]string {
	var rows [][2]string
	for _, part := range slices.Sorted(maps.Keys(whole.Unread)) {
		rows = append(rows, [2]string{part, awserr.Plain(whole.Unread[part])})
	}
	return rows
}
