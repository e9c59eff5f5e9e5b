package trail

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"trailctl/bucket"
	"trailctl/internal/shell"
	"trailctl/internal/topic"
)

// letGo says what stays of what a trail is no longer connected with, and how
// it is deleted: by the trail's name it is not found any more.
func (d differ) letGo(t Trail, fields []Field) (notes []string) {
	for _, f := range fields {
		if f.Before == "" || f.Before == f.After {
			continue
		}
		command := ""
		switch f.Name {
		case "SnsTopicName":
			notes = append(notes, d.letTopicGo(f.Before)...)
			continue
		case "CloudWatchLogsLogGroupArn":
			command = d.deleteGroup(f.Before)
		case "CloudWatchLogsRoleArn":
			command = d.deleteRole(t, f.Before)
		default:
			if f.After != "" || f.Name == "S3KeyPrefix" {
				continue
			}
		}
		note := f.Before + " stays as it is; the trail uses it no more"
		if command != "" {
			note += ", and this deletes it: " + command
		}
		notes = append(notes, note)
	}
	return notes
}

// letTopicGo also names what still notifies the topic: S3 refuses every change
// of notifications while one of them names a topic that is gone.
func (d differ) letTopicGo(arn string) []string {
	note := arn + " stays as it is; the trail uses it no more"
	ref, err := topic.ParseARN(arn)
	if err != nil || ref.Account != d.cur.Account.ID {
		return []string{note}
	}
	notes := []string{note + ", and this deletes it: " + shell.Line([]string{"aws", "sns", "delete-topic", "--region", ref.Region, "--topic-arn", arn})}
	if d.cur.Notify == nil {
		return notes
	}
	for _, e := range d.cur.Notify.Entries() {
		if e.Destination == arn {
			notes = append(notes, fmt.Sprintf("bucket %s still notifies it: %s; this ends that, before the topic goes: %s", d.cur.Bucket.Name, e, unnotifyCommand(d.cur.Bucket.Name, arn, e.ID)))
		}
	}
	return notes
}

func letsTopicGo(spec Spec, cur Current) bool {
	return spec.Topic != nil && slices.ContainsFunc(cur.Homes, func(h Home) bool {
		return h.Trail != nil && h.Trail.TopicARN != "" && h.Trail.TopicARN != resolveTopic(cur.Account, *spec.Topic, h.Region).ARN()
	})
}

// describeLetGo reads whether the bucket notifies a topic that may be let go.
// It is for words: nil where the bucket may not be looked at.
func describeLetGo(ctx context.Context, clients Clients, region, name string) *NotifyState {
	place, err := bucket.Locate(ctx, func(at string) bucket.Locator {
		if at == "" {
			at = region
		}
		return clients.S3(at)
	}, name, clients.Account.ID)
	if err != nil || place.Owner != bucket.Account {
		return nil
	}
	n, err := bucket.ReadNotifications(ctx, clients.S3(place.Region), name, clients.Account.ID)
	if err != nil {
		return nil
	}
	return &NotifyState{n}
}

// unnotifyCommand takes one entry out of a bucket's notifications.
func unnotifyCommand(bucketName, topicARN, entry string) string {
	return shell.Line([]string{"trailctl", "bucket", "notify", bucketName, "--topic", topicARN, "--name", entry, "--remove"})
}

func (d differ) deleteGroup(arn string) string {
	name, region, account, err := splitGroup(arn)
	if err != nil || account != d.cur.Account.ID {
		return ""
	}
	return shell.Line([]string{"aws", "logs", "delete-log-group", "--region", region, "--log-group-name", name}) + " (with the events in it)"
}

// deleteRole is for the role that is made here by default: of another one it
// is not known what else uses it.
func (d differ) deleteRole(t Trail, arn string) string {
	name, _, err := splitRole(arn)
	if err != nil || name != DefaultRole(t.Name) {
		return ""
	}
	return strings.Join([]string{
		shell.Line([]string{"aws", "iam", "delete-role-policy", "--role-name", name, "--policy-name", rolePolicyName}),
		shell.Line([]string{"aws", "iam", "delete-role", "--role-name", name}),
	}, " && ") + " (trails of that name in other regions share it)"
}
