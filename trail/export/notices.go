package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Notices are what the code does not hold and its reader should know, a
// sentence each. They stand in comments at its beginning, after those on the
// parts in Unread, which are not among them.
func Notices(s Source, f Format) []string {
	list := slices.Concat(s.bucketNotices(), s.referred(), s.topicNotices(), s.groupNotices())
	switch f {
	case Terraform:
		list = append(list, s.insightNotices()...)
	case CloudFormation:
		list = append(list, s.stackNotices()...)
	}
	return list
}

// comments are all sentences at the beginning of the code.
func comments(s Source, f Format) []string {
	var list []string
	for _, part := range slices.Sorted(maps.Keys(s.Unread)) {
		list = append(list, fmt.Sprintf("The %s could not be read and is missing here.", part))
	}
	return append(list, Notices(s, f)...)
}

func (s Source) bucketNotices() []string {
	switch {
	case s.Bucket == nil:
		return []string{fmt.Sprintf("Bucket %q could not be read: it is only named.", s.Trail.Bucket)}
	case !s.ownBucket():
		return []string{fmt.Sprintf("Bucket %q belongs to another account: it is only named, and its owner looks after its policy.", s.Trail.Bucket)}
	case s.Extra == nil:
		return []string{fmt.Sprintf("Versioning, access logging, tags and the key of bucket %q were not read and are missing here.", s.Trail.Bucket)}
	}
	return s.Extra.notices(s.Trail.Bucket)
}

// referred says what is named and not made.
func (s Source) referred() []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if owner := s.Trail.Account(); owner != s.Account.ID {
		add("The trail belongs to account %q.", owner)
	}
	if s.Trail.KMSKey != "" {
		add("KMS key %q is referred to, not made: its policy must let CloudTrail encrypt for this trail.", s.Trail.KMSKey)
	}
	if s.Trail.TopicARN != "" && !s.ownTopic() {
		add("Topic %q is referred to, not made.", s.Trail.TopicARN)
	}
	if s.Trail.LogGroupARN != "" && !s.ownGroup() {
		add("Log group %q is referred to, not made.", s.Trail.LogGroupARN)
	}
	if s.Trail.LogRoleARN != "" && !s.ownRole() {
		add("Role %q is referred to, not made.", s.Trail.LogRoleARN)
	}
	if s.ownRole() && s.Role.Boundary != "" {
		add("Permissions boundary %q is referred to, not made.", s.Role.Boundary)
	}
	return list
}

func (s Source) topicNotices() []string {
	if !s.ownTopic() {
		return nil
	}
	var list []string
	if key := s.Topic.Attributes[topicKey]; key != "" {
		list = append(list, fmt.Sprintf("KMS key %q is referred to, not made: its policy must let CloudTrail use it for topic %q.", key, s.Topic.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Topic.Attributes)) {
		value := s.Topic.Attributes[name]
		switch {
		case name == "SubscriptionsConfirmed" || name == "SubscriptionsPending":
			if value != "0" && value != "" {
				state := strings.ToLower(strings.TrimPrefix(name, "Subscriptions"))
				list = append(list, fmt.Sprintf("Topic %q has subscriptions that are missing here: %s %s.", s.Topic.Name, value, state))
			}
		case value != "" && !told(name) && !settableAttribute(name):
			list = append(list, fmt.Sprintf("Attribute %q of topic %q is missing here.", name, s.Topic.Name))
		}
	}
	return list
}

func (s Source) groupNotices() []string {
	if !s.ownGroup() {
		return nil
	}
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if n := s.Group.Filters; n > 0 {
		add("Log group %q has metric filters, %d in number, which are missing here with the alarms on their metrics.", s.Group.Name, n)
	}
	if s.Group.Masked {
		add("Log group %q has a policy that masks data, which is missing here.", s.Group.Name)
	}
	if s.Group.Protected {
		add("Log group %q is protected from deletion, which is missing here.", s.Group.Name)
	}
	return list
}

// insightNotices says of Insights what Terraform cannot ask for: its provider
// knows no event categories, and CloudTrail takes management events then.
func (s Source) insightNotices() []string {
	if s.Insights == nil {
		return nil
	}
	var list []string
	for _, i := range s.Insights.Selectors {
		if len(i.EventCategories) == 0 || slices.Equal(i.EventCategories, []types.SourceEventCategory{types.SourceEventCategoryManagement}) {
			continue
		}
		var names []string
		for _, c := range i.EventCategories {
			names = append(names, string(c))
		}
		list = append(list, fmt.Sprintf("%s looks at events of the categories %q; what is written here looks at management events only.", i.InsightType, strings.Join(names, ", ")))
	}
	return list
}

// stackNotices says what a stack, which is of one region, or CloudFormation
// cannot make.
func (s Source) stackNotices() []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if s.ownBucket() && s.bucketRegion() != s.Trail.HomeRegion {
		add("Bucket %q is in %s, and a stack makes things in its own region only: the bucket is only named.", s.Trail.Bucket, s.bucketRegion())
	}
	if s.ownTopic() && s.topicRegion() != s.Trail.HomeRegion {
		add("Topic %q is in another region than the stack: it is only named.", s.Trail.TopicARN)
	}
	if s.ownTopic() && s.Topic.Attributes[deliveryPolicy] != "" {
		add("The delivery policy of topic %q is missing here: CloudFormation knows none.", s.Topic.Name)
	}
	return list
}

// incomplete says of the settings that could not be read which they are.
func incomplete(unread map[string]error) []string {
	return slices.Sorted(maps.Keys(unread))
}
